"""Spans of time that readings are asked for, and how much of them may be asked for at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from api.errors import BadUserInput, TooComplex
from db.access import Connection
from domain.listing import Wall
from domain.readings.buckets import BucketSize, TooManyBuckets, boundaries
from domain.readings.queries import Energy, Reading, energy, of_span

BUCKETS_MAX = 1_000
READINGS_MAX = 1_000
# Of all meters of a request together.
ROWS_MAX = 10_000


class Resolution(StrEnum):
    """How finely readings are told."""

    RAW = "RAW"
    HOUR = "HOUR"
    DAY = "DAY"


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to before `end`, cut by the calendar of `time_zone`."""

    start: datetime
    end: datetime
    time_zone: str
    resolution: Resolution

    def edges(self) -> list[datetime]:
        """Return where the span's buckets begin and end.

        :raises BadUserInput: there are too many
        """
        try:
            return boundaries(
                self.start,
                self.end,
                size=BucketSize(self.resolution.value),
                zone=ZoneInfo(self.time_zone),
                buckets_max=BUCKETS_MAX,
            )
        except TooManyBuckets as error:
            expected = f"expected at most {BUCKETS_MAX} buckets; take a shorter range"
            raise BadUserInput("range", expected) from error


@dataclass(frozen=True, slots=True)
class SpanSeries:
    """What a meter measured in a span: readings, or buckets."""

    readings: list[Reading] | None = None
    buckets: list[Energy] | None = None


async def series_of(
    connection: Connection, meter_ids: Sequence[int], span: Span, *, wall: Wall
) -> dict[int, SpanSeries]:
    """Return what each meter measured.

    :raises BadUserInput: the span is too long for one meter
    :raises TooComplex: it is too long for so many meters
    """
    if span.resolution is Resolution.RAW:
        return await _raw(connection, meter_ids, span, wall=wall)
    edges = span.edges()
    check_buckets(len(meter_ids) * (len(edges) - 1))
    found = await energy(connection, meter_ids, edges, wall=wall)
    return {meter_id: SpanSeries(buckets=buckets) for meter_id, buckets in found.items()}


async def _raw(
    connection: Connection, meter_ids: Sequence[int], span: Span, *, wall: Wall
) -> dict[int, SpanSeries]:
    # Enough for one row too many, either of a meter or of all.
    limit = min(READINGS_MAX, ROWS_MAX // len(meter_ids)) + 1
    found = await of_span(
        connection, meter_ids, start=span.start, end=span.end, limit=limit, wall=wall
    )
    if any(len(readings) == limit for readings in found.values()):
        raise BadUserInput("range", f"expected at most {limit - 1} readings; take a shorter range")
    return {meter_id: SpanSeries(readings=readings) for meter_id, readings in found.items()}


def check_buckets(asked: int) -> None:
    """Return if so many buckets of all meters together may be asked for.

    :raises TooComplex: they are too many
    """
    if asked > ROWS_MAX:
        raise TooComplex(
            f"{asked} buckets are asked for; at most {ROWS_MAX} may be.",
            limit=ROWS_MAX,
            asked=asked,
        )
