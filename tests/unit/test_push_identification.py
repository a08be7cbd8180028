"""How a collector's connection begins, and who may speak on it."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from collectors.base import (
    Close,
    Identify,
    Reply,
    Store,
)
from collectors.drivers.mass.push import (
    IDENTIFICATION_BYTES_MAX,
    WAITING_FRAMES_MAX,
    PushSession,
)
from collectors.protocols.mass import build
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


def test_the_first_message_says_who_calls() -> None:
    effects = PushSession().feed(IDENTIFICATION)

    assert effects == [Identify("XYZ", "42", PROOF, {"registered": True})]
    assert PROOF not in repr(effects)


def test_an_identification_is_acked_once_it_is_accepted() -> None:
    session = PushSession()
    session.feed(IDENTIFICATION)

    effects = session.identified(ok=True)

    assert effects == [Reply(build.ack(SENDER, reference_id="i1"))]


def test_a_refused_identity_gets_a_failing_ack_and_is_closed() -> None:
    session = PushSession()
    session.feed(IDENTIFICATION + READOUT)

    reply, close = session.identified(ok=False)

    assert isinstance(reply, Reply)
    assert answer_in(reply.data)["response"]["failCode"] == build.FAIL_IDENTITY_REFUSED
    assert close == Close("the identity or its token is not accepted")
    assert session.feed(READOUT) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(READOUT, "expected an identification first, got read", id="readout"),
        pytest.param(
            sent("dance"), "expected an identification first, got unknown", id="unknown function"
        ),
        pytest.param(
            b"#{}$",
            "expected an identification first; device: expected an object",
            id="malformed message",
        ),
        pytest.param(
            b"#" + b"x" * (IDENTIFICATION_BYTES_MAX + 1),
            "expected '$' within 65536 bytes at byte 65537",
            id="too long",
        ),
    ],
)
def test_anything_but_an_identification_first_closes_and_stores_nothing(
    data: bytes, reason: str
) -> None:
    session = PushSession()

    assert session.feed(data) == [Close(reason)]
    assert session.feed(IDENTIFICATION) == []


def test_what_comes_before_the_answer_waits_for_it() -> None:
    session = PushSession()

    before = session.feed(IDENTIFICATION + READOUT)
    after = session.identified(ok=True)

    assert [type(effect) for effect in before] == [Identify]
    assert [type(effect) for effect in after] == [Reply, Store]


def test_too_much_before_the_answer_closes() -> None:
    session = PushSession()
    session.feed(IDENTIFICATION + READOUT * WAITING_FRAMES_MAX)

    effects = session.feed(READOUT)

    assert effects == [Close("expected at most 64 messages before the answer")]


def test_an_answer_that_nobody_asked_for_does_nothing() -> None:
    session = identified_session()

    assert session.identified(ok=False) == []
    assert len(session.feed(READOUT)) == 1


def test_a_repeated_identification_is_checked_again_and_not_stored() -> None:
    session = identified_session()

    effects = session.feed(IDENTIFICATION + READOUT)

    assert [type(effect) for effect in effects] == [Identify]
    assert [type(effect) for effect in session.identified(ok=True)] == [Reply, Store]


def test_another_device_on_the_same_connection_closes_it() -> None:
    session = identified_session()
    other = build.Sender("XYZ", "43")

    effects = session.feed(build.heartbeat(other, reference_id="h", device_at=NOW) + READOUT)

    assert effects == [Close("expected one device, got XYZ 43 too")]
