"""Messages of both dialects, read and written."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD, VENDOR, Dialect, Function
from collectors.protocols.mass.messages import Header, MessageRejected, parse
from collectors.protocols.mass.readouts import Failure, Readout, failure, readouts

AT = datetime(2024, 5, 6, 10, 15)  # noqa: DTZ001 - a collector's local time has no zone
REFERENCE = "3d0b242e-1866-4a41-a8ca-1372f1b34ab7"


def message_of(**changes: object) -> dict[str, Any]:
    message: dict[str, Any] = {
        "device": {"flag": "XYZ", "serialNumber": "42"},
        "function": "alarm",
        "referenceId": REFERENCE,
    }
    return {**message, **changes}


def sender(dialect: Dialect = STANDARD) -> build.Sender:
    return build.Sender("XYZ", "42", dialect)


def unframed(data: bytes) -> bytes:
    assert (data[:1], data[-1:]) == (b"#", b"$")
    return data[1:-1]


@pytest.mark.parametrize(
    "function", [known for known in Function if known in set(STANDARD.functions.values())]
)
def test_every_standard_function_is_known_by_its_name(function: Function) -> None:
    name = STANDARD.name_of(function)

    assert parse(orjson.dumps(message_of(function=name))).header.function is function


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ident", Function.IDENTIFICATION),
        ("alive", Function.HEARTBEAT),
        ("readout", Function.READOUT),
        ("loadprofile", Function.PROFILE),
        ("setting", Function.CONFIGURATION),
    ],
)
def test_a_vendors_function_tells_its_dialect(name: str, expected: Function) -> None:
    message = parse(orjson.dumps(message_of(function=name)))

    assert message.dialect is VENDOR
    assert message.header.function is expected


def test_a_function_that_nobody_knows_is_kept_as_unknown() -> None:
    header = parse(orjson.dumps(message_of(function="selfDestruct"))).header

    assert header == Header("XYZ", "42", Function.UNKNOWN, REFERENCE, 0, True)


def test_a_standard_fragment_is_marked_by_streaming() -> None:
    fragment = parse(orjson.dumps(message_of(function="read", streaming=True))).header
    last = parse(orjson.dumps(message_of(function="read", streaming=False))).header

    assert (fragment.packet, fragment.last) == (0, False)
    assert (last.packet, last.last) == (0, True)


def test_a_vendors_fragment_has_a_number() -> None:
    raw = orjson.dumps(message_of(function="readout", packetNum=7, packetStream=True))

    header = parse(raw).header

    assert (header.packet, header.last) == (7, False)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"device": None}, "device: expected an object", id="no device"),
        pytest.param(
            {"device": {"flag": "XYZ"}},
            "device.serialNumber: expected 1 to 128 printable ASCII characters",
            id="no serial number",
        ),
        pytest.param(
            {"device": {"flag": "", "serialNumber": "42"}},
            "device.flag: expected 1 to 128 printable ASCII characters",
            id="empty flag",
        ),
        pytest.param(
            {"referenceId": "a\0b"},
            "referenceId: expected 1 to 128 printable ASCII characters",
            id="NUL in the reference",
        ),
        pytest.param(
            {"function": 5},
            "function: expected 1 to 128 printable ASCII characters",
            id="function is a number",
        ),
        pytest.param({"streaming": 1}, "streaming: expected true or false", id="streaming is 1"),
        pytest.param(
            {"packetNum": True},
            "packetNum: expected a number from 0 to 9999",
            id="packet number is true",
        ),
        pytest.param(
            {"packetNum": 10_000},
            "packetNum: expected a number from 0 to 9999",
            id="packet number too large",
        ),
        pytest.param(
            {"response": "no"}, "response: expected an object or a list", id="response is a text"
        ),
        pytest.param(
            {
                "function": "identification",
                "device": {"flag": "X", "serialNumber": "1", "token": 7},
            },
            "device.token: expected 1 to 256 characters",
            id="token is a number",
        ),
    ],
)
def test_a_rejection_names_the_field_and_what_was_expected(
    changes: dict[str, object], expected: str
) -> None:
    with pytest.raises(MessageRejected) as caught:
        parse(orjson.dumps(message_of(**changes)))

    assert str(caught.value) == expected


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"5", b'{"a":"\xff"}'])
def test_what_is_no_json_object_is_rejected_as_a_whole(raw: bytes) -> None:
    with pytest.raises(MessageRejected) as caught:
        parse(raw)

    assert caught.value.field == ""
    assert caught.value.reference_id is None


def test_a_rejection_keeps_what_an_answer_needs() -> None:
    with pytest.raises(MessageRejected) as caught:
        parse(orjson.dumps(message_of(device=None, function="ack")))

    assert caught.value.reference_id == REFERENCE
    assert caught.value.is_ack


def test_an_ack_repeats_device_and_reference() -> None:
    data = build.ack(sender(), reference_id=REFERENCE)

    assert orjson.loads(unframed(data)) == message_of(function="ack")


def test_a_failing_ack_spells_its_description_as_the_specification_does() -> None:
    data = build.failing_ack(sender(), reference_id=REFERENCE, code=525, description="other meter")

    message = parse(unframed(data))

    assert message.response == {"failCode": 525, "failDescrition": "other meter"}
    assert failure(message) == Failure(525, "other meter")


def test_a_failure_is_read_in_either_spelling() -> None:
    raw = orjson.dumps(message_of(response={"failCode": 525, "failDescription": "other meter"}))

    assert failure(parse(raw)) == Failure(525, "other meter")


def test_a_message_without_a_fail_code_is_no_failure() -> None:
    assert failure(parse(orjson.dumps(message_of(response={"failDescrition": "?"})))) is None


@pytest.mark.parametrize("token", [None, "s3cret"])
def test_an_identification_carries_its_token_if_there_is_one(token: str | None) -> None:
    data = build.identification(
        sender(), reference_id=REFERENCE, token=token, facts={"brand": "Acme"}
    )

    message = parse(unframed(data))

    assert message.header.function is Function.IDENTIFICATION
    assert message.token == token
    assert message.response == {"registered": True, "brand": "Acme"}


def test_a_heartbeat_tells_the_collectors_clock() -> None:
    message = parse(unframed(build.heartbeat(sender(VENDOR), reference_id="1", device_at=AT)))

    assert message.header.function is Function.HEARTBEAT
    assert message.response == {"signal": 20, "deviceDate": "2024-05-06 10:15:00", "cpuTemp": 40}


@pytest.mark.parametrize("dialect", [STANDARD, VENDOR], ids=["standard", "vendor"])
def test_a_readout_comes_back_as_it_was_built(dialect: Dialect) -> None:
    text = "/LGZ5\r\n\x021.8.0(1*kWh)\r\n!\r\n\x03\x7f"

    [data] = build.readout(
        sender(dialect), reference_id="1", texts=[text], meter_serial="9", read_at=AT
    )

    assert readouts(parse(unframed(data))) == [Readout("9", text, AT)]


def test_a_date_with_an_offset_is_aware_and_one_without_is_local() -> None:
    aware = datetime(2024, 5, 6, 7, 15, tzinfo=UTC)
    [with_offset] = build.readout(sender(), reference_id="1", texts=["x"], read_at=aware)
    [without] = build.readout(sender(), reference_id="1", texts=["x"], read_at=AT)

    assert readouts(parse(unframed(with_offset)))[0].read_at == aware
    assert readouts(parse(unframed(without)))[0].read_at == AT


def test_a_readout_may_be_dated_by_the_device() -> None:
    response = {"readDate": "soon", "deviceDate": "2024-05-06 10:15:00", "data": {"rawData": "x"}}

    [readout] = readouts(parse(orjson.dumps(message_of(function="read", response=response))))

    assert readout.read_at == AT


def test_a_readout_is_found_as_the_specification_shows_it() -> None:
    response = {
        "readDate": "2024-05-06 10:15:00",
        "data": {"id": "/LGZ5\\2ZMG405000b.P07", "rawData": "0.0.0(23660088)\r\n"},
    }

    found = readouts(parse(orjson.dumps(message_of(function="read", response=response))))

    assert found == [Readout(None, "0.0.0(23660088)\r\n", AT, "/LGZ5\\2ZMG405000b.P07")]


def test_other_messages_have_no_readouts() -> None:
    alarm = orjson.dumps(message_of(response=[{"type": "alarm", "meter": {"serialNumber": "9"}}]))

    assert readouts(parse(alarm)) == []


def test_all_fragments_but_the_last_are_marked() -> None:
    fragments = build.readout(sender(VENDOR), reference_id="1", texts=["a", "b", "c"])

    headers = [parse(unframed(fragment)).header for fragment in fragments]

    assert [(header.packet, header.last) for header in headers] == [
        (1, False),
        (2, False),
        (3, True),
    ]
