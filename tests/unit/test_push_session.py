"""What a collector's connection leads to, message by message."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import (
    Acknowledged,
    ClockTold,
    Close,
    Effect,
    PushSide,
    RawFrame,
    Reply,
    Store,
    frame_digest,
)
from collectors.drivers.mass.push import (
    EXPECTED_MAX,
    IDENTIFICATION_BYTES_MAX,
    STREAMS_MAX,
    PushSession,
    TooManyRequests,
)
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD, VENDOR, Dialect, Function
from collectors.protocols.mass.framing import encode

NOW = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)
PROOF = "s3cret"
SENDER = build.Sender("XYZ", "42")
IDENTIFICATION = build.identification(SENDER, reference_id="i1", token=PROOF)
READOUT = build.readout(SENDER, reference_id="r1", texts=["1.8.0(1*kWh)"], meter_serial="9")[0]


def identified_session() -> PushSession:
    session = PushSession()
    session.feed(IDENTIFICATION)
    session.identified(ok=True)
    return session


def sent(function: str, reference_id: str = "m1", **fields: object) -> bytes:
    device = {"flag": "XYZ", "serialNumber": "42"}
    return encode({"device": device, "function": function, "referenceId": reference_id, **fields})


def answer_in(data: bytes | None) -> dict[str, Any]:
    assert data is not None
    message: dict[str, Any] = orjson.loads(data[1:-1])
    assert message["function"] == "ack"
    return message


def stored(effects: list[Effect]) -> list[RawFrame]:
    return [effect.frame for effect in effects if isinstance(effect, Store)]


def test_it_is_a_push_side() -> None:
    session: PushSide = PushSession()

    assert session.feed(b"") == []


def test_a_heartbeat_is_acked_at_once() -> None:
    session = identified_session()

    effects = session.feed(sent("heartbeat", "h1", response={"signal": 9}))

    assert effects == [Reply(build.ack(SENDER, reference_id="h1"))]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("2024-05-06T07:08:09+03:00", "2024-05-06T07:08:09+03:00", id="with offset"),
        pytest.param("2024-05-06 07:08:09", "2024-05-06T07:08:09", id="in local time"),
    ],
)
def test_a_heartbeat_tells_the_collectors_clock(text: str, shown: str) -> None:
    effects = identified_session().feed(sent("heartbeat", "h1", response={"deviceDate": text}))

    assert effects == [
        Reply(build.ack(SENDER, reference_id="h1")),
        ClockTold(datetime.fromisoformat(shown)),
    ]


@pytest.mark.parametrize("shown", ["yesterday", "", 20240506, None, ["2024-05-06"]])
def test_a_clock_that_cannot_be_read_is_acked_all_the_same(shown: object) -> None:
    effects = identified_session().feed(sent("heartbeat", "h1", response={"deviceDate": shown}))

    assert effects == [Reply(build.ack(SENDER, reference_id="h1"))]


def test_a_readout_is_stored_with_its_ack() -> None:
    [effect] = identified_session().feed(READOUT)

    body = READOUT[1:-1]
    digest = frame_digest(function="read", reference_id="r1", packet=0, body=body)
    assert effect == Store(
        RawFrame("read", "r1", 0, True, body, digest), build.ack(SENDER, reference_id="r1")
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alarm", Function.ALARM),
        ("profile", Function.PROFILE),
        ("log", Function.LOG),
        ("notification", Function.NOTIFICATION),
        ("relay", Function.RELAY),
        ("firmwareUpdate", Function.FIRMWARE_UPDATE),
        ("telepathy", Function.UNKNOWN),
    ],
)
def test_every_other_message_is_stored_too(name: str, expected: Function) -> None:
    [effect] = identified_session().feed(sent(name, response=[{"level": "high"}]))

    assert isinstance(effect, Store)
    assert effect.frame.function == expected
    assert answer_in(effect.ack)["referenceId"] == "m1"


def test_a_resend_has_the_same_digest_and_is_acked_again() -> None:
    session = identified_session()

    first, second = session.feed(READOUT), session.feed(READOUT)

    assert first == second


@pytest.mark.parametrize(
    ("dialect", "packets"),
    [
        pytest.param(STANDARD, [0, 1, 2], id="standard"),
        pytest.param(VENDOR, [1, 2, 3], id="vendor"),
    ],
)
def test_fragments_are_stored_one_by_one_and_only_the_last_is_acked(
    dialect: Dialect, packets: list[int]
) -> None:
    session = identified_session()
    sender = build.Sender("XYZ", "42", dialect)
    fragments = build.readout(sender, reference_id="r1", texts=["a", "b", "c"])

    effects = [effect for fragment in fragments for effect in session.feed(fragment)]

    assert [frame.packet for frame in stored(effects)] == packets
    assert [frame.last for frame in stored(effects)] == [False, False, True]
    assert [isinstance(effect, Store) and effect.ack is not None for effect in effects] == [
        False,
        False,
        True,
    ]


def test_resent_fragments_get_the_same_numbers_again() -> None:
    session = identified_session()
    fragments = b"".join(build.readout(SENDER, reference_id="r1", texts=["a", "b"]))

    first, second = stored(session.feed(fragments)), stored(session.feed(fragments))

    assert first == second


def test_streams_that_never_end_are_forgotten_oldest_first() -> None:
    session = identified_session()
    for number in range(STREAMS_MAX + 1):
        session.feed(sent("read", f"s{number}", streaming=True))

    oldest, newest = (
        stored(session.feed(sent("read", f"s{number}", streaming=True)))[0].packet
        for number in (0, STREAMS_MAX)
    )

    assert (oldest, newest) == (0, 1)


def test_a_malformed_message_is_stored_and_its_failing_ack_says_why() -> None:
    [effect] = identified_session().feed(sent("read", "r9", streaming="yes"))

    assert isinstance(effect, Store)
    assert effect.frame.function == Function.UNKNOWN
    assert effect.frame.reference_id == "r9"
    assert answer_in(effect.ack)["response"] == {
        "failCode": build.FAIL_MALFORMED,
        "failDescrition": "streaming: expected true or false",
    }


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"device":', id="broken JSON"),
        pytest.param(b'{"function":"read"}', id="no reference"),
        pytest.param(b'{"function":"ack","referenceId":"r1"}', id="an ack is never acked"),
    ],
)
def test_a_malformed_message_that_cannot_be_answered_is_stored_all_the_same(body: bytes) -> None:
    [effect] = identified_session().feed(b"#" + body + b"$")

    assert isinstance(effect, Store)
    assert effect.frame.body == body
    assert effect.ack is None


def test_a_broken_stream_is_stored_up_to_where_it_broke_and_closed() -> None:
    session = identified_session()

    before, broken, close = session.feed(READOUT + b"#" + b"[" * 40 + b"$")

    assert isinstance(before, Store)
    assert isinstance(broken, Store)
    assert (before.frame.body, broken.frame.body) == (READOUT[1:-1], b"[" * 40 + b"$")
    assert broken.ack is None
    assert isinstance(close, Close)
    assert close.reason.startswith("expected at most 32 levels of JSON at byte ")


def test_an_identified_collector_may_send_large_frames() -> None:
    session = identified_session()
    text = "x" * IDENTIFICATION_BYTES_MAX

    [data] = build.readout(SENDER, reference_id="r1", texts=[text])

    assert len(stored(session.feed(data))) == 1


def test_an_ack_that_nobody_waits_for_is_ignored() -> None:
    assert identified_session().feed(build.ack(SENDER, reference_id="q1")) == []


def test_the_ack_of_a_request_is_reported_once() -> None:
    session = identified_session()
    session.expect("q1")

    first = session.feed(build.ack(SENDER, reference_id="q1"))
    second = session.feed(build.ack(SENDER, reference_id="q1"))

    assert first == [Acknowledged("q1", accepted=True)]
    assert second == []


def test_a_failing_ack_of_a_request_tells_the_code() -> None:
    session = identified_session()
    session.expect("q1")
    failing = build.failing_ack(SENDER, reference_id="q1", code=525, description="other meter")

    effects = session.feed(failing)

    assert effects == [Acknowledged("q1", accepted=False, fail_code=525, description="other meter")]


def test_requests_without_an_ack_are_limited() -> None:
    session = identified_session()
    for number in range(EXPECTED_MAX):
        session.expect(str(number))

    with pytest.raises(TooManyRequests):
        session.expect("one more")


@given(st.lists(st.binary() | st.sampled_from([IDENTIFICATION, READOUT, b"#", b"$", b'#{"'])))
def test_arbitrary_bytes_never_raise(chunks: list[bytes]) -> None:
    fresh, identified = PushSession(), identified_session()

    effects = [effect for chunk in chunks for effect in fresh.feed(chunk)]
    for chunk in chunks:
        identified.feed(chunk)

    assert not stored(effects)


@given(st.lists(st.integers(0, 2_000), max_size=10))
def test_effects_do_not_depend_on_how_the_stream_is_cut(cuts: list[int]) -> None:
    stream = READOUT + sent("heartbeat") + b"noise" + sent("read", streaming=5) + b"#[$" + READOUT
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    session, whole = identified_session(), identified_session().feed(stream)

    effects = [
        effect for start, end in pairwise(places) for effect in session.feed(stream[start:end])
    ]

    assert effects == whole
    assert len(whole) == 5
