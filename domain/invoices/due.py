"""Purchases whose invoices and credit notes may not say what is so any more; see `bought`.

Those that are new in the books get there by themselves.
"""

from collections.abc import Sequence
from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId, JournalId
from domain.currencies import coin

NOTE = """
    insert into purchase_due (company_id, journal_id, due_at)
    select $1, journal_id, $3 from unnest($2::int8[]) journal_id
    on conflict do nothing
"""
CURRENCY = "select currency from company where id = $1"
# $4: a coin; documents are in whole ones.
NOTE_PAYMENTS = """
    insert into purchase_due (company_id, journal_id, due_at)
    select distinct p.company_id, p.journal_id, $3::timestamptz from payment p
    join journal j on j.company_id = p.company_id and j.id = p.journal_id and j.kind = 'PAYMENT'
    where p.company_id = $1 and p.account_id = any($2::int8[])
        and case p.state when 'POSTED' then (p.amount_micro - p.allocated_micro + $4 / 2) / $4 * $4
            else 0 end <> coalesce((
            select sum(i.total_micro - i.credited_micro) from invoice i
            where i.company_id = $1 and i.journal_id = p.journal_id and i.kind = 'PURCHASE'), 0)
    on conflict do nothing
"""


async def note_payments(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    now: datetime,
) -> None:
    """Note payments of which another amount is left than their documents tell."""
    currency = await connection.fetchval(CURRENCY, company_id)
    await connection.execute(NOTE_PAYMENTS, company_id, account_ids, now, coin(currency))


async def note(
    connection: Connection,
    *,
    company_id: CompanyId,
    journal_ids: Sequence[JournalId],
    now: datetime,
) -> None:
    """Note purchases in the transaction that changes what became of them."""
    await connection.execute(NOTE, company_id, journal_ids, now)
