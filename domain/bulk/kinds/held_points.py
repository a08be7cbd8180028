"""Holding on to several metering points."""

from collections.abc import Iterable

from db.access import Connection
from db.ids import CompanyId

LOCK_POINTS = """
    select id from metering_point where company_id = $1 and id = any($2::int8[])
    order by id for no key update
"""


async def hold_points(
    connection: Connection, company_id: CompanyId, point_ids: Iterable[int]
) -> None:
    await connection.execute(LOCK_POINTS, company_id, list(point_ids))
