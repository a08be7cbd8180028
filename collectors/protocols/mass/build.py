"""Messages to send: acks for the central software, everything else for simulators and replays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final

from collectors.protocols.mass.dialects import STANDARD, Dialect, Function
from collectors.protocols.mass.framing import encode
from collectors.protocols.mass.messages import Header

# 525 is the specification's; its full list is not public, so the other codes are our own.
FAIL_METER_SERIAL_MISMATCH: Final = 525
FAIL_MALFORMED: Final = 400
FAIL_IDENTITY_REFUSED: Final = 401
FAIL_NOT_SUPPORTED: Final = 501


@dataclass(frozen=True, slots=True)
class Sender:
    """A collector, as it signs its messages (and as their acks repeat it)."""

    flag: str
    serial_number: str
    dialect: Dialect = STANDARD

    @staticmethod
    def of(header: Header, dialect: Dialect) -> "Sender":
        return Sender(header.flag, header.serial_number, dialect)

    def message(
        self,
        function: Function,
        *,
        reference_id: str,
        request: object = None,
        response: object = None,
    ) -> dict[str, Any]:
        """Return a message as JSON values; a None body is left out."""
        names = self.dialect
        message: dict[str, Any] = {
            names.device: {names.flag: self.flag, names.serial_number: self.serial_number},
            names.function: names.name_of(function),
            names.reference_id: reference_id,
        }
        if request is not None:
            message[names.request] = request
        if response is not None:
            message[names.response] = response
        return message


def ack(sender: Sender, *, reference_id: str) -> bytes:
    return encode(sender.message(Function.ACK, reference_id=reference_id))


def failing_ack(sender: Sender, *, reference_id: str, code: int, description: str) -> bytes:
    names = sender.dialect
    response = {names.fail_code: code, names.fail_description: description}
    return encode(sender.message(Function.ACK, reference_id=reference_id, response=response))


def identification(
    sender: Sender,
    *,
    reference_id: str,
    token: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the message that opens a connection.

    token: our addition to the protocol; None leaves it out.
    facts: what the collector says of itself (brand, model, firmware, meters …).
    """
    response = {"registered": True, **(facts or {})}
    message = sender.message(Function.IDENTIFICATION, reference_id=reference_id, response=response)
    if token is not None:
        message[sender.dialect.device][sender.dialect.token] = token
    return encode(message)


def heartbeat(sender: Sender, *, reference_id: str, device_at: datetime) -> bytes:
    """device_at: the collector's clock; written with its offset if it is aware."""
    response = {"signal": 20, "deviceDate": _stamp(device_at), "cpuTemp": 40}
    return encode(sender.message(Function.HEARTBEAT, reference_id=reference_id, response=response))


def readout(
    sender: Sender,
    *,
    reference_id: str,
    texts: Sequence[str],
    meter_serial: str | None = None,
    read_at: datetime | None = None,
) -> list[bytes]:
    """Return a readout's messages: one for each text, all but the last marked as fragments.

    texts: pieces of one readout text, in order; a single one makes a whole message.
    read_at: when the collector read the meter; written with its offset if it is aware.
    """
    names = sender.dialect
    function = Function.READOUT if "readout" in names.functions else Function.READ
    head: dict[str, Any] = {}
    if meter_serial is not None:
        head[names.meter] = {names.serial_number: meter_serial}
    if read_at is not None:
        head[names.read_dates[0]] = _stamp(read_at)
    messages = []
    for number, text in zip(count(1), texts, strict=False):
        response = {**head, names.data: {names.data_text: text}}
        message = sender.message(function, reference_id=reference_id, response=response)
        message[names.streaming] = number < len(texts)
        if names.packet is not None:
            message[names.packet] = number
        messages.append(encode(message))
    return messages


def _stamp(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")
