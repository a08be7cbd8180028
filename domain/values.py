"""Checking single values that people or files give. Pure: each returns the value or refuses it."""

from datetime import datetime, timedelta
from decimal import Decimal

from domain.money import MICRO
from domain.refusals import InTheFuture, InvalidValue

NAME_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 1_000
# How far other clocks may be ahead of ours.
AHEAD_MAX = timedelta(minutes=5)
MONEY_MAX = Decimal(10**12)
MULTIPLIER_MAX = Decimal("99999999.9999")
MULTIPLIER_STEP = Decimal("0.0001")
POWER_MAX = Decimal("999999999.999")
POWER_STEP = Decimal("0.001")
PHASES = (1, 3)


def name(value: str, *path: str, characters_max: int = NAME_CHARACTERS_MAX) -> str:
    """Return a name without the spaces around it.

    :raises InvalidValue: it is empty, too long, or has characters that do not print
    """
    trimmed = value.strip()
    if not 1 <= len(trimmed) <= characters_max or not trimmed.isprintable():
        raise InvalidValue(*path, expected=f"1 to {characters_max} printable characters")
    return trimmed


def optional_name(
    value: str | None, *path: str, characters_max: int = NAME_CHARACTERS_MAX
) -> str | None:
    """Return a name, or None for none.

    :raises InvalidValue: it is empty, too long, or has characters that do not print
    """
    return None if value is None else name(value, *path, characters_max=characters_max)


def whole_number(value: int, *path: str, minimum: int, maximum: int) -> int:
    """Return a number.

    :raises InvalidValue: it is out of range
    """
    if not minimum <= value <= maximum:
        raise InvalidValue(*path, expected=f"a whole number from {minimum} to {maximum}")
    return value


def past(value: datetime, *path: str, now: datetime) -> datetime:
    """Return an instant at which something has happened.

    :raises InTheFuture: it has not, even if the clock that said so is a little ahead
    """
    if value > now + AHEAD_MAX:
        raise InTheFuture(*path, minutes=AHEAD_MAX // timedelta(minutes=1))
    return value


def multiplier(value: Decimal, *path: str) -> Decimal:
    """Return what current and voltage transformers multiply energy by.

    :raises InvalidValue: it is not above zero, too large, or too fine
    """
    if not MULTIPLIER_STEP <= value <= MULTIPLIER_MAX or value % MULTIPLIER_STEP:
        raise InvalidValue(
            *path, expected=f"{MULTIPLIER_STEP} to {MULTIPLIER_MAX}, four decimals at most"
        )
    return value


def power(value: Decimal | None, *path: str) -> Decimal | None:
    """Return what a connection was built for, in kW or kVA; None while nobody knows.

    :raises InvalidValue: it is not above zero, too large, or too fine
    """
    if value is not None and (not POWER_STEP <= value <= POWER_MAX or value % POWER_STEP):
        raise InvalidValue(*path, expected=f"{POWER_STEP} to {POWER_MAX}, three decimals at most")
    return value


def phases(value: int | None, *path: str) -> int | None:
    """Return how many phases a connection has; None while nobody knows.

    :raises InvalidValue: no connection has so many
    """
    if value is not None and value not in PHASES:
        raise InvalidValue(*path, expected="1 or 3")
    return value


def money(value: Decimal, *path: str) -> Decimal:
    """Return an amount of money in major units.

    :raises InvalidValue: it is too large, or too fine
    """
    if abs(value) > MONEY_MAX or value % MICRO:
        raise InvalidValue(*path, expected="an amount with six decimals at most")
    return value
