"""Finding the account that the same wish has opened already."""

from collections.abc import Mapping
from typing import Any

from db.access import Connection
from db.ids import AccountId, CompanyId, PointId

MADE = "select * from account where company_id = $1 and number = $2"
BEGUN = """
    select point_id, opening_index_wh from account_point
    where company_id = $1 and account_id = $2 and started_at = $3 and share_ppm = 1000000
"""


async def opened_before(
    connection: Connection,
    company_id: CompanyId,
    columns: Mapping[str, Any],
    points: Mapping[PointId, int],
) -> AccountId | None:
    """Return the account with these columns that began with these opening indexes, if there is one.

    One of which something was changed since is another.
    """
    made = await connection.fetchrow(MADE, company_id, columns["number"])
    if made is None or any(made[name] != value for name, value in columns.items()):
        return None
    begun = await connection.fetch(BEGUN, company_id, made["id"], columns["opened_at"])
    if {row["point_id"]: row["opening_index_wh"] for row in begun} != dict(points):
        return None
    return AccountId(made["id"])
