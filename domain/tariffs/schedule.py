"""Local days and hours as instants: when bands begin and end, on 23- and 25-hour days too. Pure."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.enums import SlabPeriod, TariffDay
from domain.tariffs.components import MINUTES_A_DAY, Band

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
WEEKDAYS = tuple(TariffDay)[:7]
DAYS_CACHED_MAX = 8192


class Piece(NamedTuple):
    """Time in which one band holds: its place among the bands. UTC; the end is exclusive."""

    starts_at: datetime
    ends_at: datetime
    band: int


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day (UTC), even where it has no midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def local_days(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Iterator[date]:
    """Yield the local days that have a part of the span."""
    day = starts_at.astimezone(zone).date()
    while day_start(day, zone) < ends_at:
        yield day
        day += DAY


def period_start(day: date, period: SlabPeriod) -> date:
    """Return the first day of the period that a day is in."""
    match period:
        case SlabPeriod.DAY:
            return day
        case SlabPeriod.MONTH:
            return day.replace(day=1)
        case SlabPeriod.YEAR:
            return day.replace(month=1, day=1)


def kind_of(day: date, special_days: Collection[date]) -> TariffDay:
    return TariffDay.SPECIAL if day in special_days else WEEKDAYS[day.weekday()]


@lru_cache(maxsize=DAYS_CACHED_MAX)
def pieces(
    day: date, bands: tuple[Band, ...], kind: TariffDay, zone: ZoneInfo
) -> tuple[Piece, ...]:
    """Return a local day cut where another band begins, by the clock on the wall.

    An hour that the clock repeats is in its band twice; one that it skips is in none.
    """
    start, end = day_start(day, zone), day_start(day + DAY, zone)
    cuts = {start, *_wall_edges(day, bands, zone), *_change_of_clock(start, end, zone)}
    inside = [*sorted(at for at in cuts if start <= at < end), end]
    made: list[Piece] = []
    for starts_at, ends_at in pairwise(inside):
        band = _band_at(starts_at.astimezone(zone), bands, kind)
        if made and made[-1].band == band:
            made[-1] = made[-1]._replace(ends_at=ends_at)
        else:
            made.append(Piece(starts_at, ends_at, band))
    return tuple(made)


def _wall_edges(day: date, bands: tuple[Band, ...], zone: ZoneInfo) -> Iterator[datetime]:
    """Yield when the clock shows the minutes at which windows begin or end, each time it does."""
    windows = [window for band in bands for window in band.windows]
    minutes = {m % MINUTES_A_DAY for w in windows for m in (w.from_minute, w.until_minute)}
    for minute in minutes:
        wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
        yield wall.astimezone(UTC)
        yield wall.replace(fold=1).astimezone(UTC)


def _change_of_clock(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield when the clock is changed on a day on which it is."""
    before = start.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == before:
        return
    low, high = 0, (end - start) // MINUTE
    while high - low > 1:
        middle = (low + high) // 2
        unchanged = (start + middle * MINUTE).astimezone(zone).utcoffset() == before
        low, high = (middle, high) if unchanged else (low, middle)
    yield start + high * MINUTE


def _band_at(local: datetime, bands: tuple[Band, ...], kind: TariffDay) -> int:
    minute = local.hour * 60 + local.minute
    for place, band in enumerate(bands):
        if any(window.covers(kind, minute) for window in band.windows):
            return place
    raise ValueError(f"no band covers minute {minute} of a {kind}")
