"""What invoices are made of, and how far they are. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo

from db.enums import InvoiceKind, InvoiceLineKind, InvoiceState, LineUnit
from db.ids import MeterId
from domain.money import MICRO
from domain.tariffs.schedule import day_start

MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A local month of a company, by its first day."""

    first: date

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.replace(day=1))

    @property
    def last(self) -> date:
        return self.moved(1).first - timedelta(days=1)

    def moved(self, months: int) -> "Month":
        """Return the month that is so many later, or earlier."""
        years, place = divmod(self.first.month - 1 + months, MONTHS_OF_YEAR)
        return Month(date(self.first.year + years, place + 1, 1))

    def starts_at(self, zone: ZoneInfo) -> datetime:
        """Return the instant at which it begins, in UTC."""
        return day_start(self.first, zone)

    def ends_at(self, zone: ZoneInfo) -> datetime:
        """Return the instant at which it ends, exclusive, in UTC."""
        return self.moved(1).starts_at(zone)


@dataclass(frozen=True, slots=True)
class Index:
    """A place that a register has had, in Wh; varh of reactive energy, W of demand.

    at: UTC. is_estimated: no reading stood where it counts.
    """

    at: datetime
    index_wh: int
    is_estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """What a meter showed where a line begins and ends.

    first: None of a register of demand: it shows a maximum. last: of that one, when it was told.
    multiplier: of the transformers; indexes are before it. shared_wh: what the account pays of the
        Wh between the indexes, where others pay for them, too.
    """

    meter_id: MeterId
    serial: str
    multiplier: Decimal
    first: Index | None
    last: Index
    shared_wh: int | None = None

    @property
    def energy_wh(self) -> Decimal:
        """At the consumer's side of the multiplier; of demand its W."""
        passed_wh = self.last.index_wh - (0 if self.first is None else self.first.index_wh)
        return (passed_wh if self.shared_wh is None else self.shared_wh) * self.multiplier

    @property
    def is_estimated(self) -> bool:
        return any(index.is_estimated for index in (self.first, self.last) if index is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """How much of something at one price.

    component: of the tariff; None where that is one flat price. rate: the band's name, the slab's
    number from 1 on, or empty. quantity: in `unit`, after the multiplier; below zero where it is
    deducted. price: of one, in major units, before taxes.
    """

    quantity: Decimal
    unit: LineUnit
    price: Decimal
    component: str | None = None
    rate: str = ""


@dataclass(frozen=True, slots=True)
class TaxLine:
    """A tax on lines, in major units. rate: as a part, where there is one for all."""

    name: str
    rate: Decimal | None
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """What an invoice charges, or a credit note gives back.

    amount: major units to six decimals, before taxes. energy_month: whose energy it is. metered,
    priced: of what is measured. is_estimated: no reading tells where it begins, ends, or is split.
    of_line: of a credit note, which line of the invoice it takes back. taxes: what it bears, as far
    as that is known.
    """

    kind: InvoiceLineKind
    amount: Decimal
    energy_month: Month | None = None
    metered: Metered | None = None
    priced: Priced | None = None
    is_estimated: bool = False
    of_line: int | None = None
    taxes: tuple[TaxLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """What an invoice comes to, in major units; the four sum up. rounding: to minor units."""

    lines: Decimal
    tax: Decimal
    rounding: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Parts:
    """What an invoice or a credit note is made of."""

    lines: Sequence[InvoiceLine] = ()
    taxes: Sequence[TaxLine] = ()


def taxes_together(taxes: Iterable[TaxLine]) -> list[TaxLine]:
    """Return one tax for each name and rate, in the order in which they came."""
    sums: dict[tuple[str, Decimal | None], TaxLine] = {}
    for tax in taxes:
        had = sums.get((tax.name, tax.rate))
        if had is not None:
            tax = replace(tax, base=had.base + tax.base, amount=had.amount + tax.amount)  # noqa: PLW2901 - the sum takes its place
        sums[tax.name, tax.rate] = tax
    return [tax for tax in sums.values() if tax.base or tax.amount]


def countered(taxes: Iterable[TaxLine]) -> list[TaxLine]:
    return [replace(tax, base=-tax.base, amount=-tax.amount) for tax in taxes]


def part_of_lines(
    lines: Sequence[InvoiceLine], taxes: Sequence[TaxLine], wanted: dict[int, Decimal]
) -> Parts:
    """Return what takes parts of lines back, and the same part of the taxes that each bears.

    What no line is known to bear is borne by those without known taxes, in proportion.
    wanted: amounts by the lines' places, from 1 on; none of a line without an amount.
    """
    chosen, bare = [], Decimal(0)
    for place, amount in sorted(wanted.items()):
        line = lines[place - 1]
        bare += Decimal(0) if line.taxes else amount
        (part,) = share_of([line], (), amount / line.amount).lines
        chosen.append(replace(part, amount=amount, of_line=place))
    whole = sum((line.amount for line in lines if not line.taxes), Decimal(0))
    known = [tax for line in lines for tax in line.taxes]
    rest = taxes_together([*taxes, *countered(known)])
    borne = [
        *(tax for line in chosen for tax in line.taxes),
        *share_of((), rest, bare / whole if whole else Decimal(0)).taxes,
    ]
    return Parts(chosen, taxes_together(borne))


def share_of(lines: Sequence[InvoiceLine], taxes: Sequence[TaxLine], share: Decimal) -> Parts:
    """Return the same part of each line, of how much it is of, and of each tax, to six decimals."""

    def of(amount: Decimal) -> Decimal:
        return (amount * share).quantize(MICRO)

    def of_all(taxes: Sequence[TaxLine]) -> list[TaxLine]:
        return [replace(tax, base=of(tax.base), amount=of(tax.amount)) for tax in taxes]

    def of_line(line: InvoiceLine) -> InvoiceLine:
        priced = line.priced
        if priced is not None and share != 1:
            priced = replace(priced, quantity=of(priced.quantity))
        return replace(line, amount=of(line.amount), priced=priced, taxes=tuple(of_all(line.taxes)))

    return Parts([of_line(line) for line in lines], of_all(taxes))


def state(
    *,
    kind: InvoiceKind,
    total: Decimal,
    paid: Decimal,
    credited: Decimal,
    due_date: date,
    today: date,
) -> InvoiceState:
    """Return how far an invoice is on a local day; due on that very day is not overdue."""
    if kind is InvoiceKind.CREDIT_NOTE:
        return InvoiceState.ISSUED
    if credited and credited == total:
        return InvoiceState.CANCELLED
    if paid + credited == total:
        return InvoiceState.PAID
    if due_date < today:
        return InvoiceState.OVERDUE
    return InvoiceState.PARTLY_PAID if paid else InvoiceState.ISSUED
