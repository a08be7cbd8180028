"""Load profiles as series: intervals or buckets of a span, the gaps in them, and their checks."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from db.access import Connection
from domain.listing import Record, Wall, fetch
from domain.profiles.queries import index_before
from domain.profiles.rules import IMPORT_CHANNELS, THOUSANDTHS, by_the_best
from domain.tariffs.courses import Contradiction, Course, Mark
from domain.tariffs.flows import Interval, Span, told_of
from domain.tariffs.schedule import DAY

BEFORE = index_before(
    "load_interval",
    company="{company}",
    meter="parent.id",
    since="{before_since}",
    until="{end}",
)
# The table is called by its own name in these, because the wall's condition speaks of it. No
# interval is longer than a day. The bounds are values, as in `queries`.
TOLD = """
    select parent.id as meter_id, found.*
    from unnest({{ids}}::int8[]) as parent(id)
    cross join lateral (
        select load_interval.channel, load_interval.starts_at, load_interval.ends_at,
            load_interval.unit, load_interval.value - case load_interval.kind
                when 'INDEX' then before.value else 0 end as energy
        from load_interval
        {before}
        where load_interval.company_id = {{company}} and load_interval.meter_id = parent.id
            and load_interval.channel = any({{channels}}::text[])
            and load_interval.starts_at > {{since}}
            and load_interval.starts_at < {{end}} and load_interval.ends_at > {{start}} and {wall}
        order by load_interval.starts_at
        limit {{limit}}
    ) found
"""
INDEXES = """
    select parent.id as meter_id, found.*
    from unnest({{ids}}::int8[]) as parent(id)
    cross join lateral (
        select reading.ts, max(reading.index_wh) as index_wh
        from reading
        where reading.company_id = {{company}} and reading.meter_id = parent.id
            and reading.index_wh is not null
            and reading.ts >= {{start}} and reading.ts <= {{end}} and {wall}
        group by reading.ts order by reading.ts
        limit {{limit}}
    ) found
"""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a meter's profile tells: by time, not overlapping. unit: of the energy: Wh, varh."""

    intervals: Sequence[Interval] = ()
    unit: str = "Wh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Energy of a stretch of time; None where nothing tells. is_complete: whether all of it is."""

    span: Span
    energy: Decimal | None
    is_complete: bool


class TooMany(Exception):
    """A meter has more intervals or readings in the span than may be asked for at once."""


async def profiles(
    connection: Connection,
    meter_ids: Sequence[int],
    span: Span,
    *,
    channel: str | None,
    limit: int,
    wall: Wall,
) -> dict[int, Profile]:
    """Return what meters' profiles tell of a span; what crosses its edges as a whole.

    channel: None for what billing goes by. limit: of intervals of a meter.

    :raises TooMany: a meter has more
    """
    values = {
        **wall.values,
        "ids": list(meter_ids),
        "channels": [channel] if channel else list(IMPORT_CHANNELS),
        "start": span.starts_at,
        "end": span.ends_at,
        "since": span.starts_at - DAY,
        "before_since": span.starts_at - 2 * DAY,
        "limit": limit + 1,
    }
    template = TOLD.format(before=BEFORE, wall=wall.condition("load_interval"))
    rows = await _by_meter(connection, template, values)
    return {meter_id: _profile(its, channel) for meter_id, its in rows.items()}


def _profile(rows: Sequence[Record], channel: str | None) -> Profile:
    told = [row for row in rows if row["energy"] is not None and row["energy"] >= 0]
    if channel is None:
        of_import = [
            (row["channel"], row["starts_at"], row["ends_at"], row["energy"])
            for row in told
            if row["unit"] == "Wh"
        ]
        return Profile(by_the_best(of_import, IMPORT_CHANNELS))
    intervals = [
        Interval(row["starts_at"], row["ends_at"], Fraction(row["energy"], THOUSANDTHS))
        for row in told
    ]
    return Profile(intervals, told[0]["unit"] if told else "Wh")


async def _by_meter(
    connection: Connection, template: str, values: dict[str, object]
) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = defaultdict(list)
    for row in await fetch(connection, template, values):
        found[row["meter_id"]].append(row)
    limit = values["limit"]
    if any(len(rows) == limit for rows in found.values()):
        raise TooMany
    return found


def raw(profile: Profile, span: Span) -> list[Bucket]:
    """Return the intervals that begin in a span."""
    return [
        Bucket(
            span=Span(one.starts_at, one.ends_at),
            energy=_exact(one.energy_wh),
            is_complete=True,
        )
        for one in profile.intervals
        if span.starts_at <= one.starts_at
    ]


def bucketed(profile: Profile, edges: Sequence[datetime]) -> list[Bucket]:
    """Return the energy between one edge and the next; intervals across one are cut by time."""
    return [_bucket(profile, Span(*edge)) for edge in pairwise(edges)]


def _bucket(profile: Profile, span: Span) -> Bucket:
    told = told_of(span, profile.intervals)
    if not told.energies:
        return Bucket(span=span, energy=None, is_complete=False)
    return Bucket(span=span, energy=_exact(sum(told.energies)), is_complete=not told.gaps)


def missing(profile: Profile, span: Span) -> list[Span]:
    """Return the times of a span that nothing tells of, by time."""
    if span.starts_at >= span.ends_at:
        return []
    told = told_of(span, profile.intervals)
    return told.gaps if told.pieces else [span]


async def sum_checks(
    connection: Connection, meter_ids: Sequence[int], span: Span, *, limit: int, wall: Wall
) -> dict[int, list[Contradiction]]:
    """Return where meters' profiles do not add up to what the total register gained.

    limit: of intervals, and of readings, of a meter.

    :raises TooMany: a meter has more
    """
    told = await profiles(connection, meter_ids, span, channel=None, limit=limit, wall=wall)
    values = {
        **wall.values,
        "ids": list(meter_ids),
        "start": span.starts_at,
        "end": span.ends_at,
        "limit": limit + 1,
    }
    rows = await _by_meter(connection, INDEXES.format(wall=wall.condition("reading")), values)
    return {
        meter_id: Course(
            marks=[Mark(row["ts"], row["index_wh"]) for row in its],
            profile=told.get(meter_id, Profile()).intervals,
        ).contradictions()
        for meter_id, its in rows.items()
    }


def _exact(energy: Fraction | int) -> Decimal:
    """Return energy to a thousandth."""
    return Decimal(round(energy * THOUSANDTHS)) / THOUSANDTHS
