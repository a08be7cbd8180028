"""On which local days energy was split between prices by an estimate, by account and meter."""

from collections.abc import Set as AbstractSet
from datetime import date

from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId

FORGET = """
    delete from estimated_charge where company_id = $1 and meter_id = $2
        and (account_id, local_date) in (select * from unnest($3::int8[], $4::date[]))
"""
KEEP = """
    insert into estimated_charge (company_id, meter_id, account_id, local_date)
    select $1, $2, * from unnest($3::int8[], $4::date[]) order by 3, 4 on conflict do nothing
"""

Days = AbstractSet[tuple[AccountId, date]]


async def keep(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    before: Days,
    after: Days,
) -> None:
    """Note what is estimated after something became known that was not known before."""
    for statement, days in ((FORGET, before - after), (KEEP, after - before)):
        if days:
            accounts, dates = zip(*sorted(days), strict=True)
            await connection.execute(statement, company_id, meter_id, accounts, dates)
