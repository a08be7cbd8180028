"""The clock of a meter as readouts print it: local time of an unnamed zone."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

DATE_AND_TIME = "1.0.0"
TIME = "0.9.1"
DATE = "0.9.2"
STAMP = "0.9.4"
_STAMPS_BEST_FIRST = (DATE_AND_TIME, STAMP, DATE, TIME)
CLOCK_CODES = frozenset(_STAMPS_BEST_FIRST)
_CENTURY = 2000
_MAX_CLOCK_CHARS = 24
_MIN_STAMP_CHARS = 10
_CACHED_TEXTS = 1_024

# Only what is unambiguous: the year comes first. A leading 2 would mean UTC and is not taken.
_YEAR_FIRST = r"(?:(?P<season>[01])?(\d\d)(\d\d)(\d\d)|(?:20)?(\d\d)-(\d\d)-(\d\d))"
_DATE = re.compile(_YEAR_FIRST, re.ASCII)
_TIME = re.compile(
    r"(?P<season>[01])?(\d\d)(\d\d)(\d\d)|(\d\d)(\d\d)|(\d\d):(\d\d)(?::(\d\d))?", re.ASCII
)
_STAMP = re.compile(
    rf"(?P<date>{_YEAR_FIRST})[ ,T]?(?P<time>\d\d:?\d\d(?::?\d\d)?)(?P<letter>[SW])?", re.ASCII
)


class Season(StrEnum):
    """Which of the two local times the meter says it shows."""

    STANDARD = "STANDARD"
    SUMMER = "SUMMER"


class MeterClock(NamedTuple):
    """local: as printed, naive; the meter's clock rule turns it into UTC.

    season: None when the meter does not say.
    """

    local: datetime
    season: Season | None


_SEASONS = {"0": Season.STANDARD, "1": Season.SUMMER, "W": Season.STANDARD, "S": Season.SUMMER}


def read_clock(printed: Mapping[str, str]) -> MeterClock | None:
    """Return the clock in the printed values of CLOCK_CODES.

    A complete stamp goes before a date and a time apart. None when there is none that is complete,
    unambiguous and possible.
    """
    if any(len(text) > _MAX_CLOCK_CHARS for text in printed.values()):
        return None
    for code in _STAMPS_BEST_FIRST:
        clock = _stamp(printed.get(code, ""))
        if clock is not None:
            return clock
    return _combined(_date(printed.get(DATE, "")), _time(printed.get(TIME, "")))


def _stamp(text: str) -> MeterClock | None:
    if len(text) < _MIN_STAMP_CHARS:
        return None
    found = _STAMP.fullmatch(text)
    if found is None:
        return None
    clock = _combined(_date(found["date"]), _time(found["time"]))
    season = _SEASONS.get(found["letter"])
    if clock is None or season is None:
        return clock
    return MeterClock(clock.local, season) if clock.season in {None, season} else None


def _combined(
    day: tuple[date, Season | None] | None, instant: tuple[time, Season | None] | None
) -> MeterClock | None:
    """Join a date and a time that do not contradict each other in their season."""
    if day is None or instant is None:
        return None
    season = day[1] or instant[1]
    if instant[1] not in {None, season}:
        return None
    return MeterClock(datetime.combine(day[0], instant[0]), season)


@lru_cache(_CACHED_TEXTS)
def _date(text: str) -> tuple[date, Season | None] | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups()[1:] if part)
    try:
        return date(_CENTURY + year, month, day), _SEASONS.get(found["season"])
    except ValueError:
        return None


@lru_cache(_CACHED_TEXTS)
def _time(text: str) -> tuple[time, Season | None] | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute, *seconds = (int(part) for part in found.groups()[1:] if part)
    try:
        return time(hour, minute, sum(seconds)), _SEASONS.get(found["season"])
    except ValueError:
        return None
