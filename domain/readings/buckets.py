"""Cutting a span of time into the hours or days of a zone. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class BucketSize(StrEnum):
    """How long a bucket is; local days may have 23 or 25 hours."""

    HOUR = "HOUR"
    DAY = "DAY"


class TooManyBuckets(Exception):
    """The span has more hours or days than may be asked for at once."""


def boundaries(
    start: datetime, end: datetime, *, size: BucketSize, zone: tzinfo, buckets_max: int
) -> list[datetime]:
    """Return where buckets begin and end (UTC), from `start` to `end` inclusive.

    The first and the last bucket are shorter when the span does not begin or end with a bucket.

    :raises TooManyBuckets: there are more than `buckets_max`
    """
    found = [start.astimezone(UTC)]
    for boundary in _starts(start, size=size, zone=zone):
        found.append(min(boundary, end.astimezone(UTC)))
        if len(found) > buckets_max + 1:
            raise TooManyBuckets(str(buckets_max))
        if boundary >= end:
            break
    return found


def _starts(after: datetime, *, size: BucketSize, zone: tzinfo) -> Iterator[datetime]:
    """Yield the starts of hours or days of the zone that come after an instant, for ever."""
    instant = after.astimezone(UTC)
    while True:
        local = instant.astimezone(zone)
        if size is BucketSize.DAY:
            # Midnight is found on the calendar, not by adding hours: days differ in length.
            midnight = datetime.combine(local.date() + DAY, time(), tzinfo=zone)
            instant = midnight.astimezone(UTC)
        else:
            instant += HOUR - timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
        yield instant
