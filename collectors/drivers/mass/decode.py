"""What stored MASS messages say: which meter, which readout text, and when it was read.

The text itself is for the codec of IEC 62056-21.
"""

from collections.abc import Sequence
from typing import Final

from collectors.base import DecodedFrame, Undecodable
from collectors.protocols.mass.messages import Header, Message, MessageRejected, parse
from collectors.protocols.mass.readouts import Readout, failure, readouts

# To be raised with every change that can alter a result; stored beside each result.
VERSION: Final = 1
FRAGMENTS_MAX: Final = 1_000


class _Refused(Exception):
    """The reason of an Undecodable, on its way out."""


def decode(frames: Sequence[bytes]) -> DecodedFrame | Undecodable:
    """Return what one message says of one meter.

    frames: the JSON texts of its fragments; in the order of their packet numbers where the dialect
        does not number them itself. A whole message is a sequence of one.

    Pure, so it can be repeated; what is wrong with the bytes comes back as Undecodable.
    """
    try:
        messages = _in_order(_parsed(frames))
        pieces = [_readout(message) for message in messages]
        return DecodedFrame(
            meter_serial=_meter_serial(pieces),
            readout=_joined(pieces),
            collector_at=next((piece.read_at for piece in pieces if piece.read_at), None),
        )
    except _Refused as refused:
        return Undecodable(str(refused))


def _parsed(frames: Sequence[bytes]) -> list[Message]:
    if not 1 <= len(frames) <= FRAGMENTS_MAX:
        raise _Refused(f"expected 1 to {FRAGMENTS_MAX} fragments, got {len(frames)}")
    try:
        return [parse(frame) for frame in frames]
    except MessageRejected as rejected:
        raise _Refused(str(rejected)) from rejected


def _in_order(messages: list[Message]) -> list[Message]:
    if len(messages) == 1 and messages[0].header.last and messages[0].header.packet <= 1:
        return messages
    if len({_stream(message.header) for message in messages}) > 1:
        raise _Refused("expected the fragments of one message, got several messages")
    ordered = sorted(messages, key=lambda message: message.header.packet)
    if messages[0].dialect.packet is not None:
        first = ordered[0].header.packet
        for expected, message in enumerate(ordered, start=min(first, 1)):
            if message.header.packet != expected:
                raise _Refused(f"expected packet {expected}, got {message.header.packet}")
    *before, last = (message.header.last for message in ordered)
    if not last:
        raise _Refused("expected more fragments: the last one is missing")
    if any(before):
        raise _Refused("expected no more fragments after the last one")
    return ordered


def _stream(header: Header) -> tuple[str, str, str, str]:
    return header.flag, header.serial_number, header.function, header.reference_id


def _readout(message: Message) -> Readout:
    if failed := failure(message):
        raise _Refused(f"the collector reports failure {failed.code}: {failed.description}")
    found = readouts(message)
    if len(found) != 1:
        function = message.header.function
        raise _Refused(f"expected one readout in a message, got {len(found)} ({function})")
    return found[0]


def _meter_serial(pieces: list[Readout]) -> str | None:
    serials = {piece.meter_serial for piece in pieces if piece.meter_serial}
    if len(serials) > 1:
        raise _Refused(f"expected one meter, got {', '.join(sorted(serials))}")
    return next(iter(serials), None)


def _joined(pieces: list[Readout]) -> bytes:
    text = "".join(piece.text for piece in pieces)
    identification = pieces[0].identification
    if identification and not text.startswith("/"):
        text = f"/{identification.removeprefix('/')}\r\n{text}"
    try:
        # One character is one byte of the line, with or without its parity bit.
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise _Refused(f"expected bytes in the readout, got {text[error.start]!r}") from error
