"""What a simulated collector sends, sends again, and never gives up."""

from datetime import UTC, datetime, timedelta

import pytest

from collectors.simulator.backlog import Backlog, BacklogFull, NotAnswered, Pending
from collectors.simulator.clock import FastClock


def backlog_of(*references: str, unacked_max: int = 10) -> Backlog:
    backlog = Backlog(retry_interval_s=10, retry_count=2, unacked_max=unacked_max)
    for reference_id in references:
        backlog.add(Pending(reference_id, b"data", (b"digest",)))
    return backlog


def due(backlog: Backlog, now_s: float) -> list[str]:
    found = []
    while (pending := backlog.next_due(now_s)) is not None:
        found.append(pending.reference_id)
    return found


def test_everything_is_sent_once_in_order() -> None:
    backlog = backlog_of("a", "b", "c")

    assert due(backlog, now_s=0) == ["a", "b", "c"]
    assert due(backlog, now_s=9.9) == []


def test_what_is_not_acked_is_sent_again_after_the_interval() -> None:
    backlog = backlog_of("a", "b")
    due(backlog, now_s=0)
    backlog.settle("a")

    assert backlog.idle_s(now_s=4) == 6
    assert due(backlog, now_s=10) == ["b"]


def test_old_messages_go_before_new_ones() -> None:
    backlog = backlog_of("a")
    due(backlog, now_s=0)
    backlog.add(Pending("b", b"", ()))

    assert due(backlog, now_s=10) == ["a", "b"]


def test_after_the_last_retry_the_connection_is_given_up_and_the_message_kept() -> None:
    backlog = backlog_of("a")
    sendings = [due(backlog, now_s=seconds) for seconds in (0, 10, 20)]

    with pytest.raises(NotAnswered, match="no ack of a after 3 sendings"):
        backlog.next_due(now_s=30)

    backlog.disconnected()
    assert sendings == [["a"], ["a"], ["a"]]
    assert due(backlog, now_s=31) == ["a"]


def test_a_new_connection_begins_with_what_the_old_one_left() -> None:
    backlog = backlog_of("a", "b", "c")
    due(backlog, now_s=0)
    backlog.settle("b")
    backlog.add(Pending("d", b"", ()))

    backlog.disconnected()

    assert due(backlog, now_s=1) == ["a", "c", "d"]


def test_an_answer_counts_once() -> None:
    backlog = backlog_of("a")
    unsent = backlog.settle("a")
    due(backlog, now_s=0)

    first, second = backlog.settle("a"), backlog.settle("a")

    assert (unsent, second) == (None, None)
    assert first is not None
    assert first.digests == (b"digest",)
    assert len(backlog) == 0
    assert backlog.idle_s(now_s=0) is None


def test_a_full_backlog_takes_no_more() -> None:
    backlog = backlog_of("a", "b", unacked_max=2)
    due(backlog, now_s=0)

    with pytest.raises(BacklogFull):
        backlog.add(Pending("c", b"", ()))

    assert len(backlog) == 2


def test_a_fast_clock_runs_its_speed() -> None:
    start, real_s = datetime(2024, 5, 6, tzinfo=UTC), [100.0]
    clock = FastClock(start=start, speed=60, monotonic=lambda: real_s[0])

    real_s[0] = 130.0

    assert clock() == start + timedelta(minutes=30)
