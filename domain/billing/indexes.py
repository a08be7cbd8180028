"""Which indexes of meters are known, as far as charging needs them."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import orjson

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.billing import ancestors
from domain.billing.deductions import Above
from domain.billing.needed import needed_from
from domain.billing.profiles import with_profile
from domain.billing.queries import TERMS
from domain.billing.rules import Anchor, Segment
from domain.billing.told import told, told_before
from domain.billing.version_registers import registers_of
from domain.tariffs.definitions import read
from domain.tariffs.flows import Span

# Readings, the newest of those that were forgotten, and the indexes with which mountings and
# accounts began.
KNOWN = """
    select ts as at, index_wh from reading
    where company_id = $1 and meter_id = $2 and index_wh is not null
    union all
    select at, index_wh from kept_index where company_id = $1 and meter_id = $2
    union all
    select starts_at, base_index_wh from billing_segment
    where company_id = $1 and meter_id = $2 and not estimated
"""
# Readings have a table for each day, years of them, and the planner opens all that a question may
# be about. Nearly always, what is asked for is as near as this.
NEAR = timedelta(days=35)
LAST = f"""
    select max(at) from ({KNOWN}) k where at <= $3 and ($4::timestamptz is null or at >= $4)
"""
FIRST = f"""
    select min(at) from ({KNOWN}) k where at >= $3 and ($4::timestamptz is null or at <= $4)
"""
NEXT = f"""
    select min(at) from ({KNOWN}) k where at > $3 and ($4::timestamptz is null or at <= $4)
"""
DEFINITIONS = f"""
    select distinct definition from ({TERMS}) t
    where price_per_kwh is null and (ends_at is null or ends_at > $3)
"""
# Where terms begin or end between two indexes, and where a price has components, their days.
SPLIT = f"""
    select exists (
        select from ({TERMS}) t
        where ($4::timestamptz is null or starts_at < $4) and (
            starts_at > $3 or ends_at > $3 and ($4::timestamptz is null or ends_at < $4)
            or price_per_kwh is null and (ends_at is null or ends_at > $3)))
"""


async def anchors(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    from_at: datetime,
    until_at: datetime,
) -> list[Anchor]:
    """Return the known indexes of a meter around a span, by time.

    From the last one at or before `from_at` to the first one after `until_at`; on to the very last
    one when the terms change in between, for the split there moves every later charge, and when a
    version with components holds, for its slabs count on. Terms of deductions are terms, too.
    Where a version needs other registers, from the last reading that has them, to the very last:
    what a late one has may tell apart all up to the next one that has them. Each has what the load
    profile tells up to the next.
    """
    above = await ancestors.above(connection, company_id=company_id, meter_id=meter_id)
    start = await _last(connection, company_id, meter_id, from_at)
    end = await _first(connection, company_id, meter_id, until_at, NEXT)
    groups = await _register_groups(connection, company_id, meter_id, above, start or from_at)
    if groups or await _terms_change(
        connection, company_id, meter_id, above, start or from_at, end
    ):
        end = None
    start = await told_before(connection, company_id, meter_id, groups, from_at, start)
    rows = await connection.fetch(
        f"select at, max(index_wh) as index_wh from ({KNOWN}) k"
        " where at >= $3 and ($4::timestamptz is null or at <= $4) group by at order by at",
        company_id,
        meter_id,
        start or from_at,
        end,
    )
    known = [Anchor(row["at"], row["index_wh"]) for row in rows]
    if groups:
        known = await told(connection, company_id=company_id, meter_id=meter_id, known=known)
    return await with_profile(connection, company_id=company_id, meter_id=meter_id, known=known)


async def _register_groups(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    above: Sequence[Above],
    from_at: datetime,
) -> list[frozenset[str]]:
    """Return which registers the versions need that hold since then, or that are deducted by."""
    rows = await connection.fetch(DEFINITIONS, company_id, meter_id, from_at)
    versions = [read(orjson.loads(row["definition"])) for row in rows]
    versions += [one.version for one in above if one.version is not None]
    return list({group for version in versions for group in registers_of(version)})


async def earlier_anchors(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    before: datetime,
    segments: Sequence[Segment],
    zone: ZoneInfo,
) -> list[Anchor]:
    """Return the known indexes before an anchor that versions with components need, by time.

    From the last one at or before the beginning of its local day on; and those around the instant
    from which slabs count.
    """
    needed = needed_from(before, segments, zone)
    if needed is None:
        return []
    day_from = await _last(connection, company_id, meter_id, needed.day)
    versions = [segment.version for segment in segments if segment.version is not None]
    groups = list({group for version in versions for group in registers_of(version)})
    day_from = await told_before(connection, company_id, meter_id, groups, needed.day, day_from)
    around = []
    if needed.slabs < needed.day:
        around = [
            await _last(connection, company_id, meter_id, needed.slabs),
            await _first(connection, company_id, meter_id, needed.slabs),
        ]
    rows = await connection.fetch(
        f"select at, max(index_wh) as index_wh from ({KNOWN}) k where at >= $3 and at < $4"
        " group by at union all"
        f" select at, max(index_wh) from ({KNOWN}) k where at = any($5) and at < least($3, $4)"
        " group by at order by at",
        company_id,
        meter_id,
        day_from or needed.day,
        before,
        [at for at in around if at is not None],
    )
    known = [Anchor(row["at"], row["index_wh"]) for row in rows]
    if groups:
        known = await told(connection, company_id=company_id, meter_id=meter_id, known=known)
    # Between the day and where slabs begin to count, nothing is asked for.
    near = bisect_left(known, day_from or needed.day, key=lambda one: one.at)
    return [
        one
        for part, until in ((known[:near], None), (known[near:], before))
        for one in await with_profile(
            connection, company_id=company_id, meter_id=meter_id, known=part, until=until
        )
    ]


async def depends_on_profile(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, span: Span
) -> bool:
    """Whether charges of a meter depend on how its energy came in a span."""
    above = await ancestors.above(connection, company_id=company_id, meter_id=meter_id)
    start = await _last(connection, company_id, meter_id, span.starts_at) or span.starts_at
    end = await _first(connection, company_id, meter_id, span.ends_at)
    if any(one.unsettles(start, end) for one in above):
        return True
    return bool(await connection.fetchval(SPLIT, company_id, meter_id, start, end))


async def _last(
    connection: Connection, company_id: CompanyId, meter_id: MeterId, until: datetime
) -> datetime | None:
    """Return when the last index up to an instant is known."""
    near: datetime | None = await connection.fetchval(
        LAST, company_id, meter_id, until, until - NEAR
    )
    return near or await connection.fetchval(LAST, company_id, meter_id, until, None)


async def _first(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    since: datetime,
    query: str = FIRST,
) -> datetime | None:
    """Return when the first index from an instant on is known."""
    near: datetime | None = await connection.fetchval(
        query, company_id, meter_id, since, since + NEAR
    )
    return near or await connection.fetchval(query, company_id, meter_id, since, None)


async def _terms_change(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    above: Sequence[Above],
    start: datetime,
    end: datetime | None,
) -> bool:
    if any(one.unsettles(start, end) for one in above):
        return True
    return bool(
        await connection.fetchval(
            f"select exists (select from ({TERMS}) t"
            " where ($4::timestamptz is null or starts_at < $4)"
            " and (starts_at > $3 or price_per_kwh is null and (ends_at is null or ends_at > $3)))",
            company_id,
            meter_id,
            start,
            end,
        )
    )
