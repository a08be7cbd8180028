"""Checking what places and devices are described by: each returns the value or refuses it. Pure."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import orjson

from domain import values
from domain.hierarchy import geometry
from domain.hierarchy.geometry import LATITUDE_MAX, LONGITUDE_MAX
from domain.readings.rules import clock_zone
from domain.refusals import InvalidValue

SERIAL_CHARACTERS_MAX = 64
READING_PERIOD_S_MIN, READING_PERIOD_S_MAX = 60, 86_400
REGISTER_DIGITS_MIN, REGISTER_DIGITS_MAX = 4, 12
# A hundred megawatts: more than any site behind one meter draws.
POWER_W_MAX = 100_000_000
PORT_MAX = 65_535
FLAG = re.compile("[A-Z]{3}")
OF_THIS_MACHINE = frozenset({"localtime"})
ZONE_EXPECTED = "an IANA time zone such as Europe/Istanbul"

Word = TypeVar("Word", bound=StrEnum)
Check = Callable[[Any, str], object]


def checked(given: Mapping[str, object], checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return what is given, by column, each value as its check returns it.

    :raises InvalidValue: the first that is not what it should be
    """
    return {name: checks[name](value, name) for name, value in given.items()}


def as_given(value: object, _: str) -> object:
    """Return a value that cannot be wrong."""
    return value


def serial(value: str, path: str) -> str:
    return values.name(value, path, characters_max=SERIAL_CHARACTERS_MAX)


def flag(value: str, path: str) -> str:
    if not FLAG.fullmatch(value):
        raise InvalidValue(path, expected="three letters from A to Z")
    return value


@cache
def known_zones() -> frozenset[str]:
    """Return the time zones that mean the same on every machine: no `localtime`, no `right/`."""
    return frozenset(available_timezones() - OF_THIS_MACHINE)


def time_zone(value: str, path: str) -> str:
    if value not in known_zones():
        raise InvalidValue(path, expected=ZONE_EXPECTED)
    return value


def clock_rule(value: str, path: str) -> str:
    expected = "an IANA time zone, or a fixed offset such as +03:00"
    try:
        zone = clock_zone(value)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise InvalidValue(path, expected=expected) from error
    if isinstance(zone, ZoneInfo) and value not in known_zones():
        raise InvalidValue(path, expected=expected)
    return value


def address(value: object, path: str) -> IPv4Address | IPv6Address | None:
    if value is None:
        return None
    try:
        return ip_address(str(value))
    except ValueError as error:
        raise InvalidValue(path, expected="an IP address") from error


def ipv4(value: object, path: str) -> IPv4Address | None:
    found = address(value, path)
    if isinstance(found, IPv6Address):
        raise InvalidValue(path, expected="an IPv4 address")
    return found


def ipv6(value: object, path: str) -> IPv6Address | None:
    found = address(value, path)
    # With a zone it means one machine's own network, and the database keeps none.
    if isinstance(found, IPv4Address) or (found is not None and found.scope_id is not None):
        raise InvalidValue(path, expected="an IPv6 address")
    return found


def latitude(value: float | None, path: str) -> float | None:
    if value is not None and not abs(value) <= LATITUDE_MAX:
        raise InvalidValue(path, expected=f"degrees from -{LATITUDE_MAX} to {LATITUDE_MAX}")
    return value


def longitude(value: float | None, path: str) -> float | None:
    if value is not None and not abs(value) <= LONGITUDE_MAX:
        raise InvalidValue(path, expected=f"degrees from -{LONGITUDE_MAX} to {LONGITUDE_MAX}")
    return value


def boundary(value: object, path: str) -> str | None:
    """Return GeoJSON as the database takes it."""
    if value is None:
        return None
    try:
        return orjson.dumps(geometry.area(value)).decode()
    except geometry.InvalidGeometry as error:
        raise InvalidValue(path, expected=str(error).removeprefix("expected ")) from error


def port(value: int | None, path: str) -> int | None:
    return None if value is None else values.whole_number(value, path, minimum=1, maximum=PORT_MAX)


def reading_period_s(value: int, path: str) -> int:
    return values.whole_number(
        value, path, minimum=READING_PERIOD_S_MIN, maximum=READING_PERIOD_S_MAX
    )


def register_digits(value: int, path: str) -> int:
    return values.whole_number(
        value, path, minimum=REGISTER_DIGITS_MIN, maximum=REGISTER_DIGITS_MAX
    )


def power_w_max(value: int, path: str) -> int:
    return values.whole_number(value, path, minimum=1, maximum=POWER_W_MAX)


def one_of(words: type[Word]) -> Check:
    """Return the check that a value is one of these words."""

    def check(value: str, path: str) -> Word:
        try:
            return words(value)
        except ValueError as error:
            raise InvalidValue(path, expected=", ".join(words)) from error

    return check
