"""What a meter says of itself: its serial, its clock and its error flags.

What cannot be used is added to the `skipped` that the caller keeps.
"""

from collectors.protocols.iec62056_21.clock import MeterClock, read_clock
from collectors.protocols.iec62056_21.obis import (
    DSMR_GENERAL_MEDIUM,
    EQUIPMENT_CODES,
    SERIAL_CODES,
    Skipped,
    SkipReason,
)
from collectors.protocols.iec62056_21.readout import DataSet

MAX_SERIAL_CHARS = 64
# DSMR prints equipment ids as the hex of their characters; a shorter row of digits is a number.
MIN_HEX_SERIAL_CHARS = 20


def clock_of(data_sets: list[DataSet], skipped: list[Skipped]) -> MeterClock | None:
    printed: dict[str, str] = {}
    for data_set in data_sets:
        if data_set.code in printed:
            skipped.append(Skipped(data_set.code, None, SkipReason.SUPERSEDED))
        else:
            printed[data_set.code] = data_set.values[0].text
    clock = read_clock(printed)
    if clock is None:
        skipped.extend(Skipped(code, None, SkipReason.UNREADABLE_CLOCK) for code in printed)
    return clock


def serial_of(data_sets: list[DataSet], skipped: list[Skipped]) -> str | None:
    best_first = sorted(data_sets, key=lambda data_set: SERIAL_CODES.index(data_set.code))
    chosen = _first_usable(best_first, skipped)
    if chosen is None:
        return None
    serial = chosen.values[0].text.strip()
    if chosen.medium == DSMR_GENERAL_MEDIUM and chosen.code in EQUIPMENT_CODES:
        return _without_hex(serial)
    return serial


def error_flags_of(data_sets: list[DataSet], skipped: list[Skipped]) -> str | None:
    chosen = _first_usable(data_sets, skipped)
    return chosen.values[0].text.strip() if chosen else None


def _first_usable(data_sets: list[DataSet], skipped: list[Skipped]) -> DataSet | None:
    """Return the first data set with an identifier in it, and note why the others are skipped."""
    chosen: DataSet | None = None
    for data_set in data_sets:
        length = len(data_set.values[0].text.strip())
        if length == 0:
            skipped.append(Skipped(data_set.code, None, SkipReason.EMPTY))
        elif length > MAX_SERIAL_CHARS:
            skipped.append(Skipped(data_set.code, None, SkipReason.TOO_LONG))
        elif chosen is None:
            chosen = data_set
        else:
            skipped.append(Skipped(data_set.code, None, SkipReason.SUPERSEDED))
    return chosen


def _without_hex(serial: str) -> str:
    """Return the characters that a DSMR equipment id is the hex of, or the id when of none."""
    if len(serial) < MIN_HEX_SERIAL_CHARS:
        return serial
    try:
        characters = bytes.fromhex(serial).decode("ascii").strip()
    except ValueError:
        return serial
    return characters if characters.isprintable() and characters else serial
