"""Credit that accounts buy at a cash desk or by a transfer, as they do through a provider.

Where an account pays before it consumes, what is paid clears what is owed and is credit then. An
invoice that is open comes first: it is paid as any other.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.ids import AccountId, CompanyId, JournalId, PaymentId
from domain.money import micro
from domain.payments import allocation
from domain.payments.rules import PURCHASES
from domain.topups.booking import cleared_now
from domain.topups.clearing import Cleared, Owed, clear
from domain.topups.receipts import put_receipt

BUYS = """
    select a.billing_mode = 'PREPAID' and not exists (
        select from invoice i
        where i.company_id = $1 and i.account_id = $2 and i.kind = 'MONTHLY'
            and i.total_micro > i.paid_micro + i.credited_micro)
    from account a where a.company_id = $1 and a.id = $2
"""
CURRENCY = "select currency from company where id = $1"
OWES_DOCUMENTS = """
    insert into purchase_due (company_id, journal_id, due_at)
    select company_id, id, $3 from journal
    where company_id = $1 and id = $2 and kind = any($4::text[])
    on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class Use:
    """What a payment is for, and where it goes."""

    buys_credit: bool
    cleared: Cleared


async def use_of(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    amount: Decimal,
    now: datetime,
) -> Use:
    """Return what a payment is for. The caller has locked the account's balance."""
    if not await connection.fetchval(BUYS, company_id, account_id):
        return Use(False, clear(amount, Owed(), share=None))
    cleared = await cleared_now(
        connection, company_id=company_id, account_id=account_id, received=amount, now=now
    )
    return Use(True, cleared)


async def finish(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    payment_id: PaymentId,
    journal_id: JournalId,
    cleared: Cleared,
    now: datetime,
) -> None:
    """Say that a payment has bought credit, so that it pays no invoice, and send the receipt."""
    await allocation.give(
        connection,
        company_id=company_id,
        parts=[(payment_id, micro(cleared.amount))],
        journal_id=journal_id,
        now=now,
    )
    await put_receipt(
        connection,
        company_id=company_id,
        account_id=account_id,
        currency=await connection.fetchval(CURRENCY, company_id),
        cleared=cleared,
        # What somebody wrote with the payment may be of a person.
        reference=str(payment_id),
        now=now,
    )


async def note_undone(
    connection: Connection, *, company_id: CompanyId, journal_id: JournalId, now: datetime
) -> None:
    """Say that the invoice of what was bought, if it was that, may have to be taken back."""
    kinds = list(PURCHASES.values())
    await connection.execute(OWES_DOCUMENTS, company_id, journal_id, now, kinds)
