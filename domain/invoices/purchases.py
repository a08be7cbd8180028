"""Invoices of bought credit: one for each top-up, paid by it."""

from datetime import datetime
from decimal import Decimal

from db import access
from db.access import Connection
from db.enums import InvoiceKind, InvoiceLineKind, JournalKind
from db.ids import AccountId, CompanyId, InvoiceId, JournalId
from domain.invoices.rules import InvoiceLine, TaxLine
from domain.invoices.totals import totals
from domain.invoices.writing import Draft, Issuer, write
from domain.ledger.posting import LOCK_BALANCES
from domain.refusals import NotThere, Refused

# Which transactions are bought credit.
TOP_UPS = frozenset({JournalKind.CASH_TOP_UP, JournalKind.TOP_UP})

TOP_UP = """
    select j.kind, max(e.account_id) as account_id,
        sum(e.amount) filter (where l.kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT')) as paid
    from journal j
    join entry e on e.company_id = j.company_id and e.journal_id = j.id
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where j.company_id = $1 and j.id = $2 group by j.kind
"""
MADE_BEFORE = """
    select id from invoice where company_id = $1 and journal_id = $2 and kind = 'PURCHASE'
"""


class NoTopUp(Refused):
    """The transaction is no credit that somebody bought."""


async def issue(
    *,
    company_id: CompanyId,
    journal_id: JournalId,
    taxes: tuple[TaxLine, ...] = (),
    now: datetime,
) -> InvoiceId:
    """Invoice a top-up; see `issue_within`."""
    async with access.tenant(company_id) as connection:
        return await issue_within(
            connection, company_id=company_id, journal_id=journal_id, taxes=taxes, now=now
        )


async def issue_within(
    connection: Connection,
    *,
    company_id: CompanyId,
    journal_id: JournalId,
    taxes: tuple[TaxLine, ...] = (),
    now: datetime,
) -> InvoiceId:
    """Invoice a top-up that is in the books, in the caller's transaction; at most once.

    taxes: those that fall due with the purchase; what was paid has them in it.

    :raises NotThere: there is no such transaction
    :raises NoTopUp: it is something else
    """
    top_up = await connection.fetchrow(TOP_UP, company_id, journal_id)
    if top_up is None:
        raise NotThere("journal_id")
    if top_up["kind"] not in TOP_UPS:
        raise NoTopUp("journal_id")
    account_id = AccountId(top_up["account_id"])
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    made: int | None = await connection.fetchval(MADE_BEFORE, company_id, journal_id)
    if made is not None:
        return InvoiceId(made)
    issuer = await Issuer.of(connection, company_id)
    net = top_up["paid"] - sum((tax.amount for tax in taxes), Decimal(0))
    lines = [InvoiceLine(kind=InvoiceLineKind.CREDIT, amount=net)]
    sums = totals(lines, taxes, issuer.currency)
    draft = Draft(
        account_id=account_id,
        lines=lines,
        taxes=taxes,
        totals=sums,
        journal_id=journal_id,
        paid=sums.total,
    )
    (invoice_id,) = await write(connection, issuer, InvoiceKind.PURCHASE, [draft], now=now)
    return invoice_id
