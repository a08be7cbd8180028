"""What indicators are cut into: local days, months, and days until credit ends. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from db.enums import LedgerAccountKind

# Where money is that somebody paid: what comes in debits these, what goes back credits them.
MONEY_SIDES = frozenset(
    {LedgerAccountKind.CASH, LedgerAccountKind.BANK, LedgerAccountKind.PROVIDER_CLEARING}
)
# Spans in which credit ends: at once, and then from one number of days to before the next.
RUN_OUT_DAYS = (0, 1, 3, 7, 14, 30, 90)
DAY = timedelta(days=1)


class IndicatorGrouping(StrEnum):
    """What indicators are told of."""

    COMPANY = "COMPANY"
    BRANCH = "BRANCH"
    FIELD = "FIELD"


class IndicatorResolution(StrEnum):
    """How long a bucket is, by the company's calendar."""

    DAY = "DAY"
    MONTH = "MONTH"


class TooManyBuckets(Exception):
    """The span has more days or months than may be asked for at once."""


def edges(
    start: datetime, end: datetime, *, size: IndicatorResolution, zone: ZoneInfo, buckets_max: int
) -> list[date]:
    """Return the first local days of the buckets that a span touches, and the day after the last.

    :raises TooManyBuckets: there are more than `buckets_max`
    """
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    found: list[date] = []
    for day in _firsts(start.astimezone(zone).date(), size):
        found.append(day)
        if day > last:
            return found
        if len(found) > buckets_max:
            break
    raise TooManyBuckets(str(buckets_max))


def _firsts(day: date, size: IndicatorResolution) -> Iterator[date]:
    """Yield the first days of buckets, from that of a day on, for ever."""
    if size is IndicatorResolution.MONTH:
        day = day.replace(day=1)
    while True:
        yield day
        day = day + DAY if size is IndicatorResolution.DAY else (day + 31 * DAY).replace(day=1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a local day begins."""
    return datetime.combine(day, time(), tzinfo=zone)
