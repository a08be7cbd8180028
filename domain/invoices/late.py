"""What came late to months that were invoiced, told by component where that explains all of it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from db.access import Connection
from db.enums import InvoiceLineKind, LineUnit
from db.ids import AccountId, CompanyId, MeterId
from domain.invoices.rules import (
    InvoiceLine,
    Metered,
    Month,
    Parts,
    Priced,
    countered,
    taxes_together,
)
from domain.invoices.stored import line_of, tax_of

ZERO = Decimal(0)
# Units of what is charged by the month.
BY_MONTH = frozenset({LineUnit.KW, LineUnit.KVARH})

TOLD = """
    select l.*, i.account_id from invoice i
    join invoice_line l on l.company_id = i.company_id and l.invoice_id = i.id
    where i.company_id = $1 and i.account_id = any($2::int8[]) and i.kind = 'MONTHLY'
        and l.energy_month = $3 and l.price is not null
    order by l.invoice_id, l.line
"""
TOLD_TAXES = """
    select t.* from invoice i
    join invoice_line l on l.company_id = i.company_id and l.invoice_id = i.id
    join invoice_line_tax t on t.company_id = l.company_id and t.invoice_id = l.invoice_id
        and t.line = l.line
    where i.company_id = $1 and i.account_id = any($2::int8[]) and i.kind = 'MONTHLY'
        and l.energy_month = $3 and l.price is not null
    order by t.invoice_id, t.line, t.place
"""

PartsIn: TypeAlias = Callable[[Month, Sequence[AccountId]], Awaitable[Mapping[AccountId, Parts]]]
"""Returns what accounts owe of a month as it is known now."""
Settled: TypeAlias = dict[AccountId, list[InvoiceLine]]
Key: TypeAlias = tuple[MeterId | None, Decimal | None, Priced]


async def by_component(
    connection: Connection,
    *,
    company_id: CompanyId,
    settled: Settled,
    current: Month,
    parts_in: PartsIn,
) -> Settled:
    """Return settlements of accounts, each of an earlier month by component where that sums up."""
    months: dict[Month, list[AccountId]] = defaultdict(list)
    for account_id, lines in settled.items():
        for line in lines:
            if line.energy_month is not None and line.energy_month != current:
                months[line.energy_month].append(account_id)
    explained: dict[tuple[AccountId, Month], list[InvoiceLine]] = {}
    for month, account_ids in sorted(months.items()):
        known = await parts_in(month, account_ids)
        told = await _told(connection, company_id, account_ids, month)
        for account_id in account_ids:
            made = known.get(account_id, Parts())
            explained[account_id, month] = differences(made.lines, told[account_id], month)
    return {
        account_id: [
            one
            for line in lines
            for one in _explaining(line, explained.get((account_id, line.energy_month or current)))
        ]
        for account_id, lines in settled.items()
    }


def differences(
    known: Iterable[InvoiceLine], told: Iterable[InvoiceLine], month: Month
) -> list[InvoiceLine]:
    """Return what is due of a month by now less what was told of it, by what it is of."""
    known, told = list(known), list(told)
    unnamed = _unnamed([*known, *told])
    now, before = _by_key(known, unnamed), _by_key(told, unnamed)
    lines = (
        _difference(now.get(key, []), before.get(key, []), key, month) for key in {**now, **before}
    )
    return [line for line in lines if line.amount or line.taxes]


def _unnamed(lines: Iterable[InvoiceLine]) -> set[Priced]:
    """Return what was charged by the month of meters that, for a part of it, nobody kept."""
    return {
        replace(line.priced, quantity=ZERO)
        for line in lines
        if line.priced is not None and line.priced.unit in BY_MONTH and line.metered is None
    }


def _by_key(
    lines: Iterable[InvoiceLine], unnamed: Collection[Priced]
) -> dict[Key, list[InvoiceLine]]:
    """Return lines by what they are of. unnamed: that is of all meters together."""
    found: dict[Key, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        if line.priced is not None:
            of = replace(line.priced, quantity=ZERO)
            metered = None if of in unnamed else line.metered
            of_meter = (None, None) if metered is None else (metered.meter_id, metered.multiplier)
            found[*of_meter, of].append(line)
    return found


def _difference(
    now: Sequence[InvoiceLine], before: Sequence[InvoiceLine], key: Key, month: Month
) -> InvoiceLine:
    *_, priced = key
    quantity = _quantity(now) - _quantity(before)
    return InvoiceLine(
        kind=InvoiceLineKind.SETTLEMENT,
        amount=_amount(now) - _amount(before),
        energy_month=month,
        metered=_around([line.metered for line in now or before]),
        priced=replace(priced, quantity=quantity),
        is_estimated=any(line.is_estimated for line in now),
        taxes=tuple(
            taxes_together(
                [
                    *(tax for line in now for tax in line.taxes),
                    *countered(tax for line in before for tax in line.taxes),
                ]
            )
        ),
    )


def _quantity(lines: Iterable[InvoiceLine]) -> Decimal:
    return sum((line.priced.quantity for line in lines if line.priced is not None), ZERO)


def _amount(lines: Iterable[InvoiceLine]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)


def _around(lines: Collection[Metered | None]) -> Metered | None:
    """Return what a meter showed at both ends of stretches of it; None if it is not of one."""
    stretches = [one for one in lines if one is not None]
    if len(stretches) < len(lines) or len({(s.meter_id, s.multiplier) for s in stretches}) != 1:
        return None
    firsts = [one.first for one in stretches if one.first is not None]
    shared = [one.shared_wh for one in stretches if one.shared_wh is not None]
    return replace(
        stretches[0],
        first=min(firsts, key=lambda index: index.at, default=None),
        last=max((one.last for one in stretches), key=lambda index: index.at),
        shared_wh=sum(shared) if shared else None,
    )


def _explaining(line: InvoiceLine, by_component: list[InvoiceLine] | None) -> list[InvoiceLine]:
    """Return the lines by component if they come to what the books have, else the line itself."""
    if by_component is None:
        return [line]
    taxes: dict[str, Decimal] = defaultdict(Decimal)
    for tax in line.taxes:
        taxes[tax.name] += tax.amount
    for one in by_component:
        for tax in one.taxes:
            taxes[tax.name] -= tax.amount
    is_all = _amount(by_component) == line.amount and not any(taxes.values())
    return by_component if is_all else [line]


async def _told(
    connection: Connection, company_id: CompanyId, account_ids: Sequence[AccountId], month: Month
) -> Settled:
    """Return the lines of invoices that tell how much of what was used in a month."""
    taxes = defaultdict(list)
    for row in await connection.fetch(TOLD_TAXES, company_id, account_ids, month.first):
        taxes[row["invoice_id"], row["line"]].append(tax_of(row))
    told: Settled = defaultdict(list)
    for row in await connection.fetch(TOLD, company_id, account_ids, month.first):
        line = replace(line_of(row), taxes=tuple(taxes[row["invoice_id"], row["line"]]))
        told[AccountId(row["account_id"])].append(line)
    return told
