"""Stored messages, decoded."""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import DecodedFrame, Decoder, Undecodable
from collectors.drivers.mass.decode import FRAGMENTS_MAX, VERSION, decode
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD, VENDOR, Dialect

AT = datetime(2024, 5, 6, 7, 15, tzinfo=UTC)


def stored(
    *texts: str, dialect: Dialect = STANDARD, reference_id: str = "r1", meter: str = "9"
) -> list[bytes]:
    sender = build.Sender("XYZ", "42", dialect)
    messages = build.readout(
        sender, reference_id=reference_id, texts=texts, meter_serial=meter, read_at=AT
    )
    return [message[1:-1] for message in messages]


def message_with(response: object, function: str = "read") -> bytes:
    device = {"flag": "XYZ", "serialNumber": "42"}
    return orjson.dumps(
        {"device": device, "function": function, "referenceId": "r1", "response": response}
    )


def test_it_is_a_decoder_with_a_version() -> None:
    decoder: Decoder = decode

    assert decoder([]) == Undecodable("expected 1 to 1000 fragments, got 0")
    assert VERSION == 1


def test_a_whole_message_names_meter_text_and_time() -> None:
    assert decode(stored("1.8.0(1*kWh)")) == DecodedFrame("9", b"1.8.0(1*kWh)", AT)


@pytest.mark.parametrize("dialect", [STANDARD, VENDOR], ids=["standard", "vendor"])
def test_fragments_are_joined_in_order(dialect: Dialect) -> None:
    frames = stored("1.8.0(", "1*k", "Wh)", dialect=dialect)

    assert decode(frames) == DecodedFrame("9", b"1.8.0(1*kWh)", AT)


def test_numbered_fragments_may_come_in_any_order() -> None:
    first, second, third = stored("1.8.0(", "1*k", "Wh)", dialect=VENDOR)

    assert decode([third, first, second]) == DecodedFrame("9", b"1.8.0(1*kWh)", AT)


def test_an_identification_that_came_apart_is_put_before_the_text() -> None:
    frame = message_with({"data": {"id": "/LGZ5\\2ZMG", "rawData": "1.8.0(1*kWh)"}})

    assert decode([frame]) == DecodedFrame(None, b"/LGZ5\\2ZMG\r\n1.8.0(1*kWh)", None)


def test_every_byte_of_the_line_survives() -> None:
    text = bytes(range(256)).decode("latin-1")

    decoded = decode(stored(text))

    assert isinstance(decoded, DecodedFrame)
    assert decoded.readout == bytes(range(256))


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        pytest.param(
            [b"{"] * (FRAGMENTS_MAX + 1), "expected 1 to 1000 fragments, got 1001", id="too many"
        ),
        pytest.param([b"{}"], "device: expected an object", id="malformed"),
        pytest.param(
            stored("a", "b", "c")[:2],
            "expected more fragments: the last one is missing",
            id="the last is missing",
        ),
        pytest.param(
            stored("a", "b", "c", dialect=VENDOR)[::2], "expected packet 2, got 3", id="a gap"
        ),
        pytest.param(
            stored("a", "b", dialect=VENDOR)[1:],
            "expected packet 1, got 2",
            id="the first is missing",
        ),
        pytest.param(
            stored("a") * 2, "expected no more fragments after the last one", id="twice the same"
        ),
        pytest.param(
            [*stored("a", "b")[:1], *stored("b", reference_id="r2")],
            "expected the fragments of one message, got several messages",
            id="two messages",
        ),
        pytest.param(
            [*stored("a", "b")[:1], *stored("b", meter="10")],
            "expected one meter, got 10, 9",
            id="two meters",
        ),
        pytest.param(
            [message_with([{"level": "high"}], "alarm")],
            "expected one readout in a message, got 0 (alarm)",
            id="an alarm",
        ),
        pytest.param(
            [message_with({"failCode": 525, "failDescrition": "other meter"})],
            "the collector reports failure 525: other meter",
            id="a failure",
        ),
        pytest.param(
            stored("1.8.0(1€)"), "expected bytes in the readout, got '€'", id="not a byte"
        ),
    ],
)
def test_what_cannot_be_decoded_comes_back_with_its_reason(
    frames: Sequence[bytes], reason: str
) -> None:
    assert decode(frames) == Undecodable(reason)


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_arbitrary_bytes_are_undecodable(frames: list[bytes]) -> None:
    assert isinstance(decode(frames), Undecodable)
