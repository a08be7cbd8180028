"""Through which points a point's energy came, and when. What was charged before a change stays."""

from datetime import datetime

from db.access import Connection
from db.ids import CompanyId, PointId
from domain.billing import submeters
from domain.tariffs.deductible import check_deductible

BEGIN = """
    insert into point_parent (company_id, point_id, parent_id, starts_at)
    values ($1, $2, $3, coalesce($4::timestamptz, '-infinity'))
"""
FORGET_UNUSED = """
    delete from point_parent where company_id = $1 and point_id = $2
        and ($3::timestamptz is null or starts_at >= $3)
"""
END = """
    update point_parent set ends_at = $3
    where company_id = $1 and point_id = $2 and (ends_at is null or ends_at > $3)
"""


async def begin(
    connection: Connection, company_id: CompanyId, point_id: PointId, parent_id: PointId
) -> None:
    """Write the parent of a new point, whose energy never came another way."""
    await connection.execute(BEGIN, company_id, point_id, parent_id, None)


async def change(
    connection: Connection,
    company_id: CompanyId,
    point_id: PointId,
    parent_id: PointId | None,
    *,
    now: datetime,
) -> None:
    """Write that a point's energy comes through another point from now on, or through none.

    It takes effect where the last of the meters at and below the point is charged to, if that is
    later. Where there never was a meter, it has always been so. The points' lines are held.

    :raises NotDeductible: an account that pays for a point above has slabs
    :raises SharedAbove: several accounts pay for a point above
    """
    held = await submeters.hold_meters(connection, company_id, [point_id])
    at = max([now, *(one.billed_at for one in held if one.billed_at is not None)])
    since = at if held else None
    await connection.execute(FORGET_UNUSED, company_id, point_id, since)
    if since is not None:
        await connection.execute(END, company_id, point_id, since)
    if parent_id is not None:
        await connection.execute(BEGIN, company_id, point_id, parent_id, since)
        await check_deductible(connection, company_id, [point_id], "parent_id", since=at)
    await submeters.look_again(connection, company_id, held)
