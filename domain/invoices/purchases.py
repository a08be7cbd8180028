"""Invoices of bought credit, paid by it.

Not here: when they are made, and of how much: see `purchase_documents`.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import InvoiceKind, InvoiceLineKind, JournalKind
from db.ids import AccountId, CompanyId, InvoiceId, JournalId
from domain.invoices import rules
from domain.invoices.rules import InvoiceLine, Parts, TaxLine
from domain.invoices.stored import StoredInvoice
from domain.invoices.totals import totals
from domain.invoices.writing import Draft, Issuer, write
from domain.ledger.posting import LOCK_BALANCES
from domain.ledger.rules import PURCHASES
from domain.listing import Record
from domain.refusals import NotThere, Refused
from domain.tariffs.proposals import version_of

ZERO = Decimal(0)
TOP_UP = """
    select j.id, j.kind, j.occurred_at, max(e.account_id) as account_id,
        sum(e.amount) filter (where l.kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT')) as paid,
        coalesce(sum(e.amount) filter (where l.kind in ('CREDIT', 'EMERGENCY_CREDIT')), 0) as bought
    from journal j
    join entry e on e.company_id = j.company_id and e.journal_id = j.id
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where j.company_id = $1 and j.id = $2 group by j.id, j.kind, j.occurred_at
"""
TAXES = """
    select l.code, sum(e.amount) as amount
    from entry e
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where e.company_id = $1 and e.journal_id = $2 and l.kind = 'TAX' group by l.code
"""
MADE_BEFORE = """
    select id from invoice where company_id = $1 and journal_id = $2 and kind = 'PURCHASE'
"""

VERSION = """
    select v.definition, v.price_per_kwh
    from account_tariffs($1, $2) t
    join tariff_version v on v.company_id = $1 and v.tariff_id = t.tariff_id and v.state = 'ACTIVE'
        and v.valid_from <= $3 and (v.valid_until is null or v.valid_until > $3)
    where t.starts_at <= $3 and (t.ends_at is null or t.ends_at > $3)
"""


class NoTopUp(Refused):
    """The transaction is no credit that somebody bought."""


async def issue(
    connection: Connection,
    *,
    company_id: CompanyId,
    journal_id: JournalId,
    amount: Decimal | None = None,
    now: datetime,
) -> InvoiceId:
    """Invoice a top-up that is in the books, in the caller's transaction; at most once.

    What was paid has those taxes in it that fall due with the purchase. amount: what of it, with
    taxes, if not all, above zero.

    :raises NotThere: there is no such transaction
    :raises NoTopUp: it is something else
    """
    top_up = await connection.fetchrow(TOP_UP, company_id, journal_id)
    if top_up is None:
        raise NotThere("journal_id")
    if top_up["kind"] not in PURCHASES | {JournalKind.PAYMENT}:
        raise NoTopUp("journal_id")
    account_id = AccountId(top_up["account_id"])
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    made: int | None = await connection.fetchval(MADE_BEFORE, company_id, journal_id)
    if made is not None:
        return InvoiceId(made)
    paid = top_up["paid"]
    parts = Parts([], await _taxes(connection, company_id, top_up))
    if amount is not None and amount != paid:
        parts = rules.share_of(parts.lines, parts.taxes, amount / paid)
    parts = _credit(paid if amount is None else amount, parts.taxes)
    return await _write(connection, company_id, account_id, journal_id, parts, now=now)


async def issue_more(
    connection: Connection,
    *,
    company_id: CompanyId,
    invoice: StoredInvoice,
    amount: Decimal,
    journal_id: JournalId,
    now: datetime,
) -> InvoiceId:
    """Invoice more of a purchase than its first invoice told, taxed in the same way.

    In the caller's transaction, which has the account locked. amount: with taxes, in major units.
    Repeating it invoices as much again.
    """
    parts = rules.share_of(invoice.lines, invoice.taxes, amount / invoice.totals.total)
    made = _credit(amount, parts.taxes)
    return await _write(connection, company_id, invoice.account_id, journal_id, made, now=now)


def _credit(amount: Decimal, taxes: Sequence[TaxLine]) -> Parts:
    """Return what an invoice of credit says. amount: with the taxes."""
    net = amount - sum((tax.amount for tax in taxes), ZERO)
    line = InvoiceLine(kind=InvoiceLineKind.CREDIT, amount=net, taxes=tuple(taxes))
    return Parts([line], taxes)


async def _write(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    journal_id: JournalId,
    parts: Parts,
    *,
    now: datetime,
) -> InvoiceId:
    issuer = await Issuer.of(connection, company_id)
    sums = totals(parts.lines, parts.taxes, issuer.currency)
    draft = Draft(
        account_id=account_id,
        lines=parts.lines,
        taxes=parts.taxes,
        totals=sums,
        journal_id=journal_id,
        paid=sums.total,
    )
    (invoice_id,) = await write(connection, issuer, InvoiceKind.PURCHASE, [draft], now=now)
    return invoice_id


async def _taxes(connection: Connection, company_id: CompanyId, top_up: Record) -> list[TaxLine]:
    """Return the taxes that the books have of it: what repays a debt bears none."""
    key = (company_id, top_up["id"])
    due = {row["code"]: row["amount"] for row in await connection.fetch(TAXES, *key)}
    if not due:
        return []
    row = await connection.fetchrow(
        VERSION, company_id, top_up["account_id"], top_up["occurred_at"]
    )
    taxes = () if row is None else version_of(row).taxes
    net = top_up["bought"] - sum(due.values(), ZERO)
    return [
        TaxLine(
            tax.name,
            tax.rate,
            net + sum((due[name] for name in tax.on_taxes if name in due), ZERO),
            due[tax.name],
        )
        for tax in taxes
        if tax.name in due
    ]
