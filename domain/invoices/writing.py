"""Writing invoices down: numbered, added up, and never changed again; whose they are is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo

from db.access import Connection
from db.enums import InvoiceKind
from db.ids import AccountId, CompanyId, InvoiceId, JournalId
from domain.invoices import numbers
from domain.invoices.numbering import Numbering
from domain.invoices.rules import InvoiceLine, Metered, Month, Priced, TaxLine, Totals
from domain.invoices.telling import Written, tell
from domain.messages.facts import Money
from domain.money import micro
from domain.refusals import NotThere

SETTINGS = """
    select currency, time_zone, locale, invoice_number_format, invoice_series, purchase_series,
        credit_note_series, invoice_due_days
    from company where id = $1
"""
IDS = "select nextval('id_sequence') from generate_series(1, $1)"
ADD = """
    insert into invoice (company_id, id, account_id, kind, series, year, place_in_series, number,
        month, issued_at, issue_date, due_date, currency, lines_micro, tax_micro, rounding_micro,
        total_micro, is_estimated, refers_to, journal_id, reason, idempotency_key, request_hash,
        paid_micro)
    select $1, id, account_id, $2, $3, $4, place, number, month, $5, $6, $7, $8, lines, tax,
        rounding, total, is_estimated, refers_to, journal_id, reason, key, request_hash, paid
    from unnest($9::int8[], $10::int8[], $11::int8[], $12::text[], $13::date[], $14::int8[],
        $15::int8[], $16::int8[], $17::int8[], $18::bool[], $19::int8[], $20::int8[], $21::text[],
        $22::text[], $23::bytea[], $24::int8[])
        made (id, account_id, place, number, month, lines, tax, rounding, total, is_estimated,
            refers_to, journal_id, reason, key, request_hash, paid)
"""
ADD_LINES = """
    insert into invoice_line (company_id, invoice_id, line, kind, amount_micro, energy_month,
        meter_id, meter_serial, multiplier, first_index_wh, first_at, last_index_wh, last_at,
        energy_wh, component, rate, quantity, unit, price, is_estimated, of_line)
    select $1, * from unnest($2::int8[], $3::int2[], $4::text[], $5::int8[], $6::date[],
        $7::int8[], $8::text[], $9::numeric[], $10::int8[], $11::timestamptz[], $12::int8[],
        $13::timestamptz[], $14::numeric[], $15::text[], $16::text[], $17::numeric[], $18::text[],
        $19::numeric[], $20::bool[], $21::int2[])
"""
ADD_TAXES = """
    insert into invoice_tax (company_id, invoice_id, place, name, rate, base_micro, amount_micro)
    select $1, * from unnest($2::int8[], $3::int2[], $4::text[], $5::numeric[], $6::int8[],
        $7::int8[])
