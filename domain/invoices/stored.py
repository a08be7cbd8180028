"""Invoices as they were written: whole, with their lines and taxes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from db.access import Connection
from db.enums import InvoiceKind, InvoiceLineKind, LineUnit
from db.ids import AccountId, CompanyId, InvoiceId, JournalId, MeterId
from domain.invoices.rules import Index, InvoiceLine, Metered, Month, Priced, TaxLine, Totals
from domain.listing import Record
from domain.money import major

INVOICES = "select * from invoice where company_id = $1 and id = any($2::int8[]) order by id"
LINES = """
    select * from invoice_line where company_id = $1 and invoice_id = any($2::int8[])
    order by invoice_id, line
"""
TAXES = """
    select * from invoice_tax where company_id = $1 and invoice_id = any($2::int8[])
    order by invoice_id, place
"""
LINE_TAXES = """
    select * from invoice_line_tax where company_id = $1 and invoice_id = any($2::int8[])
    order by invoice_id, line, place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInvoice:
    """An invoice. Money in major units; paid, credited: how much of it is settled so."""

    id: InvoiceId
    account_id: AccountId
    kind: InvoiceKind
    number: str
    month: Month | None
    issued_at: datetime
    issue_date: date
    due_date: date
    currency: str
    totals: Totals
    refers_to: InvoiceId | None
    journal_id: JournalId | None
    reason: str | None
    paid: Decimal
    credited: Decimal
    lines: Sequence[InvoiceLine]
    taxes: Sequence[TaxLine]

    @property
    def open(self) -> Decimal:
        """What is still to be paid."""
        return self.left - self.paid

    @property
    def left(self) -> Decimal:
        """What no credit note has taken back."""
        return self.totals.total - self.credited


async def stored(
    connection: Connection, *, company_id: CompanyId, invoice_ids: Sequence[InvoiceId]
) -> list[StoredInvoice]:
    """Return the invoices among these that the company has, by id."""
    rows = await connection.fetch(INVOICES, company_id, invoice_ids)
    lines, taxes = defaultdict(list), defaultdict(list)
    borne: dict[tuple[int, int], list[TaxLine]] = defaultdict(list)
    for row in await connection.fetch(LINE_TAXES, company_id, invoice_ids):
        borne[row["invoice_id"], row["line"]].append(tax_of(row))
    for row in await connection.fetch(LINES, company_id, invoice_ids):
        line = replace(line_of(row), taxes=tuple(borne[row["invoice_id"], row["line"]]))
        lines[row["invoice_id"]].append(line)
    for row in await connection.fetch(TAXES, company_id, invoice_ids):
        taxes[row["invoice_id"]].append(tax_of(row))
    return [_invoice(row, lines[row["id"]], taxes[row["id"]]) for row in rows]


def line_of(row: Record) -> InvoiceLine:
    month = row["energy_month"]
    return InvoiceLine(
        kind=InvoiceLineKind(row["kind"]),
        amount=major(row["amount_micro"]),
        energy_month=None if month is None else Month(month),
        metered=None if row["meter_id"] is None else _metered(row),
        priced=None if row["unit"] is None else _priced(row),
        is_estimated=row["is_estimated"],
        of_line=row["of_line"],
    )


def _metered(row: Record) -> Metered:
    passed_wh = row["energy_wh"] / row["multiplier"]
    is_whole = passed_wh == row["last_index_wh"] - (row["first_index_wh"] or 0)
    is_maximum = row["first_at"] is None
    return Metered(
        meter_id=MeterId(row["meter_id"]),
        serial=row["meter_serial"],
        multiplier=row["multiplier"],
        first=None if is_maximum else Index(row["first_at"], row["first_index_wh"]),
        last=Index(row["last_at"], row["last_index_wh"]),
        shared_wh=None if is_whole else int(passed_wh),
    )


def _priced(row: Record) -> Priced:
    return Priced(
        component=row["component"],
        rate=row["rate"],
        quantity=row["quantity"],
        unit=LineUnit(row["unit"]),
        price=row["price"],
    )


def tax_of(row: Record) -> TaxLine:
    return TaxLine(row["name"], row["rate"], major(row["base_micro"]), major(row["amount_micro"]))


def _invoice(row: Record, lines: list[InvoiceLine], taxes: list[TaxLine]) -> StoredInvoice:
    columns = ("lines_micro", "tax_micro", "rounding_micro", "total_micro")
    return StoredInvoice(
        id=InvoiceId(row["id"]),
        account_id=AccountId(row["account_id"]),
        kind=InvoiceKind(row["kind"]),
        number=row["number"],
        month=None if row["month"] is None else Month(row["month"]),
        issued_at=row["issued_at"],
        issue_date=row["issue_date"],
        due_date=row["due_date"],
        currency=row["currency"],
        totals=Totals(*(major(row[column]) for column in columns)),
        refers_to=row["refers_to"],
        journal_id=row["journal_id"],
        reason=row["reason"],
        paid=major(row["paid_micro"]),
        credited=major(row["credited_micro"]),
        lines=lines,
        taxes=taxes,
    )
