"""Local periods over which energy is netted. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.enums import NettingPeriod
from domain.tariffs.flows import Span, overlap
from domain.tariffs.schedule import DAY, day_start, local_days

HOUR = timedelta(hours=1)


class Period(NamedTuple):
    """A period, by when it begins (UTC); the month that is asked for has one, whatever it is."""

    kind: NettingPeriod
    starts_at: datetime | None


def periods(span: Span, kind: NettingPeriod, zone: ZoneInfo) -> Iterator[tuple[Period, Span]]:
    """Yield the periods that have a part of a span, by time, each with that part.

    span: what is measured of a month: its edges need not be those of the month.
    """
    if kind is NettingPeriod.MONTH:
        yield Period(kind, None), span
        return
    for day in local_days(*span, zone):
        for whole in _parts(Span(day_start(day, zone), day_start(day + DAY, zone)), kind):
            part = overlap(span, whole)
            if part is not None:
                yield Period(kind, whole.starts_at), part


def _parts(day: Span, kind: NettingPeriod) -> Iterator[Span]:
    """Yield a local day's periods; an hour that the clock repeats is two of them."""
    length = HOUR if kind is NettingPeriod.HOUR else day.ends_at - day.starts_at
    starts_at = day.starts_at
    while starts_at < day.ends_at:
        ends_at = min(starts_at + length, day.ends_at)
        yield Span(starts_at, ends_at)
        starts_at = ends_at
