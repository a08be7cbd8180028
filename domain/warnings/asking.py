"""Asking for accounts to be looked at, without waiting for a charge."""

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId

CHUNK = 1_000

ASK_ONE = """
    insert into attention (company_id, account_id, since) values ($1, $2, now())
    on conflict do nothing
"""
# Whoever changes limits again while this is under way begins at the first account again.
MOVED = """
    insert into limits_moved as m (company_id) values ($1)
    on conflict (company_id) do update set after_account_id = 0
"""
NEXT = """
    select company_id, after_account_id from limits_moved
    order by company_id limit 1 for update skip locked
"""
ASK = """
    with next as materialized (
        select id from account where company_id = $1 and id > $2 order by id limit $3
    ), asked as (
        insert into attention (company_id, account_id, since)
        select $1, n.id, now() from next n
        join account a on a.company_id = $1 and a.id = n.id
        where a.closed_at is null and a.billing_mode = 'PREPAID'
        order by n.id on conflict do nothing
    )
    select max(id) as last_id, count(*) as count from next
"""
GO_ON = "update limits_moved set after_account_id = $2 where company_id = $1"
DONE = "delete from limits_moved where company_id = $1"


async def ask(connection: Connection, *, company_id: CompanyId, account_id: AccountId) -> None:
    """Ask in the transaction that changes an account for it to be looked at."""
    await connection.execute(ASK_ONE, company_id, account_id)


async def note_moved(connection: Connection, company_id: CompanyId) -> None:
    """Ask in the transaction that changes a company's limits for its accounts to be looked at."""
    await connection.execute(MOVED, company_id)


async def ask_attention(*, chunk: int = CHUNK) -> int:
    """Have the next accounts looked at whose company's limits changed; return how many.

    Safe to repeat: who is asked for twice is looked at once.
    """
    async with access.system() as connection:
        moved = await connection.fetchrow(NEXT)
        if moved is None:
            return 0
        company_id = moved["company_id"]
        row = await connection.fetchrow(ASK, company_id, moved["after_account_id"], chunk)
        count = 0 if row is None else int(row["count"])
        if row is None or count < chunk:
            await connection.execute(DONE, company_id)
        else:
            await connection.execute(GO_ON, company_id, row["last_id"])
        return count
