"""From cells to values, whichever format they come from. Pure; each returns the value or refuses.

Numbers may have a decimal point or a decimal comma, and no thousands separators.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from domain import values
from domain.refusals import InvalidValue
from domain.spreadsheets.cells import Cell
from domain.subscribers.rules import folded
from domain.units import WH_PER_KWH

# Beyond that a spreadsheet's own numbers are not exact.
EXACT_INTEGER_MAX = 10**15
NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,10})?")
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,15}")
TURKISH_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
KWH_STEP = Decimal("0.001")
KWH_MAX = Decimal(10**12)
# As `folded` leaves them: Turkish capitals are others than Python makes.
YES = frozenset({"true", "yes", "1", "evet", "dogru"})
NO = frozenset({"false", "no", "0", "hayir", "yanlis"})

Reader = Callable[[Cell, ZoneInfo], object]


def text(cell: Cell, _: ZoneInfo) -> str:
    if isinstance(cell, str):
        return cell
    number = _whole(cell)
    if number is None:
        raise InvalidValue(expected="a text")
    return str(number)


def whole_number(cell: Cell, _: ZoneInfo) -> int:
    number = _whole(cell)
    if number is None and isinstance(cell, str) and WHOLE_NUMBER.fullmatch(cell):
        number = int(cell)
    if number is None:
        raise InvalidValue(expected="a whole number")
    return number


def decimal(cell: Cell, _: ZoneInfo) -> Decimal:
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        number = Decimal(str(cell))
        if number.is_finite():
            return number
    if isinstance(cell, str) and NUMBER.fullmatch(cell):
        return Decimal(cell.replace(",", "."))
    raise InvalidValue(expected="a number such as 12.5")


def degrees(limit: int) -> Reader:
    """Return the reader of an angle from -limit to limit."""

    def read(cell: Cell, zone: ZoneInfo) -> float:
        angle = float(decimal(cell, zone))
        if not -limit <= angle <= limit:
            raise InvalidValue(expected=f"degrees from -{limit} to {limit}")
        return angle

    return read


def energy_kwh(cell: Cell, zone: ZoneInfo) -> Decimal:
    """Return an index in kilowatt hours, exact to the watt hour."""
    index_kwh = decimal(cell, zone)
    if not 0 <= index_kwh <= KWH_MAX or index_kwh % KWH_STEP:
        raise InvalidValue(expected=f"0 to {KWH_MAX} kilowatt hours, three decimals at most")
    return index_kwh


def wh(index_kwh: Decimal) -> int:
    return int(index_kwh * WH_PER_KWH)


def money(cell: Cell, zone: ZoneInfo) -> Decimal:
    return values.money(decimal(cell, zone))


def address(cell: Cell, _: ZoneInfo) -> str:
    try:
        return str(ip_address(cell if isinstance(cell, str) else ""))
    except ValueError as error:
        raise InvalidValue(expected="an IP address") from error


def yes_or_no(cell: Cell, _: ZoneInfo) -> bool:
    said = folded(str(cell))
    if said in YES:
        return True
    if said in NO:
        return False
    raise InvalidValue(expected="TRUE or FALSE")


def word(words: type[StrEnum]) -> Reader:
    """Return the reader of one of some words, in capitals or not."""

    def read(cell: Cell, _: ZoneInfo) -> StrEnum:
        try:
            return words(str(cell).upper() if isinstance(cell, str) else "")
        except ValueError as error:
            raise InvalidValue(expected=", ".join(words)) from error

    return read


def instant(cell: Cell, zone: ZoneInfo) -> datetime:
    """Return an instant in UTC; what names no offset is local to the company."""
    if isinstance(cell, datetime):
        moment = cell
    elif isinstance(cell, date):
        moment = datetime.combine(cell, time.min)
    else:
        moment = _parsed(cell)
    try:
        return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except OverflowError as error:
        raise _no_instant() from error


def _parsed(cell: Cell) -> datetime:
    if not isinstance(cell, str):
        raise _no_instant()
    try:
        if found := TURKISH_DATE.fullmatch(cell):
            day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone follows
        return datetime.fromisoformat(cell)
    except ValueError as error:
        raise _no_instant() from error


def _no_instant() -> InvalidValue:
    return InvalidValue(expected="a date such as 2026-03-29 or 29.03.2026, with a time or without")


def _whole(cell: Cell) -> int | None:
    """Return a spreadsheet's own number, if it is whole and exact."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return None
    number = Decimal(cell)
    if not number.is_finite() or abs(number) > EXACT_INTEGER_MAX or number % 1:
        return None
    return int(number)
