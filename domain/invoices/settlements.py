"""What was charged late to a month that was invoiced, and what of it is taxes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from db.enums import InvoiceLineKind
from domain.invoices.rules import InvoiceLine, Month, TaxLine
from domain.money import MICRO

ZERO = Decimal(0)


@dataclass(slots=True)
class Charged:
    """What a month was charged, in major units. gross: with its taxes, which are by name.

    rates: those at which a tax was told, by its name.
    """

    gross: Decimal = ZERO
    taxes: dict[str, Decimal] = field(default_factory=dict)
    rates: dict[str, set[Decimal]] = field(default_factory=dict)

    def add(self, taxes: Sequence[TaxLine]) -> None:
        """Count taxes in; `gross` has them already."""
        for tax in taxes:
            self.taxes[tax.name] = self.taxes.get(tax.name, ZERO) + tax.amount
            if tax.rate is not None:
                self.rates.setdefault(tax.name, set()).add(tax.rate)


def settlements(
    posted: Mapping[Month, Charged], invoiced: Mapping[Month, Charged]
) -> list[InvoiceLine]:
    """Return the lines that make what was invoiced what the books have, by month."""
    lines = (_settlement(month, posted[month], invoiced.get(month)) for month in sorted(posted))
    return [line for line in lines if line.amount or line.taxes]


def _settlement(month: Month, posted: Charged, invoiced: Charged | None) -> InvoiceLine:
    told = invoiced or Charged()
    due = {
        name: posted.taxes.get(name, ZERO) - told.taxes.get(name, ZERO)
        for name in {**posted.taxes, **told.taxes}
    }
    net = posted.gross - told.gross - sum(due.values(), ZERO)
    return InvoiceLine(
        kind=InvoiceLineKind.SETTLEMENT,
        amount=net,
        energy_month=month,
        taxes=tuple(
            _tax(name, amount, told.rates.get(name, set()), net)
            for name, amount in due.items()
            if amount
        ),
    )


def _tax(name: str, amount: Decimal, rates: set[Decimal], net: Decimal) -> TaxLine:
    """Return a tax at its rate, and its base by that; of several rates, or none, on all of it."""
    rate = next(iter(rates)) if len(rates) == 1 else None
    return TaxLine(name, rate, (amount / rate).quantize(MICRO) if rate else net, amount)
