"""Lines of a bill: what one rate of a component comes to on a local day, with its taxes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext

from db.enums import BillingBasis, ComponentKind, EnergyDirection, LineUnit, Quality, TaxPoint
from domain.tariffs.components import Component, Tax, Version
from domain.tariffs.flows import Span

MICRO_PER_MAJOR = 1_000_000
EXACT_DIGITS = 60


class TaxesDiffer(Exception):
    """What is bought is taxed by what it is used for, so that no tax can fall due before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what a payer is charged for a meter over a stretch of time.

    span: UTC. counted_from: since when consumption counts in slabs, at or before the span's start.
    multiplier: of the transformers. category: of the subscriber, for exemptions from taxes.
    """

    span: Span
    counted_from: datetime
    version: Version
    multiplier: Decimal = Decimal(1)
    basis: BillingBasis = BillingBasis.TOTAL_REGISTER
    category: str | None = None


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """A tax on a line. amount_micro: in millionths, with the line's sign."""

    name: str
    amount_micro: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one rate of a component comes to on a local day.

    rate: the band's name, the slab's number from 1 on, or empty.
    metered: whole Wh, varh, W or days as measured, before the multiplier. quantity: in `unit`,
    after it, exact. amount_micro: net, in millionths; below zero for what is exported.
    """

    day: date
    component: str
    kind: ComponentKind
    direction: EnergyDirection
    rate: str
    metered: int
    quantity: Decimal
    unit: LineUnit
    price: Decimal
    amount_micro: int
    taxes: tuple[TaxAmount, ...]
    quality: Quality

    @property
    def tax_micro(self) -> int:
        return sum(tax.amount_micro for tax in self.taxes)

    @property
    def gross_micro(self) -> int:
        """What the wallet pays: it is gross, whenever its taxes fall due."""
        return self.amount_micro + self.tax_micro


def rounded_micro(quantity: Decimal, price: Decimal) -> int:
    """Return quantity x price in millionths, half away from zero: the one place that rounds."""
    with localcontext(prec=EXACT_DIGITS):
        exact = quantity * price * MICRO_PER_MAJOR
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def line(
    terms: Terms,
    component: Component,
    day: date,
    *,
    price: Decimal,
    metered: int,
    quantity: Decimal,
    net_micro: int | None = None,
    rate: str = "",
    unit: LineUnit = LineUnit.KWH,
    quality: Quality = Quality.ACTUAL,
) -> Line:
    """Return the line of a quantity. net_micro: where it is not simply quantity x price."""
    if net_micro is None:
        net_micro = rounded_micro(quantity, price)
    exported = component.direction is EnergyDirection.EXPORT
    amount_micro = -net_micro if exported else net_micro
    return Line(
        day=day,
        component=component.name,
        kind=component.kind,
        direction=component.direction,
        rate=rate,
        metered=metered,
        quantity=quantity,
        unit=unit,
        price=price,
        amount_micro=amount_micro,
        taxes=taxes_on(component, amount_micro, terms.version.taxes, terms.category),
        quality=quality,
    )


def taxes_on(
    component: Component, amount_micro: int, taxes: Sequence[Tax], category: str | None
) -> tuple[TaxAmount, ...]:
    """Return the taxes on a net amount of a component, in their order; none on what is exported."""
    if component.direction is EnergyDirection.EXPORT:
        return ()
    made: list[TaxAmount] = []
    for tax in taxes:
        if component.kind not in tax.on or category in tax.exempt:
            continue
        earlier = sum(one.amount_micro for one in made if one.name in tax.on_taxes)
        base = Decimal(amount_micro + earlier) / MICRO_PER_MAJOR
        made.append(TaxAmount(tax.name, rounded_micro(base, tax.rate)))
    return tuple(made)


def taxes_in_top_up(
    version: Version, gross_micro: int, *, category: str | None = None
) -> tuple[TaxAmount, ...]:
    """Return the taxes that fall due when gross credit is bought: none if they do at consumption.

    What they come to together is rounded once, and the last one takes what the others leave of it.
    gross_micro: below zero where credit is given back.

    :raises TaxesDiffer: components are not all taxed alike
    """
    if version.tax_point is not TaxPoint.TOP_UP:
        return ()
    rates = {
        tuple(tax_rates(component, version.taxes, category).items())
        for component in version.components
        if component.direction is EnergyDirection.IMPORT
    }
    if len(rates) != 1:
        raise TaxesDiffer
    (of_all,) = rates
    with localcontext(prec=EXACT_DIGITS):
        net = Decimal(gross_micro) / MICRO_PER_MAJOR / (1 + sum(rate for _, rate in of_all))
    left_micro = gross_micro - rounded_micro(net, Decimal(1))
    made: list[TaxAmount] = []
    for place, (name, rate) in enumerate(of_all, start=1):
        amount_micro = left_micro if place == len(of_all) else rounded_micro(net, rate)
        made.append(TaxAmount(name, amount_micro))
        left_micro -= amount_micro
    return tuple(made)


def tax_rates(
    component: Component, taxes: Sequence[Tax], category: str | None
) -> dict[str, Decimal]:
    """Return what each tax on a component comes to, as a part of its net amount, exact."""
    rates: dict[str, Decimal] = {}
    for tax in taxes:
        if component.kind in tax.on and category not in tax.exempt:
            on = sum((rates.get(name, Decimal(0)) for name in tax.on_taxes), Decimal(1))
            rates[tax.name] = tax.rate * on
    return rates
