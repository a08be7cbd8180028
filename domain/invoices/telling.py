"""Telling subscribers of their invoices, in the transaction that writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from db.access import Connection
from db.enums import InvoiceKind
from db.ids import AccountId, CompanyId, InvoiceId
from domain.invoices.rules import Month
from domain.messages.facts import Invoice, Money
from domain.messages.payers import payers_of
from domain.messages.queue import put_all

NUMBERS = "select id, number from invoice where company_id = $1 and id = any($2::int8[])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An invoice that was written down."""

    id: InvoiceId
    account_id: AccountId
    number: str
    total: Money
    month: Month | None
    refers_to: InvoiceId | None


async def tell(
    connection: Connection,
    *,
    company_id: CompanyId,
    kind: InvoiceKind,
    written: Sequence[Written],
    due_date: date,
    now: datetime,
) -> None:
    """Queue a message of each invoice, by the first channel by which its payer is reached."""
    payers = await payers_of(
        connection, company_id=company_id, account_ids={one.account_id for one in written}
    )
    answered = [one.refers_to for one in written if one.refers_to is not None]
    numbers = {}
    if answered:
        rows = await connection.fetch(NUMBERS, company_id, answered)
        numbers = {InvoiceId(row["id"]): str(row["number"]) for row in rows}
    tellings = []
    for one in written:
        payer = payers[one.account_id]
        facts = Invoice(
            account=payer.account_number,
            number=one.number,
            total=one.total,
            kind=kind,
            first_date=None if one.month is None else one.month.first,
            last_date=None if one.month is None else one.month.last,
            due_date=due_date if kind is InvoiceKind.MONTHLY else None,
            refers_to=None if one.refers_to is None else numbers.get(one.refers_to),
        )
        tellings += payer.tellings(facts, payer.channels[:1], reference_id=one.id)
    await put_all(connection, company_id=company_id, tellings=tellings, now=now)
