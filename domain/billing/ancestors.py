"""The points that a meter's energy comes through, and who pays for what they measure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from asyncpg import Record

from db.access import Connection
from db.enums import BillingBasis
from db.ids import CompanyId, MeterId
from domain.billing.deductions import Above, deductions
from domain.billing.rules import Segment
from domain.tariffs.proposals import version_of

# The way up from wherever a meter was mounted and may charge somebody; each stretch is when all of
# the way was so. Parents may have changed places: no point is above itself.
LINE_OF = """
    with recursive line(point_id, distance, starts_at, ends_at, way) as (
        select c.parent_id, 1, greatest(m.started_at, c.starts_at),
            least(m.ended_at, c.ends_at), array[c.point_id, c.parent_id]
        from mounting m
        join metering_point p on p.company_id = m.company_id and p.id = m.point_id
            and p.role in ('BILLING', 'COMMON_AREA')
        join point_parent c on c.company_id = m.company_id and c.point_id = m.point_id
        where m.company_id = $1 and m.meter_id = {meter} and greatest(m.started_at, c.starts_at)
            < coalesce(least(m.ended_at, c.ends_at), 'infinity')
        union all
        select c.parent_id, line.distance + 1, greatest(line.starts_at, c.starts_at),
            least(line.ends_at, c.ends_at), line.way || c.parent_id
        from line join point_parent c on c.company_id = $1 and c.point_id = line.point_id
        where greatest(line.starts_at, c.starts_at)
                < coalesce(least(line.ends_at, c.ends_at), 'infinity')
            and c.parent_id <> all (line.way)
    )
"""
LINE = LINE_OF.format(meter="$2")
# A point without a meter measures nothing, so there is nothing to deduct from.
ABOVE_OF = """
    {line}
    select line.distance, t.tariff_id, t.billing_basis, ap.account_id, a.category, v.price_per_kwh,
        v.definition,
        greatest(line.starts_at, m.started_at, ap.started_at, t.starts_at, v.valid_from)
            as starts_at,
        least(line.ends_at, m.ended_at, ap.ended_at, t.ends_at, v.valid_until) as ends_at
    from line
    join metering_point p on p.company_id = $1 and p.id = line.point_id
        and p.role in ('BILLING', 'COMMON_AREA')
    join mounting m on m.company_id = $1 and m.point_id = line.point_id
    join account_point ap on ap.company_id = $1 and ap.point_id = line.point_id
    join account a on a.company_id = $1 and a.id = ap.account_id
    cross join lateral account_tariffs(ap.company_id, ap.account_id) t
    join tariff_version v on v.company_id = $1 and v.tariff_id = t.tariff_id and v.state = 'ACTIVE'
    where greatest(line.starts_at, m.started_at, ap.started_at, t.starts_at, v.valid_from)
        < coalesce(least(line.ends_at, m.ended_at, ap.ended_at, t.ends_at, v.valid_until),
            'infinity')
    order by starts_at, line.distance
"""
ABOVE = ABOVE_OF.format(line=LINE)
# Of several meters at once: $2.
ABOVE_OF_MANY = f"""
    select asked.meter_id, above.* from unnest($2::int8[]) asked (meter_id)
    cross join lateral ({ABOVE_OF.format(line=LINE_OF.format(meter="asked.meter_id"))}) above
"""
IS_PAID_FOR = f"""
    {LINE}
    select exists (
        select from line
        join metering_point p on p.company_id = $1 and p.id = line.point_id
            and p.role in ('BILLING', 'COMMON_AREA')
        join account_point ap on ap.company_id = $1 and ap.point_id = line.point_id
            and (ap.ended_at is null or ap.ended_at > $3)
        where line.ends_at is null or line.ends_at > $3)
"""
BASES = """
    select starts_at, base_index_wh from billing_segment
    where company_id = $1 and meter_id = $2 and starts_at = any($3::timestamptz[])
        and (starts_at <= $4 or not estimated)
"""


async def above(connection: Connection, *, company_id: CompanyId, meter_id: MeterId) -> list[Above]:
    """Return when which points above a meter charge, and on which terms."""
    return [_above(row) for row in await connection.fetch(ABOVE, company_id, meter_id)]


async def above_of(
    connection: Connection, *, company_id: CompanyId, meter_ids: Sequence[MeterId]
) -> dict[MeterId, list[Above]]:
    """Return the same for meters that have any."""
    found: dict[MeterId, list[Above]] = defaultdict(list)
    if not meter_ids:
        return found
    for row in await connection.fetch(ABOVE_OF_MANY, company_id, meter_ids):
        found[MeterId(row["meter_id"])].append(_above(row))
    return found


def _above(row: Record) -> Above:
    return Above(
        distance=row["distance"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        account_id=row["account_id"],
        price_per_kwh=row["price_per_kwh"],
        version=version_of(row) if row["price_per_kwh"] is None else None,
        basis=BillingBasis(row["billing_basis"]),
        category=row["category"],
    )


async def are_paid_for(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, at: datetime
) -> bool:
    """Whether an account pays for a point above a meter, after `at` as far as is known now."""
    return bool(await connection.fetchval(IS_PAID_FOR, company_id, meter_id, at))


async def deducted(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    own: Sequence[Segment],
    from_at: datetime,
    until_at: datetime,
) -> list[Segment]:
    """Return on which terms a meter's energy within a span is deducted, by time.

    own: on which terms it is charged there. An estimated base within the span is left out, as in
    `queries.segments`: an index has one value at an instant, whoever counts from there.
    """
    found = await above(connection, company_id=company_id, meter_id=meter_id)
    within = [
        piece
        for piece in deductions(own, found)
        if piece.starts_at < until_at and (piece.ends_at is None or piece.ends_at > from_at)
    ]
    starts = [piece.starts_at for piece in within]
    rows = await connection.fetch(BASES, company_id, meter_id, starts, from_at)
    bases = {row["starts_at"]: row["base_index_wh"] for row in rows}
    return [
        piece
        if piece.portion is not None
        else replace(piece, base_index_wh=bases.get(piece.starts_at))
        for piece in within
    ]
