"""How payments stand in the books, and what they pay first. In the caller's transaction."""

from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId, InvoiceId, JournalId, PaymentId
from domain import rows
from domain.invoices import own_credit
from domain.ledger.posting import post
from domain.ledger.rules import Line
from domain.money import major, micro
from domain.payments import allocation, buying
from domain.payments.buying import Bought
from domain.payments.rules import shares
from domain.payments.taken import Taken
from domain.refusals import NotThere
from domain.tariffs.tax_in_advance import with_taxes

INVOICE = """
    select total_micro - paid_micro - credited_micro as open_micro from invoice
    where company_id = $1 and id = $2 and account_id = $3 and kind = 'MONTHLY'
"""


async def book(connection: Connection, taken: Taken, *, now: datetime) -> PaymentId:
    """Take money into the books, and let it pay the invoice that is named.

    Where the account pays before it consumes, it pays the others that are open too, the oldest due
    first, and what is left buys credit: in a transaction of its own, for that is a purchase. The
    caller has locked the account's balance.
    """
    buys = await buying.buys(connection, taken)
    if buys:
        # What a refund or a dispute has taken since may be owed again.
        await own_credit.settle(
            connection, company_id=taken.company_id, account_ids=[taken.account_id], now=now
        )
    due = await _due(connection, taken, others=buys)
    paying = taken.amount
    if buys:
        paying = min(paying, major(sum(open_micro for _, open_micro in due)))
    # First, for the balance no longer owes it when the rest is credited.
    journal_id = await _pay(connection, taken, paying, now) if paying else None
    rest = taken.amount - paying
    bought = await buying.buy(connection, taken, rest, now=now) if rest else None
    payment_id = await _insert(connection, taken, journal_id, bought, now)
    shared = shares([(payment_id, micro(paying))], due)
    await allocation.allocate(connection, company_id=taken.company_id, shared=shared, now=now)
    if bought is not None:
        await buying.finish(connection, taken, payment_id, bought, now=now)
    return payment_id


async def _due(
    connection: Connection, taken: Taken, *, others: bool
) -> list[tuple[InvoiceId, int]]:
    """Return what a payment pays first, the named invoice before others, with what is open."""
    named = []
    if taken.invoice_id is not None:
        key = (taken.company_id, taken.account_id, taken.invoice_id)
        named = [(taken.invoice_id, await open_of(connection, *key))]
    if not others:
        return named
    due = await allocation.due(connection, company_id=taken.company_id, account_id=taken.account_id)
    return named + [one for one in due if one[0] != taken.invoice_id]


async def _pay(connection: Connection, taken: Taken, amount: Decimal, now: datetime) -> JournalId:
    line = Line(LedgerAccountKind.CREDIT, amount, taken.account_id)
    posting = taken.posting(JournalKind.PAYMENT, amount, [line])
    return await post(connection, await with_taxes(connection, posting), now=now)


async def _insert(
    connection: Connection,
    taken: Taken,
    journal_id: JournalId | None,
    bought: Bought | None,
    now: datetime,
) -> PaymentId:
    if bought is not None:
        journal_id = journal_id or bought.journal_id
    payment_id = await rows.insert(
        connection,
        "payment",
        company_id=taken.company_id,
        account_id=taken.account_id,
        amount_micro=micro(taken.amount),
        method=taken.method,
        reference=taken.reference,
        received_at=taken.received_at,
        recorded_at=now,
        journal_id=journal_id,
        debt_share_micro=micro(bought.cleared.debt_share) if bought else 0,
        idempotency_key=taken.key,
        request_hash=taken.request_hash,
    )
    return PaymentId(payment_id)


async def open_of(
    connection: Connection, company_id: CompanyId, account_id: AccountId, invoice_id: InvoiceId
) -> int:
    """Return how much of an account's invoice is open, in millionths.

    :raises NotThere: the account has no such invoice
    """
    open_micro: int | None = await connection.fetchval(INVOICE, company_id, invoice_id, account_id)
    if open_micro is None:
        raise NotThere("invoice_id")
    return open_micro
