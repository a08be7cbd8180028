"""Load profiles over spans of time, and how much of them may be asked for at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.errors import BadUserInput
from api.spans import BUCKETS_MAX, Resolution, Span, check_buckets
from db.access import Connection
from domain.listing import Wall
from domain.profiles.series import (
    Bucket,
    Profile,
    TooMany,
    bucketed,
    missing,
    profiles,
    raw,
    sum_checks,
)
from domain.tariffs.courses import Contradiction
from domain.tariffs.flows import Span as Stretch

# Of all meters of a request together: a year of quarters of an hour, and some more.
INTERVALS_MAX = 40_000
SUM_CHECK_MAX = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class ProfileSeries:
    """A meter's profile over a span: buckets by time, and what is missing until now."""

    buckets: Sequence[Bucket] = ()
    missing: Sequence[Stretch] = ()
    unit: str = "Wh"


async def profile_series_of(
    connection: Connection,
    meter_ids: Sequence[int],
    span: Span,
    channel: str | None,
    *,
    now: datetime,
    wall: Wall,
) -> dict[int, ProfileSeries]:
    """Return the profile of each meter.

    channel: None for what billing goes by.

    :raises BadUserInput: the span is too long for one meter
    :raises TooComplex: it is too long for so many meters
    """
    edges = [] if span.resolution is Resolution.RAW else span.edges()
    check_buckets(len(meter_ids) * (len(edges) - 1))
    # Some begin before the span, and another channel may tell the same.
    most = BUCKETS_MAX if span.resolution is Resolution.RAW else INTERVALS_MAX
    whole = Stretch(span.start, span.end)
    try:
        found = await profiles(
            connection,
            meter_ids,
            whole,
            channel=channel,
            limit=min(most, INTERVALS_MAX // len(meter_ids)),
            wall=wall,
        )
    except TooMany as error:
        expected = f"expected at most {most} intervals; take a shorter range"
        raise BadUserInput("range", expected) from error
    until_now = Stretch(span.start, min(span.end, max(span.start, now)))
    return {
        meter_id: _series(found.get(meter_id, Profile()), whole, edges, until_now)
        for meter_id in meter_ids
    }


def _series(
    profile: Profile, span: Stretch, edges: Sequence[datetime], until_now: Stretch
) -> ProfileSeries:
    gaps = missing(profile, until_now)
    if len(gaps) > BUCKETS_MAX:
        raise BadUserInput("range", f"expected at most {BUCKETS_MAX} gaps; take a shorter range")
    buckets = bucketed(profile, edges) if edges else raw(profile, span)
    return ProfileSeries(buckets, gaps, profile.unit)


async def sum_checks_of(
    connection: Connection, meter_ids: Sequence[int], span: Stretch, *, wall: Wall
) -> dict[int, list[Contradiction]]:
    """Return where the profile of each meter does not add up to its total register.

    :raises BadUserInput: the span is too long
    """
    expected = f"expected at most {SUM_CHECK_MAX.days} days; take a shorter range"
    if span.ends_at - span.starts_at > SUM_CHECK_MAX:
        raise BadUserInput("range", expected)
    limit = INTERVALS_MAX // len(meter_ids)
    try:
        return await sum_checks(connection, meter_ids, span, limit=limit, wall=wall)
    except TooMany as error:
        raise BadUserInput("range", expected) from error