"""
ADD_LINE_TAXES = """
    insert into invoice_line_tax (company_id, invoice_id, line, place, name, rate, base_micro,
        amount_micro)
    select $1, * from unnest($2::int8[], $3::int2[], $4::int2[], $5::text[], $6::numeric[],
        $7::int8[], $8::int8[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A company as it writes invoices."""

    company_id: CompanyId
    currency: str
    zone: ZoneInfo
    number_format: str
    series: dict[InvoiceKind, str]
    due_days: int

    @classmethod
    async def of(cls, connection: Connection, company_id: CompanyId) -> Self:
        row = await connection.fetchrow(SETTINGS, company_id)
        if row is None:
            raise NotThere
        return cls(
            company_id=company_id,
            currency=row["currency"],
            zone=ZoneInfo(row["time_zone"]),
            number_format=row["invoice_number_format"],
            series={
                InvoiceKind.MONTHLY: row["invoice_series"],
                InvoiceKind.PURCHASE: row["purchase_series"],
                InvoiceKind.CREDIT_NOTE: row["credit_note_series"],
            },
            due_days=row["invoice_due_days"],
        )

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An invoice before it has a number.

    paid: how much of it was paid before it was made, in major units. key, request_hash: of who
    asked, so that asking again makes no other.
    """

    account_id: AccountId
    lines: Sequence[InvoiceLine]
    totals: Totals
    taxes: Sequence[TaxLine] = ()
    month: Month | None = None
    refers_to: InvoiceId | None = None
    journal_id: JournalId | None = None
    reason: str | None = None
    key: str | None = None
    request_hash: bytes | None = None
    paid: Decimal = Decimal(0)

    @property
    def is_estimated(self) -> bool:
        return any(line.is_estimated for line in self.lines)


async def write(
    connection: Connection,
    issuer: Issuer,
    kind: InvoiceKind,
    drafts: Sequence[Draft],
    *,
    now: datetime,
) -> list[InvoiceId]:
    """Write invoices of a kind down under the next numbers, in the caller's transaction.

    Who numbers in the same series waits for it to end: write as the last thing.
    """
    issue_date = issuer.day(now)
    due_days = issuer.due_days if kind is InvoiceKind.MONTHLY else 0
    due_date = issue_date + timedelta(days=due_days)
    ids = [InvoiceId(row[0]) for row in await connection.fetch(IDS, len(drafts))]
    numbering = Numbering(issuer.number_format, issuer.series[kind], issue_date.year)
    places = await numbers.take(
        connection, company_id=issuer.company_id, numbering=numbering, count=len(drafts)
    )
    named = [numbering.number(place) for place in places]
    made = [
        _row(draft, invoice_id, place, number)
        for draft, invoice_id, place, number in zip(drafts, ids, places, named, strict=True)
    ]
    await connection.execute(
        ADD,
        issuer.company_id,
        kind,
        numbering.series,
        numbering.year,
        now,
        issue_date,
        due_date,
        issuer.currency,
        *zip(*made, strict=True),
    )
    await _write_parts(connection, issuer.company_id, ids, drafts)
    await tell(
        connection,
        company_id=issuer.company_id,
        kind=kind,
        written=[
            Written(
                id=invoice_id,
                account_id=draft.account_id,
                number=number,
                total=Money(draft.totals.total, issuer.currency),
                month=draft.month,
                refers_to=draft.refers_to,
            )
            for draft, invoice_id, number in zip(drafts, ids, named, strict=True)
        ],
        due_date=due_date,
        now=now,
    )
    return ids


def _row(draft: Draft, invoice_id: InvoiceId, place: int, number: str) -> tuple[object, ...]:
    totals = draft.totals
    return (
        invoice_id,
        draft.account_id,
        place,
        number,
        None if draft.month is None else draft.month.first,
        micro(totals.lines),
        micro(totals.tax),
        micro(totals.rounding),
        micro(totals.total),
        draft.is_estimated,
        draft.refers_to,
        draft.journal_id,
        draft.reason,
        draft.key,
        draft.request_hash,
        micro(draft.paid),
    )


async def _write_parts(
    connection: Connection,
    company_id: CompanyId,
    ids: Sequence[InvoiceId],
    drafts: Sequence[Draft],
) -> None:
    lines = [
        (invoice_id, place, *_line(line))
        for invoice_id, draft in zip(ids, drafts, strict=True)
        for place, line in enumerate(draft.lines, start=1)
    ]
    taxes = [
        (invoice_id, place, *_tax(tax))
        for invoice_id, draft in zip(ids, drafts, strict=True)
        for place, tax in enumerate(draft.taxes, start=1)
    ]
    borne = [
        (invoice_id, number, place, *_tax(tax))
        for invoice_id, draft in zip(ids, drafts, strict=True)
        for number, line in enumerate(draft.lines, start=1)
        for place, tax in enumerate(line.taxes, start=1)
    ]
    await connection.execute(ADD_LINES, company_id, *zip(*lines, strict=True))
    if taxes:
        await connection.execute(ADD_TAXES, company_id, *zip(*taxes, strict=True))
    if borne:
        await connection.execute(ADD_LINE_TAXES, company_id, *zip(*borne, strict=True))


def _tax(tax: TaxLine) -> tuple[object, ...]:
    return (tax.name, tax.rate, micro(tax.base), micro(tax.amount))


def _line(line: InvoiceLine) -> tuple[object, ...]:
    month = None if line.energy_month is None else line.energy_month.first
    measured = (*_metered(line.metered), *_priced(line.priced))
    return (line.kind, micro(line.amount), month, *measured, line.is_estimated, line.of_line)


def _metered(m: Metered | None) -> tuple[object, ...]:
    if m is None:
        return (None,) * 8
    first = (None, None) if m.first is None else (m.first.index_wh, m.first.at)
    last = (m.last.index_wh, m.last.at)
    return (m.meter_id, m.serial, m.multiplier, *first, *last, m.energy_wh)


def _priced(p: Priced | None) -> tuple[object, ...]:
    if p is None:
        return (None, "", None, None, None)
    return (p.component, p.rate, p.quantity, p.unit, p.price)
