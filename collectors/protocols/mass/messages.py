"""Typed messages out of JSON texts. How they are cut out of the stream is in framing.py.

Headers and messages are named tuples: one of each is made per frame, and a tuple costs a third.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from collectors.protocols.mass.dialects import Dialect, Function, recognise

NAME_CHARS_MAX: Final = 128
TOKEN_CHARS_MAX: Final = 256
PACKET_NUMBER_MAX: Final = 9_999


class MessageRejected(Exception):
    """A JSON text is not a message of the protocol.

    field: dotted name of the offending field; empty when it is the whole text.
    reference_id, is_ack: what could be told all the same, so that a failing ack can be sent.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field or 'message'}: expected {expected}")
        self.field = field
        self.expected = expected
        self.reference_id: str | None = None
        self.is_ack = False


class Header(NamedTuple):
    """Who speaks, and about what.

    packet: the fragment's number where the dialect numbers them, else 0.
    last: false on every fragment but the last; only the last is acked.
    """

    flag: str
    serial_number: str
    function: Function
    reference_id: str
    packet: int
    last: bool


class Message(NamedTuple):
    """A message; `response` is a list in alarms and logs.

    token: what a collector proves itself with, in identifications that carry one.
    """

    header: Header
    request: Mapping[str, Any] | Sequence[Any] | None
    response: Mapping[str, Any] | Sequence[Any] | None
    dialect: Dialect
    token: str | None = None


def parse(raw: bytes, dialect: Dialect | None = None) -> Message:
    """Return the message in one JSON text.

    dialect: None tells it by the message itself.

    :raises MessageRejected: naming the field and what was expected
    """
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MessageRejected("", f"JSON ({error})") from error
    if type(document) is not dict:
        raise MessageRejected("", "a JSON object")
    dialect = dialect or recognise(document)
    try:
        return _message(document, dialect)
    except MessageRejected as rejected:
        reference_id = document.get(dialect.reference_id)
        rejected.reference_id = reference_id if _is_name(reference_id) else None
        name = document.get(dialect.function)
        rejected.is_ack = isinstance(name, str) and dialect.functions.get(name) is Function.ACK
        raise


def _message(document: dict[str, Any], dialect: Dialect) -> Message:
    device = document.get(dialect.device)
    if type(device) is not dict:
        raise MessageRejected(dialect.device, "an object")
    name = _name(document, dialect.function)
    function = dialect.functions.get(name, Function.UNKNOWN)
    packet, last = _place(document, dialect)
    header = Header(
        _name(device, dialect.flag, within=dialect.device),
        _name(device, dialect.serial_number, within=dialect.device),
        function,
        _name(document, dialect.reference_id),
        packet,
        last,
    )
    return Message(
        header,
        _body(document, dialect.request),
        _body(document, dialect.response),
        dialect,
        _token(device, dialect) if function is Function.IDENTIFICATION else None,
    )


def _is_name(value: object) -> bool:
    # Names go into keys and text columns, which take no NUL and should hold no control characters.
    return (
        type(value) is str
        and 0 < len(value) <= NAME_CHARS_MAX
        and value.isascii()
        and value.isprintable()
    )


def _name(fields: dict[str, Any], field: str, *, within: str = "") -> str:
    value = fields.get(field)
    if not _is_name(value):
        field = f"{within}.{field}" if within else field
        raise MessageRejected(field, f"1 to {NAME_CHARS_MAX} printable ASCII characters")
    return str(value)


def _place(document: dict[str, Any], dialect: Dialect) -> tuple[int, bool]:
    """Return a fragment's number and whether it is the last; a whole message is its own last."""
    streaming = document.get(dialect.streaming, False)
    if type(streaming) is not bool:
        raise MessageRejected(dialect.streaming, "true or false")
    packet = document.get(dialect.packet, 0) if dialect.packet else 0
    if type(packet) is not int or not 0 <= packet <= PACKET_NUMBER_MAX:
        raise MessageRejected(dialect.packet or "", f"a number from 0 to {PACKET_NUMBER_MAX}")
    return packet, not streaming


def _body(document: dict[str, Any], field: str) -> dict[str, Any] | list[Any] | None:
    body = document.get(field)
    if body is None or type(body) is dict or type(body) is list:
        return body
    raise MessageRejected(field, "an object or a list")


def _token(device: dict[str, Any], dialect: Dialect) -> str | None:
    token = device.get(dialect.token)
    if token is None or (type(token) is str and 0 < len(token) <= TOKEN_CHARS_MAX):
        return token
    field = f"{dialect.device}.{dialect.token}"
    raise MessageRejected(field, f"1 to {TOKEN_CHARS_MAX} characters")
