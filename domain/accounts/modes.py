"""When accounts paid before they consumed, and when after: one row a stay in a mode.

Kept in the transaction that opens or changes the account. The last mode outlasts the account: when
it ends, and whether its end is taken back, changes nothing here.
"""

from datetime import datetime

from db.access import Connection
from db.enums import BillingMode
from db.ids import AccountId, CompanyId

LAST = """
    select mode, started_at from account_mode
    where company_id = $1 and account_id = $2 and ended_at is null
"""
END = """
    update account_mode set ended_at = $3
    where company_id = $1 and account_id = $2 and ended_at is null and started_at < $3
"""
# Whoever changes it twice at an instant changes what began then.
BEGIN = """
    insert into account_mode (company_id, account_id, started_at, mode) values ($1, $2, $3, $4)
    on conflict (company_id, account_id, started_at) do update set mode = excluded.mode
"""


async def begin(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    mode: BillingMode,
    at: datetime,
) -> None:
    """Begin the first stay of an account."""
    await connection.execute(BEGIN, company_id, account_id, at, mode)


async def change(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    mode: BillingMode,
    now: datetime,
) -> None:
    """Begin another stay, where the mode is another. The caller has changed the account's row."""
    last = await connection.fetchrow(LAST, company_id, account_id)
    if last is not None and last["mode"] == mode:
        return
    # Clocks of two machines may differ.
    at = now if last is None else max(now, last["started_at"])
    await connection.execute(END, company_id, account_id, at)
    await connection.execute(BEGIN, company_id, account_id, at, mode)
