"""What each dialect of the protocol calls things: one table a dialect, and nothing else.

STANDARD follows the published pages of the TEDAŞ specification. VENDOR is what some makers
ship: other function names, and fragments that are numbered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from typing import Any, Final


class Function(StrEnum):
    """What a message is about, whatever its dialect calls it.

    UNKNOWN is any name that the dialect does not have: the message is kept all the same.
    """

    IDENTIFICATION = auto()
    HEARTBEAT = auto()
    ACK = auto()
    ALARM = auto()
    READ = auto()
    READOUT = auto()
    WRITE = auto()
    PROFILE = auto()
    CONFIGURATION = auto()
    SCHEDULE = auto()
    NOTIFICATION = auto()
    LOG = auto()
    DIRECTIVE = auto()
    RELAY = auto()
    RESET = auto()
    FIRMWARE_UPDATE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Dialect:
    """The names on the wire.

    functions: function by its name on the wire.
    streaming: the flag that is true on every fragment but the last.
    packet: a fragment's number; None when fragments are not numbered.
    token: our own addition to an identification, under `device`; collectors may leave it out.
    read_dates: names of a reading's date, the first one found counts.
    """

    name: str
    functions: Mapping[str, Function]
    streaming: str
    packet: str | None
    device: str = "device"
    flag: str = "flag"
    serial_number: str = "serialNumber"
    token: str = "token"  # noqa: S105 - a field's name
    function: str = "function"
    reference_id: str = "referenceId"
    request: str = "request"
    response: str = "response"
    fail_code: str = "failCode"
    # The specification spells it without the p in its table and with it in its example.
    fail_description: str = "failDescrition"
    fail_description_read: tuple[str, ...] = ("failDescrition", "failDescription")
    meter: str = "meter"
    read_dates: tuple[str, ...] = ("readDate", "deviceDate")
    device_date: str = "deviceDate"
    data: str = "data"
    data_identification: str = "id"
    data_text: str = "rawData"

    def name_of(self, function: Function) -> str:
        """Return what this dialect calls `function`.

        :raises LookupError: it has no such function
        """
        for name, known in self.functions.items():
            if known is function:
                return name
        raise LookupError(f"the {self.name} dialect has no {function}")


STANDARD: Final = Dialect(
    name="standard",
    functions={
        "identification": Function.IDENTIFICATION,
        "heartbeat": Function.HEARTBEAT,
        "ack": Function.ACK,
        "alarm": Function.ALARM,
        "read": Function.READ,
        "write": Function.WRITE,
        "profile": Function.PROFILE,
        "configuration": Function.CONFIGURATION,
        "schedule": Function.SCHEDULE,
        "notification": Function.NOTIFICATION,
        "log": Function.LOG,
        "directive": Function.DIRECTIVE,
        "relay": Function.RELAY,
        "reset": Function.RESET,
        "firmwareUpdate": Function.FIRMWARE_UPDATE,
    },
    streaming="streaming",
    packet=None,
)

VENDOR: Final = replace(
    STANDARD,
    name="vendor",
    functions={
        "ident": Function.IDENTIFICATION,
        "alive": Function.HEARTBEAT,
        "ack": Function.ACK,
        "alarm": Function.ALARM,
        "read": Function.READ,
        "readout": Function.READOUT,
        "write": Function.WRITE,
        "loadprofile": Function.PROFILE,
        "setting": Function.CONFIGURATION,
        "schedule": Function.SCHEDULE,
        "notification": Function.NOTIFICATION,
        "log": Function.LOG,
        "directive": Function.DIRECTIVE,
        "relay": Function.RELAY,
        "reset": Function.RESET,
        "firmwareUpdate": Function.FIRMWARE_UPDATE,
    },
    streaming="packetStream",
    packet="packetNum",
)

_ONLY_VENDOR: Final = VENDOR.functions.keys() - STANDARD.functions.keys()


def recognise(document: Mapping[str, Any]) -> Dialect:
    """Return the dialect that a parsed message is written in, told by its function and fields."""
    name = document.get(STANDARD.function)
    if "packetNum" in document or (isinstance(name, str) and name in _ONLY_VENDOR):
        return VENDOR
    return STANDARD
