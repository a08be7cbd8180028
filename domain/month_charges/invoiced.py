"""What invoices show of months that were charged as a whole, and what they wait for."""

from collections import defaultdict
from collections.abc import Sequence

import orjson

from db.access import Connection
from db.enums import InvoiceLineKind, LineUnit
from db.ids import AccountId, CompanyId
from domain.invoices.rules import (
    Index,
    InvoiceLine,
    Metered,
    Month,
    Parts,
    Priced,
    TaxLine,
    taxes_together,
)
from domain.invoices.stored import tax_of
from domain.listing import Record
from domain.money import major
from domain.month_charges import kept_readings
from domain.month_charges.energies import CAPACITIVE, INDUCTIVE, MeasuredBy
from domain.month_charges.terms import HAS_MONTHLY
from domain.units import WH_PER_KWH

# Whether a month of a company is not charged yet; one that is older than those that were begun is
# charged no more.
IS_UNCHARGED = f"""(
    exists (select from tariff_version where company_id = {{company}} and state = 'ACTIVE'
        and {HAS_MONTHLY})
    and not exists (select from month_run where company_id = {{company}} and month >= {{month}}
        and ended_at is not null))
"""
# Revisions of a line together, and so are the taxes on them.
OF_LINE = "l.account_id, l.point_id, l.component, l.kind, l.unit, l.price"
LINES = f"""
    select made.*, v.measured_by, v.inductive_over, v.capacitive_over, m.serial
    from (
        select {OF_LINE}, l.rate as of_rate, sum(l.quantity) as quantity,
            sum(l.amount_micro)::int8 as amount_micro, min(l.revision) as revision,
            min(l.line) as line
        from month_charge_line l
        where l.company_id = $1 and l.account_id = any($2::int8[]) and l.month = $3
        group by {OF_LINE}, l.rate having sum(l.quantity) <> 0 or sum(l.amount_micro) <> 0
    ) made
    left join month_verdict v on v.company_id = $1 and v.account_id = made.account_id
        and v.point_id = made.point_id and v.month = $3 and made.kind = 'REACTIVE'
    left join meter m on m.company_id = $1
        and m.id = (v.measured_by -> 0 ->> 'meter_id')::int8
    order by made.account_id, made.revision, made.line
"""
TAXES = f"""
    select {OF_LINE}, l.rate as of_rate, t.name, t.rate, sum(t.base_micro)::int8 as base_micro,
        sum(t.amount_micro)::int8 as amount_micro
    from month_charge_tax t
    join month_charge_line l on (l.company_id, l.account_id, l.month, l.revision, l.line)
        = (t.company_id, t.account_id, t.month, t.revision, t.line)
    where t.company_id = $1 and t.account_id = any($2::int8[]) and t.month = $3
    group by {OF_LINE}, l.rate, t.name, t.rate
    having sum(t.base_micro) <> 0 or sum(t.amount_micro) <> 0
    order by l.account_id, min(t.revision), min(t.line), min(t.place)
"""


async def is_uncharged(connection: Connection, company_id: CompanyId, month: Month) -> bool:
    """Whether something may fall due of a month that nobody has charged yet."""
    query = f"select {IS_UNCHARGED.format(company='$1', month='$2')}"
    return bool(await connection.fetchval(query, company_id, month.first))


async def charged_parts(
    connection: Connection, company_id: CompanyId, account_ids: Sequence[AccountId], month: Month
) -> dict[AccountId, Parts]:
    """Return the lines and taxes of what a month was charged as a whole, by account."""
    taxes: dict[tuple[object, ...], list[TaxLine]] = defaultdict(list)
    for row in await connection.fetch(TAXES, company_id, account_ids, month.first):
        taxes[_line_of(row)].append(tax_of(row))
    lines: dict[AccountId, list[InvoiceLine]] = defaultdict(list)
    for row in await connection.fetch(LINES, company_id, account_ids, month.first):
        made = _line(row, month, taxes[_line_of(row)])
        lines[AccountId(row["account_id"])].append(made)
    return {
        account_id: Parts(made, taxes_together(tax for line in made for tax in line.taxes))
        for account_id, made in lines.items()
    }


def _line_of(row: Record) -> tuple[object, ...]:
    return (*(row[name.removeprefix("l.")] for name in OF_LINE.split(", ")), row["of_rate"])


def _line(row: Record, month: Month, taxes: Sequence[TaxLine]) -> InvoiceLine:
    return InvoiceLine(
        kind=_kind(row),
        amount=major(row["amount_micro"]),
        energy_month=month,
        metered=None if row["serial"] is None else _metered(row),
        priced=Priced(
            component=row["component"],
            quantity=row["quantity"],
            unit=LineUnit(row["unit"]),
            price=row["price"],
            rate=row["of_rate"],
        ),
        taxes=tuple(taxes),
    )


def _metered(row: Record) -> Metered | None:
    """Return between which indexes one meter counted all that a line charges.

    Not where several meters did, one after the other: no two indexes tell that.
    """
    measured_by = kept_readings.read(orjson.loads(row["measured_by"]))
    over = {INDUCTIVE: row["inductive_over"], CAPACITIVE: row["capacitive_over"]}
    for register in (name for name, is_over in over.items() if is_over):
        made = [_between(row["serial"], one, register) for one in measured_by]
        # Whole varh are charged.
        if [int(one.energy_wh) for one in made] == [row["quantity"] * WH_PER_KWH]:
            return made[0]
    return None


def _between(serial: str, measured_by: MeasuredBy, register: str) -> Metered:
    first, last = (
        Index(shown.at, shown.registers[register])
        for shown in (measured_by.first, measured_by.last)
    )
    return Metered(
        meter_id=measured_by.meter_id,
        serial=serial,
        multiplier=measured_by.multiplier,
        first=first,
        last=last,
    )


def _kind(row: Record) -> InvoiceLineKind:
    """Return what a line is about: active energy is taken back where it is netted."""
    is_netting = LineUnit(row["unit"]) is LineUnit.KWH
    return InvoiceLineKind.NETTING if is_netting else InvoiceLineKind(row["kind"])
