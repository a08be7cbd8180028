"""Charging an account's months before their turn comes."""

from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.billing.queries import company_zone
from domain.invoices.rules import Month
from domain.month_charges.account_month import charge

# Whoever charges one of them already waits for balances that the caller may hold.
TAKE = """
    delete from month_due where (company_id, account_id, month) in (
        select company_id, account_id, month from month_due
        where company_id = $1 and account_id = $2 for update skip locked)
    returning month
"""


async def charge_waiting(
    connection: Connection, *, company_id: CompanyId, account_id: AccountId, now: datetime
) -> None:
    """Charge the months of an account that wait to be looked at again, in the caller's transaction.

    For who settles it now, and must have nothing come after.
    """
    zone = await company_zone(connection, company_id)
    taken = await connection.fetch(TAKE, company_id, account_id)
    for first in sorted(row["month"] for row in taken):
        await charge(
            connection,
            company_id=company_id,
            account_id=account_id,
            month=Month(first),
            zone=zone,
            now=now,
        )
