"""How much of a month's energy is netted, and what of its charges that takes back. Pure.

In each period what was exported makes up for as much of what was imported. Both were charged and
credited when they were read; what is netted of them is neither paid for nor paid.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from math import floor
from typing import NamedTuple

from db.enums import ComponentKind, EnergyDirection, LedgerAccountKind, NettingPeriod, NotNetted
from domain.billing.rules import TAX_SIDES
from domain.invoices.rules import TaxLine
from domain.invoices.totals import tax_lines
from domain.month_charges.periods import Period
from domain.tariffs.components import Component, Slabs, Version
from domain.tariffs.lines import Line, Terms, line
from domain.units import WH_PER_KWH

# As the tables keep quantities, in kWh.
STEPS_PER_KWH = 10**7
NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Flowed:
    """What netted components come to in a part of a period.

    is_told: whether it is known how much of the energy came in it.
    """

    period: Period
    lines: Sequence[Line]
    is_told: bool = True

    def of(self, direction: EnergyDirection) -> Decimal:
        """Return how many kWh flowed; all components of a direction are charged for the same."""
        of_component: dict[str, Decimal] = defaultdict(Decimal)
        for one in self.lines:
            if one.direction is direction:
                of_component[one.component] += one.quantity
        return next(iter(of_component.values()), NONE)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of constant terms within a month, in parts of periods."""

    terms: Terms
    parts: Sequence[Flowed]


@dataclass(frozen=True, slots=True, kw_only=True)
class NettedLine:
    """What netting takes back of a rate of a component: below zero where that was charged.

    quantity: kWh, below zero. side: on which side of the books the taxes are.
    """

    component: str
    kind: ComponentKind
    rate: str
    price: Decimal
    quantity: Decimal
    amount_micro: int
    side: LedgerAccountKind
    taxes: tuple[TaxLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Netted:
    """What became of a month's energy at a metering point, in kWh after the multiplier.

    period: of the month's last terms that net. netted_kwh: of both directions the same. not_netted:
    why all that could be, or a part of it, is not. untold_kwh: what was imported, as far as one can
    tell, in periods with energy of both directions of which nobody knows how much.
    """

    period: NettingPeriod
    imported_kwh: Decimal = NONE
    exported_kwh: Decimal = NONE
    netted_kwh: Decimal = NONE
    untold_kwh: Decimal = NONE
    not_netted: NotNetted | None = None
    lines: tuple[NettedLine, ...] = ()

    def after(self, before: "Netted | None") -> "Netted":
        """Return what is known now that it was known so before: readings may be forgotten since."""
        if before is None or before.not_netted not in (None, NotNetted.INTERVALS_MISSING):
            return self
        is_forgotten = self.not_netted is NotNetted.READINGS_MISSING or (
            self.not_netted is NotNetted.INTERVALS_MISSING and self.told_kwh < before.told_kwh
        )
        return before if is_forgotten else self

    @property
    def told_kwh(self) -> Decimal:
        """Return how much came in periods of which it is known: late readings add to both."""
        return self.imported_kwh - self.untold_kwh


class _Flow(NamedTuple):
    """What flowed in a time, in kWh."""

    imported: Decimal
    exported: Decimal

    @property
    def netted(self) -> Decimal:
        return min(self)

    def share(self, direction: EnergyDirection) -> Fraction:
        """Return which part of a direction's energy is netted."""
        whole = self.imported if direction is EnergyDirection.IMPORT else self.exported
        return Fraction(self.netted) / Fraction(whole) if whole else Fraction(0)


def netted(period: NettingPeriod, stretches: Sequence[Stretch], last_day: date) -> Netted:
    """Return how much is netted of stretches, and what it takes back, dated the last local day.

    Of one rate of a component that is its part in each period. Slabs are given up from the last one
    on, as if what is netted had not been used.
    """
    parts = [part for stretch in stretches for part in stretch.parts if part.lines]
    untold = [part for part in parts if not part.is_told and _flow([part]).netted]
    told: dict[Period, list[Flowed]] = defaultdict(list)
    for part in parts:
        if part.is_told:
            told[part.period].append(part)
    flows = {of: _flow(its) for of, its in told.items()}
    whole = _flow(parts)
    return Netted(
        period=period,
        imported_kwh=whole.imported,
        exported_kwh=whole.exported,
        netted_kwh=sum((flow.netted for flow in flows.values()), NONE),
        untold_kwh=_flow(untold).imported,
        not_netted=NotNetted.INTERVALS_MISSING if untold else None,
        lines=tuple(one for stretch in stretches for one in _taken_back(stretch, flows, last_day)),
    )


def _flow(parts: Iterable[Flowed]) -> _Flow:
    of_each = [[part.of(direction) for direction in EnergyDirection] for part in parts]
    return _Flow(*(sum(kwh, NONE) for kwh in zip(*of_each, strict=True))) if of_each else _NOTHING


def _taken_back(
    stretch: Stretch, flows: Mapping[Period, _Flow], last_day: date
) -> Iterator[NettedLine]:
    version = stretch.terms.version
    for component in version.components:
        rates = _rates(stretch, component, flows)
        if isinstance(component.shape, Slabs):
            rates = _from_the_last(rates)
        for rate, quantity in zip(rates, _rounded([one.netted for one in rates]), strict=True):
            if quantity:
                made = line(
                    stretch.terms,
                    component,
                    last_day,
                    price=rate.price,
                    metered=int(-quantity * WH_PER_KWH / stretch.terms.multiplier),
                    quantity=-quantity,
                    rate=rate.name,
                )
                yield _line(made, version)


class _Rate(NamedTuple):
    """A rate of a component: how many kWh it had, and how many of these are netted."""

    name: str
    price: Decimal
    quantity: Decimal
    netted: Fraction


def _rates(stretch: Stretch, component: Component, flows: Mapping[Period, _Flow]) -> list[_Rate]:
    found: dict[str, _Rate] = {}
    for part in stretch.parts:
        flow = flows[part.period] if part.is_told and part.lines else _NOTHING
        share = flow.share(component.direction)
        for one in part.lines:
            if one.component == component.name:
                had = found.get(one.rate, _Rate(one.rate, one.price, NONE, Fraction(0)))
                found[one.rate] = had._replace(
                    quantity=had.quantity + one.quantity,
                    netted=had.netted + share * Fraction(one.quantity),
                )
    return list(found.values())


def _from_the_last(slabs: Sequence[_Rate]) -> list[_Rate]:
    """Return slabs, by number, of which the last ones are netted, as much as was netted of all."""
    left = sum((one.netted for one in slabs), Fraction(0))
    made = []
    for one in sorted(slabs, key=lambda one: int(one.name), reverse=True):
        taken = min(left, Fraction(one.quantity))
        made.append(one._replace(netted=taken))
        left -= taken
    return made[::-1]


def _rounded(parts: Sequence[Fraction]) -> list[Decimal]:
    """Return quantities as they are kept; rounded together, they add up to the last digit."""
    reached = [floor(exact * STEPS_PER_KWH + Fraction(1, 2)) for exact in accumulate(parts)]
    return [Decimal(after - before) / STEPS_PER_KWH for before, after in pairwise([0, *reached])]


def _line(made: Line, version: Version) -> NettedLine:
    return NettedLine(
        component=made.component,
        kind=made.kind,
        rate=made.rate,
        price=made.price,
        quantity=made.quantity,
        amount_micro=made.amount_micro,
        side=TAX_SIDES[version.tax_point],
        taxes=tuple(tax_lines(version, [made])),
    )


_NOTHING = _Flow(NONE, NONE)
