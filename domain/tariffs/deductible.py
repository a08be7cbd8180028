"""Whether what accounts pay for can be told apart from what others pay for.

Energy that others pay for below is deducted above; not by slabs, for what they charge for it,
nobody can say, and not from a month's peak of demand, its reactive energy, or what is netted of it.
Nor from a supply that several accounts share: how much less each of them is to pay for is not
agreed between them. What other registers than the total count is not shared out either.
"""

from collections.abc import Sequence
from datetime import datetime

from db.access import Connection
from db.ids import CompanyId, TariffId
from domain.refusals import Refused

# Who pays for any point above one that an account pays for, now or later. $2: the points at which
# to look, upwards and downwards; null for all.
PAYERS_ABOVE = """
    with recursive below(point_id, way) as (
        select p.id, array[p.id] from metering_point p
        where p.company_id = $1 and p.id = any($2::int8[])
        union all
        select c.point_id, below.way || c.point_id
        from below join point_parent c on c.company_id = $1 and c.parent_id = below.point_id
        where (c.ends_at is null or c.ends_at > $3) and c.point_id <> all (below.way)
    ), child as (
        select point_id from below
        union
        select point_id from point_parent c where c.company_id = $1 and $2 is null
    ), line(point_id, way) as (
        select c.parent_id, array[c.point_id, c.parent_id]
        from child
        join metering_point p on p.company_id = $1 and p.id = child.point_id
            and p.role in ('BILLING', 'COMMON_AREA')
        join account_point ap on ap.company_id = $1 and ap.point_id = child.point_id
            and (ap.ended_at is null or ap.ended_at > $3)
        join point_parent c on c.company_id = $1 and c.point_id = child.point_id
            and (c.ends_at is null or c.ends_at > $3)
        union
        select c.parent_id, line.way || c.parent_id
        from line join point_parent c on c.company_id = $1 and c.point_id = line.point_id
            and (c.ends_at is null or c.ends_at > $3)
        where c.parent_id <> all (line.way)
    ), payer as (
        select p.code, ap.account_id, ap.share_ppm < 1000000 as is_shared
        from (select distinct point_id from line) above
        join metering_point p on p.company_id = $1 and p.id = above.point_id
            and p.role in ('BILLING', 'COMMON_AREA')
        join account_point ap on ap.company_id = $1 and ap.point_id = above.point_id
            and (ap.ended_at is null or ap.ended_at > $3)
    )
"""
SHARED_ABOVE = f"{PAYERS_ABOVE} select min(code) from payer where is_shared"
# What is due by the month, in a version's definition.
BY_MONTH = (
    "$ ? (exists (@.netting.period) || exists (@.components[*] ?"
    ' ((@.kind == "DEMAND" || @.kind == "REACTIVE") && exists (@.shape.flat))))'
)
UNDEDUCTIBLE_ABOVE = f"""
    {PAYERS_ABOVE}
    select min(payer.code) from payer
    cross join lateral account_tariffs($1, payer.account_id) t
    join tariff_version v on v.company_id = $1 and v.tariff_id = t.tariff_id and v.state = 'ACTIVE'
        and (v.valid_until is null or v.valid_until > $3)
        and (v.definition @? '$.components[*].shape.slabs' or v.definition @? '{BY_MONTH}')
    where t.ends_at is null or t.ends_at > $3
"""
OTHER_REGISTERS = '$.components[*] ? (@.register != null && @.register != "1.8.0")'
REGISTERS_SHARED = f"""
    select min(p.code) from account_point ap
    join metering_point p on p.company_id = $1 and p.id = ap.point_id
        and p.role in ('BILLING', 'COMMON_AREA')
    cross join lateral account_tariffs($1, ap.account_id) t
    join tariff_version v on v.company_id = $1 and v.tariff_id = t.tariff_id and v.state = 'ACTIVE'
        and (v.valid_until is null or v.valid_until > $3) and v.definition @? '{OTHER_REGISTERS}'
    where ap.company_id = $1 and ap.share_ppm < 1000000
        and ($2::int8[] is null or ap.point_id = any($2))
        and (ap.ended_at is null or ap.ended_at > $3) and (t.ends_at is null or t.ends_at > $3)
"""
DEPENDS_ON_POINTS = f"""
    select exists (select from tariff_version where company_id = $1 and tariff_id = $2
        and state = 'ACTIVE' and (
            definition @? '$.components[*].shape.slabs' or definition @? '{OTHER_REGISTERS}'))
"""


class NotDeductible(Refused):
    """Energy that others pay for cannot be deducted by slabs or months at the point `point`."""


class SharedAbove(Refused):
    """Energy that others pay for cannot be deducted at the point `point`, which accounts share."""


class RegistersShared(Refused):
    """What other registers than the total count is not shared out at the point `point`."""


async def depends_on_points(
    connection: Connection, company_id: CompanyId, tariff_id: TariffId
) -> bool:
    """Whether a tariff has, had, or is to have what cannot be charged at every point."""
    return bool(await connection.fetchval(DEPENDS_ON_POINTS, company_id, tariff_id))


async def check_deductible(
    connection: Connection,
    company_id: CompanyId,
    point_ids: Sequence[int] | None,
    *path: str,
    since: datetime,
) -> None:
    """Return if what accounts pay for can be deducted wherever its energy came through, and shared.

    point_ids: where to look, upwards and downwards; None for all points of the company.

    :raises NotDeductible: an account that pays for a point above has slabs, or pays by the month
    :raises SharedAbove: several accounts pay for a point above
    :raises RegistersShared: an account that pays for a shared point has prices of other registers
    """
    where = None if point_ids is None else list(point_ids)
    undeductible_at = await connection.fetchval(UNDEDUCTIBLE_ABOVE, company_id, where, since)
    if undeductible_at is not None:
        raise NotDeductible(*path, point=undeductible_at)
    shared_at = await connection.fetchval(SHARED_ABOVE, company_id, where, since)
    if shared_at is not None:
        raise SharedAbove(*path, point=shared_at)
    registers_at = await connection.fetchval(REGISTERS_SHARED, company_id, where, since)
    if registers_at is not None:
        raise RegistersShared(*path, point=registers_at)
