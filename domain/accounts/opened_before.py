"""Finding the account that the same wish has opened already."""

from collections.abc import Mapping
from typing import Any

from db.access import Connection
from db.ids import AccountId, CompanyId, PointId

# The account that the same wish made, unless something of it was changed since.
MADE = """
    select a.id from account a
    where a.company_id = $1 and a.number = $2 and a.subscriber_id = $3 and a.premises_id = $4
        and a.tariff_id is not distinct from $5 and a.billing_mode = $6
        and a.warning_limit_micro is not distinct from $7
        and a.cut_off_limit_micro is not distinct from $8
        and a.reconnect_limit_micro is not distinct from $9
        and a.opened_at = $10 and a.category is not distinct from $11
"""
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

    columns: in the order of MADE.
    """
    account_id = await connection.fetchval(MADE, company_id, *columns.values())
    begun = await connection.fetch(BEGUN, company_id, account_id, columns["opened_at"])
    if {row["point_id"]: row["opening_index_wh"] for row in begun} != dict(points):
        return None
    return None if account_id is None else AccountId(account_id)
