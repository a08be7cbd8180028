"""Raw frames stay as long as their company wants, and longer while they wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from db import access
from db.enums import MatchStatus
from db.ids import FrameId
from domain import partitions
from domain.companies import settings
from domain.frames import forgetting, operations
from domain.frames.operations import INCOMPLETE, IncomingFrame, Review
from tests.db.rows import fetch
from tests.factories import NOW, Place, make_place

pytestmark = pytest.mark.usefixtures("connected")

DAY = timedelta(days=1)
SHORT_DAYS = 5
# The day of NOW is over and past the retention, and the job that drops days has been.
DUE = NOW + SHORT_DAYS * DAY + timedelta(hours=12) + forgetting.AFTER_DROPPING


async def place_keeping(days: int) -> Place:
    place = await make_place(meters=0)
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"raw_frame_retention_days": days},
    )
    return place


def frame(
    place: Place, number: int, *, waits_for: str | None = None, after: Sequence[int] = ()
) -> IncomingFrame:
    return IncomingFrame(
        id=FrameId(number),
        company_id=place.company_id,
        collector_id=place.collector_id,
        received_at=NOW,
        function="read",
        reference_id=f"r{number}",
        packet=0,
        digest=bytes(16),
        body=b"{}",
        bucket=0,
        fragment_ids=[FrameId(one) for one in after],
        waits_for=waits_for,
    )


async def settle(place: Place, *numbers: int, reviews: Sequence[Review] = ()) -> None:
    async with access.system() as connection:
        done = [(place.company_id, FrameId(number)) for number in numbers]
        await operations.settle(connection, done, reviews)


def review(place: Place, number: int, status: MatchStatus) -> Review:
    return Review(place.company_id, FrameId(number), NOW, status, "REASON", "detail", 0)


async def left(place: Place) -> list[int]:
    query = "select id from raw_frame where company_id = $1 order by id"
    return [frame_id for (frame_id,) in await fetch(query, place.company_id)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(DUE - timedelta(seconds=1), [1], id="a day that is not over"),
        pytest.param(DUE, [], id="a day that is"),
    ],
)
async def test_each_company_has_its_own_retention(now: datetime, expected: list[int]) -> None:
    short, usual = await place_keeping(SHORT_DAYS), await make_place(meters=0)
    await operations.store([frame(short, 1), frame(usual, 2)])
    await settle(short, 1)
    await settle(usual, 2)

    await partitions.maintain(now=now)
    forgotten = await forgetting.forget(now=now)
    again = await forgetting.forget(now=now)

    assert (forgotten, again) == (1 - len(expected), 0)
    assert await left(short) == expected
    assert await left(usual) == [2]


async def test_what_waits_stays_with_its_fragments_and_keeps_nothing_else() -> None:
    place = await place_keeping(SHORT_DAYS)
    await operations.store([frame(place, 1, waits_for=INCOMPLETE), frame(place, 2, after=[1])])
    await operations.store([frame(place, 3), frame(place, 4)])
    await settle(place, 3, 4, reviews=[review(place, 3, MatchStatus.UNMATCHED)])

    # One of its day waits, so that the day is not dropped.
    await partitions.maintain(now=DUE)
    await forgetting.forget(now=DUE)

    assert await left(place) == [1, 2, 3]


async def test_what_nobody_has_to_look_at_goes_with_its_companys_retention() -> None:
    short, usual = await place_keeping(SHORT_DAYS), await make_place(meters=0)
    await operations.store([frame(short, 1), frame(usual, 2)])
    await settle(short, 1, reviews=[review(short, 1, MatchStatus.IGNORED)])
    await settle(usual, 2, reviews=[review(usual, 2, MatchStatus.IGNORED)])

    await partitions.maintain(now=DUE)
    await forgetting.forget(now=DUE)

    assert await left(short) == []
    assert await left(usual) == [2]
    assert await fetch("select frame_id from review_frame") == [(2,)]


async def test_a_day_is_not_dropped_while_a_company_keeps_it() -> None:
    long = await place_keeping(30)
    await operations.store([frame(long, 1)])
    await settle(long, 1)

    await partitions.maintain(now=NOW + 30 * DAY)
    kept = await left(long)
    await partitions.maintain(now=NOW + 31 * DAY)

    assert (kept, await left(long)) == ([1], [])


async def test_many_are_forgotten_in_pieces() -> None:
    place = await place_keeping(SHORT_DAYS)
    count = forgetting.FORGOTTEN_MAX + 1
    async with access.system() as connection:
        await connection.execute(
            "insert into raw_frame (company_id, id, received_at, collector_id, function,"
            " reference_id, packet, digest, body)"
            " select $1, n, $2, 1, 'read', '', 0, '', '' from generate_series(1, $3) n",
            place.company_id,
            NOW,
            count,
        )

    forgotten = await forgetting.forget(now=DUE)

    assert forgotten == count
    assert await left(place) == []
