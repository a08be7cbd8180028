"""The meters' readout texts within messages. What the texts say is IEC 62056-21's to tell."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from collectors.protocols.mass.dialects import Dialect
from collectors.protocols.mass.messages import Message


class Failure(NamedTuple):
    """What the other side reports instead of doing it.

    code: 525 is another meter's answer than the one asked for; None if it is no number.
    """

    code: int | None
    description: str | None


class Readout(NamedTuple):
    """One meter's raw readout text, or one fragment's piece of it.

    read_at: aware if the collector gave an offset, else naive in the collector's local time;
        None if it gave no date that can be read.
    identification: the meter's `/XYZ5…` line, where the collector reports it apart.
    """

    meter_serial: str | None
    text: str
    read_at: datetime | None
    identification: str | None = None


def readouts(message: Message) -> list[Readout]:
    """Return the readout texts that a message carries; none when it is about something else."""
    parts = message.response if isinstance(message.response, list) else [message.response]
    found = (_readout(part, message.dialect) for part in parts if isinstance(part, dict))
    return [readout for readout in found if readout is not None]


def failure(message: Message) -> Failure | None:
    """Return the failure that a message reports, if it does."""
    dialect, response = message.dialect, message.response
    if not isinstance(response, dict) or dialect.fail_code not in response:
        return None
    code = response[dialect.fail_code]
    given = (response.get(name) for name in dialect.fail_description_read)
    description = next((text for text in given if isinstance(text, str)), None)
    return Failure(code if type(code) is int else None, description)


def _readout(response: Mapping[str, Any], dialect: Dialect) -> Readout | None:
    data = response.get(dialect.data)
    identification = None
    if isinstance(data, dict):
        identification = data.get(dialect.data_identification)
        data = data.get(dialect.data_text)
    if not isinstance(data, str):
        return None
    meter = response.get(dialect.meter)
    serial = meter.get(dialect.serial_number) if isinstance(meter, dict) else None
    return Readout(
        meter_serial=serial if isinstance(serial, str) else None,
        text=data,
        read_at=_read_at(response, dialect),
        identification=identification if isinstance(identification, str) else None,
    )


def _read_at(response: Mapping[str, Any], dialect: Dialect) -> datetime | None:
    for name in dialect.read_dates:
        text = response.get(name)
        if not isinstance(text, str):
            continue
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            continue
    return None
