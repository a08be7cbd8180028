"""Bought credit gets its documents, in the transactions of a queue.

Which purchases may lack some stands there, put by the books and by whatever changes what a purchase
pays, in the transactions that make it so. What is missing follows from the facts alone; what cannot
be made stays in the queue and is tried again.
"""

import logging
from datetime import datetime, timedelta

from db import access
from db.access import Connection, DatabaseUnavailable
from db.ids import AccountId, CompanyId, JournalId
from domain.invoices import own_credit
from domain.invoices.purchase_documents import Purchase
from domain.ledger.posting import LOCK_BALANCES
from domain.ledger.rules import PURCHASES

# Other jobs of the process wait for this one.
PURCHASES_MAX = 500
TRY_AGAIN = timedelta(minutes=5)

TAKE = """
    select company_id, journal_id from purchase_due where due_at <= $1
    order by due_at limit 1 for update skip locked
"""
DONE = "delete from purchase_due where company_id = $1 and journal_id = $2"
LATER = "update purchase_due set due_at = $3 where company_id = $1 and journal_id = $2"
# Whoever tells of a payment, a refund or a dispute waits here until the documents are made.
TOP_UP = "select id from top_up where company_id = $1 and journal_id = $2 for no key update"
# Whoever undoes a payment holds its account's balance.
ACCOUNT = """
    select e.account_id, j.kind from journal j
    join entry e on e.company_id = j.company_id and e.journal_id = j.id
    where j.company_id = $1 and j.id = $2 and e.account_id is not null limit 1
"""

log = logging.getLogger(__name__)


async def work(*, now: datetime) -> int:
    """Make the documents that bought credit lacks; return how many were looked at. Repeatable."""
    for done in range(PURCHASES_MAX):
        if not await _next(now):
            return done
    return PURCHASES_MAX


async def _next(now: datetime) -> bool:
    async with access.system() as connection:
        row = await connection.fetchrow(TAKE, now)
        if row is None:
            return False
        company_id, journal_id = CompanyId(row["company_id"]), JournalId(row["journal_id"])
        try:
            async with connection.transaction():
                await _documents(connection, company_id, journal_id, now)
                await connection.execute(DONE, company_id, journal_id)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("purchases.not_invoiced", extra={"journal": journal_id})
            await connection.execute(LATER, company_id, journal_id, now + TRY_AGAIN)
    return True


async def _documents(
    connection: Connection, company_id: CompanyId, journal_id: JournalId, now: datetime
) -> None:
    top_up_id = await connection.fetchval(TOP_UP, company_id, journal_id)
    (of,) = await connection.fetch(ACCOUNT, company_id, journal_id)
    account_id = AccountId(of["account_id"])
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    purchase = Purchase(connection, company_id, account_id, journal_id, top_up_id, now)
    is_new = of["kind"] in PURCHASES and not await purchase.invoices()
    await own_credit.settle(
        connection,
        company_id=company_id,
        account_ids=[account_id],
        bought=journal_id if is_new else None,
        now=now,
    )
    await purchase.tell()
