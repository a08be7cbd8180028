"""How payments stand in the books, and what they pay first. In the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import JournalKind, PaymentMethod
from db.ids import AccountId, CompanyId, InvoiceId, JournalId, PaymentId
from domain import rows
from domain.ledger.posting import IdempotencyConflict, hash_of, post
from domain.ledger.rules import Line, Posting
from domain.money import micro
from domain.payments import allocation, buying
from domain.payments.buying import Use
from domain.payments.rules import PURCHASES, SIDES, Share
from domain.refusals import NotThere
from domain.tariffs.tax_in_advance import with_taxes

# The same key waits here for whoever uses it at the same time.
LOCK_KEY = "select pg_advisory_xact_lock(hashtextextended('payment/' || $2, $1))"
MADE_BEFORE = """
    select id, request_hash from payment where company_id = $1 and idempotency_key = $2
"""
INVOICE = """
    select total_micro - paid_micro - credited_micro as open_micro from invoice
    where company_id = $1 and id = $2 and account_id = $3 and kind = 'MONTHLY'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Money that was taken for an account. invoice_id: what it is to pay first."""

    company_id: CompanyId
    account_id: AccountId
    amount: Decimal
    method: PaymentMethod
    reference: str | None
    received_at: datetime
    key: str
    invoice_id: InvoiceId | None

    @property
    def request_hash(self) -> bytes:
        asked = (
            self.account_id,
            micro(self.amount),
            self.method,
            self.received_at.timestamp(),
            self.reference,
            self.invoice_id,
        )
        return hash_of("/".join(map(str, asked)))


async def made_before(connection: Connection, taken: Taken) -> PaymentId | None:
    """Return the payment that the same wish has made; whoever has its key waits for the others."""
    await connection.execute(LOCK_KEY, taken.company_id, taken.key)
    made = await connection.fetchrow(MADE_BEFORE, taken.company_id, taken.key)
    if made is None:
        return None
    if made["request_hash"] != taken.request_hash:
        raise IdempotencyConflict
    return PaymentId(made["id"])


async def book(connection: Connection, taken: Taken, *, now: datetime) -> PaymentId:
    """Take money into the books, and let it pay the invoice that is named, or buy credit.

    The caller has locked the account's balance.
    """
    company_id, account_id = taken.company_id, taken.account_id
    use = await buying.use_of(
        connection, company_id=company_id, account_id=account_id, amount=taken.amount, now=now
    )
    payment_id, journal_id = await _post(connection, taken, use, now)
    if taken.invoice_id is not None:
        await _pay_named(
            connection, company_id, account_id, payment_id, taken.invoice_id, taken.amount, now
        )
    if use.buys_credit:
        await buying.finish(
            connection,
            company_id=company_id,
            account_id=account_id,
            payment_id=payment_id,
            journal_id=journal_id,
            cleared=use.cleared,
            now=now,
        )
    return payment_id


async def _post(
    connection: Connection, taken: Taken, use: Use, now: datetime
) -> tuple[PaymentId, JournalId]:
    posting = Posting(
        company_id=taken.company_id,
        kind=PURCHASES[taken.method] if use.buys_credit else JournalKind.PAYMENT,
        idempotency_key=f"payment/{hash_of(taken.key).hex()}",
        request=taken.request_hash.hex(),
        occurred_at=taken.received_at,
        lines=[*use.cleared.lines(taken.account_id), Line(SIDES[taken.method], -taken.amount)],
    )
    journal_id = await post(connection, await with_taxes(connection, posting), now=now)
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
        debt_share_micro=micro(use.cleared.debt_share),
        idempotency_key=taken.key,
        request_hash=taken.request_hash,
    )
    return PaymentId(payment_id), journal_id


async def _pay_named(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    payment_id: PaymentId,
    invoice_id: InvoiceId,
    amount: Decimal,
    now: datetime,
) -> None:
    part = min(await open_of(connection, company_id, account_id, invoice_id), micro(amount))
    if part > 0:
        share = Share(payment_id, invoice_id, part)
        await allocation.allocate(connection, company_id=company_id, shared=[share], now=now)


async def open_of(
    connection: Connection, company_id: CompanyId, account_id: AccountId, invoice_id: InvoiceId
) -> int:
    open_micro: int | None = await connection.fetchval(INVOICE, company_id, invoice_id, account_id)
    if open_micro is None:
        raise NotThere("invoice_id")
    return open_micro
