"""What invoices show of months that were charged as a whole, and what they wait for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import orjson

from db.access import Connection
from db.enums import ComponentKind, InvoiceLineKind, LineUnit
from db.ids import AccountId, CompanyId, MeterId
from domain.invoices.rules import (
    InvoiceLine,
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
from domain.month_charges.by_meter import Serials, Told
from domain.month_charges.energies import CAPACITIVE, INDUCTIVE
from domain.month_charges.terms import HAS_MONTHLY

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
    select made.*, v.measured_by, v.inductive_over, v.capacitive_over,
        v.peaks_told_by -> (jsonb_path_query_first(t.definition,
            '$.components[*] ? (@.name == $name).register',
            jsonb_build_object('name', made.component)) #>> '{{}}') as peak_told_by
    from (
        select {OF_LINE}, l.rate as of_rate, sum(l.quantity) as quantity,
            sum(l.amount_micro)::int8 as amount_micro, min(l.revision) as revision,
            min(l.line) as line
        from month_charge_line l
        where l.company_id = $1 and l.account_id = any($2::int8[]) and l.month = $3
        group by {OF_LINE}, l.rate having sum(l.quantity) <> 0 or sum(l.amount_micro) <> 0
    ) made
    left join month_verdict v on v.company_id = $1 and v.account_id = made.account_id
        and v.point_id = made.point_id and v.month = $3 and made.kind in ('REACTIVE', 'DEMAND')
    left join tariff_version t on t.company_id = $1 and t.tariff_id = v.tariff_id
        and t.valid_from = v.version_from and t.state = 'ACTIVE' and made.kind = 'DEMAND'
    order by made.account_id, made.revision, made.line
"""
SERIALS = "select id, serial from meter where company_id = $1 and id = any($2::int8[])"
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
    charged = [
        (row, _told(row))
        for row in await connection.fetch(LINES, company_id, account_ids, month.first)
    ]
    serials = await _serials(connection, company_id, [told for _, told in charged])
    lines: dict[AccountId, list[InvoiceLine]] = defaultdict(list)
    for row, told in charged:
        line = _line(row, month, taxes[_line_of(row)])
        lines[AccountId(row["account_id"])] += told.lines(line, serials)
    return {
        account_id: Parts(made, taxes_together(tax for line in made for tax in line.taxes))
        for account_id, made in lines.items()
    }


def _told(row: Record) -> Told:
    match ComponentKind(row["kind"]):
        case ComponentKind.DEMAND if row["peak_told_by"] is not None:
            return Told(peak=kept_readings.read_told_by(orjson.loads(row["peak_told_by"])))
        case ComponentKind.REACTIVE if row["measured_by"] is not None:
            over = {INDUCTIVE: row["inductive_over"], CAPACITIVE: row["capacitive_over"]}
            return Told(
                measured_by=kept_readings.read(orjson.loads(row["measured_by"])),
                over=[register for register, is_over in over.items() if is_over],
            )
    return Told()


async def _serials(
    connection: Connection, company_id: CompanyId, charged: Iterable[Told]
) -> Serials:
    meter_ids = {meter_id for told in charged for meter_id in told.meter_ids}
    if not meter_ids:
        return {}
    rows = await connection.fetch(SERIALS, company_id, sorted(meter_ids))
    return {MeterId(row["id"]): row["serial"] for row in rows}


def _line_of(row: Record) -> tuple[object, ...]:
    return (*(row[name.removeprefix("l.")] for name in OF_LINE.split(", ")), row["of_rate"])


def _line(row: Record, month: Month, taxes: Sequence[TaxLine]) -> InvoiceLine:
    return InvoiceLine(
        kind=_kind(row),
        amount=major(row["amount_micro"]),
        energy_month=month,
        priced=Priced(
            component=row["component"],
            quantity=row["quantity"],
            unit=LineUnit(row["unit"]),
            price=row["price"],
            rate=row["of_rate"],
        ),
        taxes=tuple(taxes),
    )


def _kind(row: Record) -> InvoiceLineKind:
    """Return what a line is about: active energy is taken back where it is netted."""
    is_netting = LineUnit(row["unit"]) is LineUnit.KWH
    return InvoiceLineKind.NETTING if is_netting else InvoiceLineKind(row["kind"])
