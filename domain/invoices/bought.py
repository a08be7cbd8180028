"""Bought credit gets its invoice, and credit notes for what of it is given back.

Where an account pays later it pays its invoices instead.

Which purchases may lack one stands in a queue, which the books and the payments write in the
transactions that make it so. What is missing follows from the facts alone, so that each document is
made once, whatever was told first; what cannot be made stays in the queue and is tried again.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from db import access
from db.access import Connection, DatabaseUnavailable
from db.enums import JournalKind
from db.ids import AccountId, CompanyId, InvoiceId, JournalId
from domain.invoices import offsets, own_credit, purchases
from domain.invoices.credit_notes import credit_purchase
from domain.invoices.stored import StoredInvoice, stored
from domain.ledger.posting import LOCK_BALANCES
from domain.listing import Record
from domain.messages.formats import language_of
from domain.money import major, micro

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
TOP_UP = """
    select id, account_id from top_up where company_id = $1 and journal_id = $2 for no key update
"""
# Whoever undoes a payment holds its account's balance.
ACCOUNT = """
    select account_id from entry
    where company_id = $1 and journal_id = $2 and account_id is not null limit 1
"""
BUYER = """
    payment p join allocation a on a.company_id = p.company_id and a.payment_id = p.id
    where a.company_id = $1 and a.journal_id = $2
"""
REVERSED_BECAUSE = f"select p.reversal_reason from {BUYER} and p.state = 'REVERSED'"
# What such an account pays is no purchase: its invoices tell what it uses. What is paid at a desk
# or by a transfer has bought credit if it did when it was taken; by card, as the account was then.
POSTPAID = f"""
    select a.id from entry e
    join account a on a.company_id = e.company_id and a.id = e.account_id
    where e.company_id = $1 and e.journal_id = $2 and coalesce(
            (select s.mode from account_mode s
                where s.company_id = $1 and s.account_id = a.id and s.started_at <= e.occurred_at
                order by s.started_at desc limit 1),
            a.billing_mode) = 'POSTPAID'
        and not exists (select from {BUYER})
        and not exists (select from invoice i
            where i.company_id = $1 and i.journal_id = $2 and i.kind = 'PURCHASE')
    limit 1
"""
# Refunds count once the money has left for good; of disputes, what was lost.
TAKEN_BACK = """
    select r.id as refund_id, null::int8 as dispute_id, r.revision, r.reason,
        case r.state when 'SUCCEEDED' then r.amount_micro else 0 end as due_micro,
        (select coalesce(sum(c.amount_micro), 0)::int8 from purchase_correction c
            where c.company_id = r.company_id and c.refund_id = r.id) as told_micro
    from top_up_refund r where r.company_id = $1 and r.top_up_id = $2
    union all
    select null, d.id, d.revision, null,
        case d.state when 'LOST' then d.booked_gone_micro else 0 end,
        (select coalesce(sum(c.amount_micro), 0)::int8 from purchase_correction c
            where c.company_id = d.company_id and c.dispute_id = d.id)
    from top_up_dispute d where d.company_id = $1 and d.top_up_id = $2
    order by refund_id, dispute_id
"""
# The purchase's own invoice, and those of credit that came back.
INVOICES = """
    select id from invoice where company_id = $1 and kind = 'PURCHASE' and (journal_id = $2
        or id in (
            select c.invoice_id from purchase_correction c
            left join top_up_refund r on r.company_id = c.company_id and r.id = c.refund_id
            left join top_up_dispute d on d.company_id = c.company_id and d.id = c.dispute_id
            where c.company_id = $1 and coalesce(r.top_up_id, d.top_up_id) = $3))
    order by id
"""
JOURNAL = "select id from journal where company_id = $1 and kind = $2 and idempotency_key = $3"
CORRECT = """
    insert into purchase_correction (company_id, invoice_id, refund_id, dispute_id, amount_micro)
    values ($1, $2, $3, $4, $5)
