"""Scalars of our own: exact numbers as strings, and times that say where they are."""

import re
from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from domain.hierarchy.geometry import InvalidGeometry, Point, area, point
from domain.money import MICRO
from domain.units import WH_PER_KWH

KWH_SCALE = Decimal("0.001")
TIME_ZONE_CHARACTERS_MAX = 64
# As many digits as any number that we keep.
EXACT = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,9})?", re.ASCII)
ENERGY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?", re.ASCII)

MoneyAmount = NewType("MoneyAmount", Decimal)
Kwh = NewType("Kwh", Decimal)
ExactNumber = NewType("ExactNumber", Decimal)
DateTime = NewType("DateTime", datetime)
LocalDate = NewType("LocalDate", date)
TimeZone = NewType("TimeZone", str)
GeoPoint = NewType("GeoPoint", Point)
GeoPolygon = NewType("GeoPolygon", dict[str, Any])

Parsed = TypeVar("Parsed")


def kwh(energy_wh: int | Decimal) -> Kwh:
    return Kwh(Decimal(energy_wh) / WH_PER_KWH)


def wh(energy: Kwh) -> int:
    return int(energy * WH_PER_KWH)


def _fixed(scale: Decimal) -> Callable[[Decimal], str]:
    return lambda value: format(value.quantize(scale), "f")


def _exact(value: object) -> Decimal:
    expected = 'expected a number as a string, such as "-12.345678"'
    if not isinstance(value, str) or not EXACT.fullmatch(value):
        raise GraphQLError(expected)
    return Decimal(value)


def _energy(value: object) -> Decimal:
    if not isinstance(value, str) or not ENERGY.fullmatch(value):
        raise GraphQLError('expected kilowatt hours as a string, such as "1234.567"')
    return Decimal(value)


def _moment(value: object) -> datetime:
    expected = "expected a date and time with its offset, such as 2026-03-29T00:00:00+03:00"
    moment = _parsed(datetime.fromisoformat, value, expected)
    if moment.tzinfo is None or not MINYEAR < moment.year < MAXYEAR:
        # In the first and the last year, some zones have days that the calendar does not.
        raise GraphQLError(expected)
    return moment.astimezone(UTC)


def _local_date(value: object) -> date:
    return _parsed(date.fromisoformat, value, "expected a date such as 2026-03-29")


def _time_zone(value: object) -> str:
    expected = "expected an IANA time zone such as Europe/Istanbul"
    if isinstance(value, str) and len(value) > TIME_ZONE_CHARACTERS_MAX:
        raise GraphQLError(expected)
    return _parsed(ZoneInfo, value, expected).key


def _geometry(read: Callable[[object], Parsed]) -> Callable[[object], Parsed]:
    def parse(value: object) -> Parsed:
        try:
            return read(value)
        except InvalidGeometry as error:
            raise GraphQLError(str(error)) from error

    return parse


def _parsed(read: Callable[[str], Parsed], value: object, expected: str) -> Parsed:
    try:
        if isinstance(value, str):
            return read(value)
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        pass
    raise GraphQLError(expected)


SCALARS: dict[object, ScalarDefinition] = {
    MoneyAmount: strawberry.scalar(
        name="MoneyAmount",
        description="An exact amount of money in major units, with six decimals: `12.345678`.",
        serialize=_fixed(MICRO),
        parse_value=_exact,
    ),
    Kwh: strawberry.scalar(
        name="Kwh",
        description="Energy in kilowatt hours, exact to the watt hour: `1234.567`.",
        serialize=_fixed(KWH_SCALE),
        parse_value=_energy,
    ),
    ExactNumber: strawberry.scalar(
        name="ExactNumber",
        description="A number with as many decimals as its source gave: `230.4`.",
        serialize=lambda value: format(value, "f"),
        parse_value=_exact,
    ),
    DateTime: strawberry.scalar(
        name="DateTime",
        description="An instant by ISO 8601, always with its offset: `2026-03-29T00:00:00+03:00`.",
        serialize=lambda value: value.isoformat(),
        parse_value=_moment,
    ),
    LocalDate: strawberry.scalar(
        name="Date",
        description="A calendar date by ISO 8601: `2026-03-29`.",
        serialize=lambda value: value.isoformat(),
        parse_value=_local_date,
    ),
    GeoPoint: strawberry.scalar(
        name="GeoPoint",
        description="A GeoJSON Point, longitude first:"
        ' `{"type": "Point", "coordinates": [29, 41]}`.',
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc7946#section-3.1.2",
        serialize=lambda place: place.geojson(),
        parse_value=_geometry(point),
    ),
    GeoPolygon: strawberry.scalar(
        name="GeoPolygon",
        description="A GeoJSON Polygon or MultiPolygon with closed rings, of at most 1,000"
        " positions.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc7946#section-3.1.6",
        serialize=lambda shape: shape,
        parse_value=_geometry(area),
    ),
    TimeZone: strawberry.scalar(
        name="TimeZone",
        description="The name of a time zone in the IANA database: `Europe/Istanbul`.",
        serialize=str,
        parse_value=_time_zone,
    ),
}
