"""What invoices and credit notes say of a purchase: what it does not pay of invoices of months.

These tell what was used by paying later, and nothing is told twice. What was given back gets its
credit notes once the money has left for good; what only may be is neither told nor taken back.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from db.access import Connection
from db.ids import AccountId, CompanyId, InvoiceId, JournalId
from domain.currencies import payable
from domain.invoices import purchases
from domain.invoices.credit_notes import credit_purchase
from domain.invoices.free_credit import standings
from domain.invoices.stored import StoredInvoice, stored
from domain.listing import Record
from domain.messages.formats import language_of
from domain.money import major, micro

STANDING = """
    select c.currency, c.locale,
        (select (sum(e.amount) * 1000000)::int8 from entry e
            join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
            where e.company_id = $1 and e.journal_id = $2
                and l.kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT')) as paid_micro,
        (select coalesce(sum(a.amount_micro), 0)::int8 from credit_allocation a
            where a.company_id = $1 and a.journal_id = $2) as pays_micro,
        (select coalesce(sum(a.amount_micro), 0)::int8 from credit_allocation a
            where a.company_id = $1 and a.journal_id = $2 and a.taken_by = $2) as gave_up_micro,
        exists (select from credit_allocation a where a.company_id = $1 and a.journal_id = $2
            and a.taken_by <> $2) or exists (select from allocation a
            join journal s on s.company_id = a.company_id and s.id = a.journal_id
            where a.company_id = $1 and a.payment_id = p.id and a.released_at is null
                and s.kind = 'SETTLEMENT') as is_paid_out,
        case p.state when 'POSTED' then p.amount_micro - p.allocated_micro else p.amount_micro * 0
            end as left_of_payment_micro,
        r.id is not null as is_reversed, r.reason as reversed_because
    from company c
    join journal j on j.company_id = c.id and j.id = $2
    left join payment p on p.company_id = c.id and p.journal_id = $2 and j.kind = 'PAYMENT'
    left join journal r on r.company_id = c.id and r.corrects = $2 and r.kind = 'REVERSAL'
    where c.id = $1
"""
# Of refunds and disputes, what is taken of the account and what has left for good. What documents
# told of each is for their reasons.
TAKEN_BACK = """
    select r.id as refund_id, null::int8 as dispute_id, coalesce(r.reason, $3) as reason,
        r.booked_micro as taken_micro,
        case r.state when 'SUCCEEDED' then r.amount_micro else 0 end as gone_micro,
        (select coalesce(sum(c.amount_micro), 0)::int8 from purchase_correction c
            where c.company_id = r.company_id and c.refund_id = r.id) as told_micro
    from top_up_refund r where r.company_id = $1 and r.top_up_id = $2
    union all
    select null, d.id, $4, d.booked_held_micro,
        case d.state when 'LOST' then d.booked_gone_micro else 0 end,
        (select coalesce(sum(c.amount_micro), 0)::int8 from purchase_correction c
            where c.company_id = d.company_id and c.dispute_id = d.id)
    from top_up_dispute d where d.company_id = $1 and d.top_up_id = $2
    order by refund_id, dispute_id
"""
# Earlier releases gave credit that came back to the transaction that brought it.
INVOICES = """
    select id from invoice where company_id = $1 and kind = 'PURCHASE' and journal_id = $2
    union
    select i.id from top_up_refund r
    join purchase_correction c on c.company_id = r.company_id and c.refund_id = r.id
    join invoice i on i.company_id = c.company_id and i.id = c.invoice_id and i.kind = 'PURCHASE'
    where r.company_id = $1 and r.top_up_id = $3
    union
    select i.id from top_up_dispute d
    join purchase_correction c on c.company_id = d.company_id and c.dispute_id = d.id
    join invoice i on i.company_id = c.company_id and i.id = c.invoice_id and i.kind = 'PURCHASE'
    where d.company_id = $1 and d.top_up_id = $3
    order by id
"""
CORRECT = """
    insert into purchase_correction (company_id, invoice_id, refund_id, dispute_id, amount_micro)
    values ($1, $2, $3, $4, $5)
"""


# Why there is a credit note, where nobody of the company said it.
WORDS = {
    "tr": {
        "refunded": "Ödemenin iadesi",
        "lost": "Kaybedilen ödeme itirazı",
        "told by a month": "Aylık faturanın ödenmesinde kullanıldı",
        "paid out": "Kalan kredi iade edildi",
    },
    "en": {
        "refunded": "The payment was refunded",
        "lost": "A dispute of the payment was lost",
        "told by a month": "It paid the invoice of a month",
        "paid out": "What was left of the credit was paid out",
    },
}


@dataclass(frozen=True, slots=True)
class _Due:
    """What documents come to, with taxes: when the first is made, and from then on within bounds.

    Between these is what a refund or a dispute has taken and may yet give back.
    """

    first: Decimal
    at_least: Decimal
    at_most: Decimal

    @classmethod
    def of(cls, standing: Record, taken_back: Iterable[Record]) -> Self:
        paid_micro = 0 if standing["is_reversed"] else standing["paid_micro"]
        left_micro = paid_micro - standing["pays_micro"]
        taken_micro = -standing["gave_up_micro"]
        gone_micro = 0
        for row in taken_back:
            taken_micro += row["taken_micro"]
            gone_micro += row["gone_micro"]
        return cls(
            *(
                payable(major(max(0, left_micro - less_micro)), standing["currency"])
                for less_micro in (0, max(0, taken_micro), max(0, min(taken_micro, gone_micro)))
            )
        )


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase whose account is locked, and its top-up, if it is one, in the transaction."""

    connection: Connection
    company_id: CompanyId
    account_id: AccountId
    journal_id: JournalId
    top_up_id: int | None
    now: datetime

    async def invoices(self) -> list[StoredInvoice]:
        key = (self.company_id, self.journal_id, self.top_up_id)
        rows = await self.connection.fetch(INVOICES, *key)
        ids = [InvoiceId(row["id"]) for row in rows]
        return await stored(self.connection, company_id=self.company_id, invoice_ids=ids)

    async def tell(self) -> None:
        """Make the documents that are missing. Repeating it makes none."""
        standing = await self.connection.fetchrow(STANDING, self.company_id, self.journal_id)
        if standing is None:
            raise LookupError(self.journal_id)
        words = WORDS[language_of(standing["locale"])]
        key = (self.company_id, self.top_up_id, words["refunded"], words["lost"])
        taken_back = await self.connection.fetch(TAKEN_BACK, *key)
        due = _Due.of(standing, taken_back)
        if standing["left_of_payment_micro"] is not None:
            due = await self._due_of_payment(standing)
        if due.first > 0 and not await self.invoices():
            await self._issue(due.first)
        told = sum((invoice.left for invoice in await self.invoices()), Decimal(0))
        if told < due.at_least:
            await self._charge(due.at_least - told, taken_back)
        elif told > due.at_most:
            otherwise = words["paid out" if standing["is_paid_out"] else "told by a month"]
            reason = standing["reversed_because"] or otherwise
            await self._credit(told - due.at_most, taken_back, reason)

    async def _due_of_payment(self, standing: Record) -> _Due:
        """Return what documents of a payment come to: what is left of it may have bought credit."""
        left = payable(major(standing["left_of_payment_micro"]), standing["currency"])
        account_ids = [self.account_id]
        found = await standings(self.connection, self.company_id, account_ids, self.now)
        due = left if found[self.account_id].is_bought else Decimal(0)
        return _Due(first=due, at_least=due, at_most=left)

    async def _issue(self, amount: Decimal) -> None:
        await purchases.issue(
            self.connection,
            company_id=self.company_id,
            journal_id=self.journal_id,
            amount=amount,
            now=self.now,
        )

    async def _charge(self, amount: Decimal, taken_back: Sequence[Record]) -> None:
        first, *_ = await self.invoices()
        came_back = [(row, -_untold(row)) for row in taken_back]
        for row, part in _parts(amount, came_back):
            invoice_id = await purchases.issue_more(
                self.connection,
                company_id=self.company_id,
                invoice=first,
                amount=part,
                journal_id=self.journal_id,
                now=self.now,
            )
            await self._note(row, invoice_id, -part)

    async def _credit(self, amount: Decimal, taken_back: Sequence[Record], otherwise: str) -> None:
        taken = [(row, _untold(row)) for row in taken_back]
        for row, part in _parts(amount, taken):
            for invoice, share in _spread(await self.invoices(), part):
                note_id = await credit_purchase(
                    self.connection,
                    company_id=self.company_id,
                    invoice=invoice,
                    amount=share,
                    reason=otherwise if row is None else row["reason"],
                    now=self.now,
                )
                await self._note(row, note_id, share)

    async def _note(self, row: Record | None, invoice_id: InvoiceId, amount: Decimal) -> None:
        """Note which refund or dispute a document answers, if it is for one."""
        if row is not None:
            which = (row["refund_id"], row["dispute_id"])
            key = (self.company_id, invoice_id)
            await self.connection.execute(CORRECT, *key, *which, micro(amount))


def _untold(row: Record) -> Decimal:
    """Return what of a refund or a dispute no credit note tells; below zero, what came back."""
    return major(row["gone_micro"] - row["told_micro"])


def _parts(
    amount: Decimal, causes: Iterable[tuple[Record, Decimal]]
) -> Iterator[tuple[Record | None, Decimal]]:
    """Yield an amount by what causes it; None for what is not taken back, nor came back."""
    for row, most in causes:
        part = min(amount, most)
        if part > 0:
            amount -= part
            yield row, part
    if amount > 0:
        yield None, amount


def _spread(
    invoices: Iterable[StoredInvoice], amount: Decimal
) -> Iterator[tuple[StoredInvoice, Decimal]]:
    """Yield how much of an amount each invoice bears."""
    for invoice in invoices:
        part = min(amount, invoice.left)
        if part > 0:
            amount -= part
            yield invoice, part