"""
LOCALE = "select locale from company where id = $1"
REASONS = {
    "tr": ("Ödemenin iadesi", "Kaybedilen ödeme itirazı"),
    "en": ("The payment was refunded", "A dispute of the payment was lost"),
}

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
    top_up = await connection.fetchrow(TOP_UP, company_id, journal_id)
    account_id = AccountId(await connection.fetchval(ACCOUNT, company_id, journal_id))
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    await own_credit.settle(connection, company_id=company_id, account_ids=[account_id])
    reversed_because = await connection.fetchval(REVERSED_BECAUSE, company_id, journal_id)
    if reversed_because is not None:
        await _take_back(connection, company_id, journal_id, reversed_because, now)
        return
    if await connection.fetchval(POSTPAID, company_id, journal_id):
        return
    offset = await offsets.noted(connection, company_id=company_id, journal_id=journal_id)
    await purchases.issue(
        connection, company_id=company_id, journal_id=journal_id, offset=offset, now=now
    )
    if top_up is None:
        return
    reasons = await _reasons(connection, company_id)
    purchase = _Purchase(connection, company_id, journal_id, top_up["id"], reasons, now)
    taken_back = await connection.fetch(TAKEN_BACK, company_id, top_up["id"])
    # What came back first: another refund may have to take that, for which nothing was left.
    for row in sorted(taken_back, key=lambda one: one["due_micro"] >= one["told_micro"]):
        await purchase.correct(row)


async def _take_back(
    connection: Connection,
    company_id: CompanyId,
    journal_id: JournalId,
    reason: str,
    now: datetime,
) -> None:
    """Take back the invoice of a payment that was undone, if it has one."""
    rows = await connection.fetch(INVOICES, company_id, journal_id, None)
    ids = [InvoiceId(row["id"]) for row in rows]
    for invoice in await stored(connection, company_id=company_id, invoice_ids=ids):
        if invoice.left > 0:
            await credit_purchase(
                connection,
                company_id=company_id,
                invoice=invoice,
                amount=invoice.left,
                reason=reason,
                now=now,
            )


async def _reasons(connection: Connection, company_id: CompanyId) -> tuple[str, str]:
    return REASONS[language_of(await connection.fetchval(LOCALE, company_id))]


@dataclass(frozen=True, slots=True)
class _Purchase:
    """A top-up whose row and account are locked. reasons: of refunds, and of lost disputes."""

    connection: Connection
    company_id: CompanyId
    journal_id: JournalId
    top_up_id: int
    reasons: tuple[str, str]
    now: datetime

    async def correct(self, row: Record) -> None:
        """Make what documents say of a refund or a dispute what it is."""
        missing = major(row["due_micro"] - row["told_micro"])
        if missing > 0:
            await self._credit(row, missing)
        elif missing < 0:
            await self._charge_again(row, -missing)

    async def _credit(self, row: Record, amount: Decimal) -> None:
        of_refunds, of_disputes = self.reasons
        reason = of_disputes if row["refund_id"] is None else row["reason"] or of_refunds
        for invoice, part in _spread(await self._invoices(), amount):
            note_id = await credit_purchase(
                self.connection,
                company_id=self.company_id,
                invoice=invoice,
                amount=part,
                reason=reason,
                now=self.now,
            )
            await self._note(row, note_id, part)

    async def _charge_again(self, row: Record, amount: Decimal) -> None:
        """Invoice credit that is back: its credit note stands for good."""
        kind, name = JournalKind.REFUND, f"refund/{row['refund_id']}"
        if row["refund_id"] is None:
            kind, name = JournalKind.DISPUTE, f"dispute/{row['dispute_id']}"
        key = f"{name}/{row['revision']}"
        journal_id = await self.connection.fetchval(JOURNAL, self.company_id, kind, key)
        invoice_id = await purchases.issue_again(
            self.connection,
            company_id=self.company_id,
            invoice=(await self._invoices())[0],
            amount=amount,
            journal_id=JournalId(journal_id),
            now=self.now,
        )
        await self._note(row, invoice_id, -amount)

    async def _invoices(self) -> list[StoredInvoice]:
        rows = await self.connection.fetch(
            INVOICES, self.company_id, self.journal_id, self.top_up_id
        )
        return await stored(
            self.connection,
            company_id=self.company_id,
            invoice_ids=[InvoiceId(row["id"]) for row in rows],
        )

    async def _note(self, row: Record, invoice_id: InvoiceId, amount: Decimal) -> None:
        which = (row["refund_id"], row["dispute_id"])
        await self.connection.execute(CORRECT, self.company_id, invoice_id, *which, micro(amount))


def _spread(
    invoices: list[StoredInvoice], amount: Decimal
) -> Iterator[tuple[StoredInvoice, Decimal]]:
    """Yield how much of an amount each invoice still bears; what none does was given in excess."""
    for invoice in invoices:
        part = min(amount, invoice.left)
        if part > 0:
            yield invoice, part
            amount -= part
