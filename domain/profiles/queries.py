"""Reading load profiles."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.profiles.rules import EXPORT_CHANNELS, IMPORT_CHANNELS, PRICED_CHANNELS, by_the_best
from domain.tariffs.flows import Interval
from domain.tariffs.schedule import DAY


def index_before(interval: str, *, company: str, meter: str, since: str, until: str) -> str:
    """Return the join of the index at an interval's start, as `before`, for those told by indexes.

    No interval is longer than a day. The bounds are values, for with those that are sums the
    planner opens the tables of all days: years of them, at each reading.
    """
    return f"""
        left join lateral (
            select p.value from load_interval p
            where {interval}.kind = 'INDEX' and p.kind = 'INDEX' and p.company_id = {company}
                and p.meter_id = {meter} and p.channel = {interval}.channel
                and p.starts_at >= {interval}.starts_at - interval '1 day'
                and p.starts_at < {interval}.starts_at and p.ends_at = {interval}.starts_at
                and p.starts_at >= {since} and p.starts_at < {until}
        ) before on true
    """


# The energy before an index is what lies between it and the one at its start; a register that fell
# tells nothing.
ENERGIES = f"""
    select i.channel, i.starts_at, i.ends_at, i.energy
    from (
        select i.channel, i.starts_at, i.ends_at,
            case i.kind when 'INDEX' then i.value - before.value else i.value end as energy
        from load_interval i
        {index_before("i", company="$1", meter="$2", since="$7", until="$4")}
        where i.company_id = $1 and i.meter_id = $2 and i.channel = any($5::text[])
            and i.unit = 'Wh' and i.starts_at > $6 and i.starts_at < $4 and i.ends_at > $3
    ) i
    where i.energy >= 0
"""
PROFILED = """
    select m.id from unnest($2::int8[]) m (id)
    where exists (
        select from load_interval i
        where i.company_id = $1 and i.meter_id = m.id and i.channel = any($5::text[])
            and i.starts_at >= $3 and i.starts_at < $4)
"""


class BothWays(NamedTuple):
    """What a profile tells of energy in both directions, by time."""

    imported: Sequence[Interval]
    exported: Sequence[Interval]


async def with_profiles(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_ids: Iterable[MeterId],
    start: datetime,
    end: datetime,
) -> set[MeterId]:
    """Return which meters' profiles tell anything of a span."""
    rows = await connection.fetch(
        PROFILED, company_id, list(meter_ids), start, end, IMPORT_CHANNELS
    )
    return {MeterId(row["id"]) for row in rows}


async def told_in(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    start: datetime,
    end: datetime,
) -> BothWays:
    """Return what a meter's profile tells of a span, by time; what crosses its edges as a whole."""
    rows = await _energies(connection, company_id, meter_id, start, end)
    since = min((row["starts_at"] for row in rows), default=start)
    until = max((row["ends_at"] for row in rows), default=end)
    if since < start or until > end:
        # What displaces those that cross the edges may be beyond these.
        rows = await _energies(connection, company_id, meter_id, since, until)
    told = [tuple(row) for row in rows]
    return BothWays(
        *(
            [one for one in by_the_best(told, way) if one.starts_at < end and one.ends_at > start]
            for way in (IMPORT_CHANNELS, EXPORT_CHANNELS)
        )
    )


async def _energies(
    connection: Connection, company_id: CompanyId, meter_id: MeterId, start: datetime, end: datetime
) -> list[Record]:
    return await connection.fetch(
        ENERGIES, company_id, meter_id, start, end, PRICED_CHANNELS, start - DAY, start - 2 * DAY
    )
