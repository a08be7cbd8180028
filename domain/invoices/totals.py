"""What lines and taxes come to. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from domain.currencies import payable
from domain.invoices.rules import InvoiceLine, TaxLine, Totals
from domain.money import major
from domain.tariffs.components import Version
from domain.tariffs.lines import Line


def totals(lines: Sequence[InvoiceLine], taxes: Sequence[TaxLine], currency: str) -> Totals:
    """Return what an invoice comes to; what rounding adds to it stands by itself."""
    of_lines = sum((line.amount for line in lines), Decimal(0))
    of_taxes = sum((tax.amount for tax in taxes), Decimal(0))
    total = payable(of_lines + of_taxes, currency)
    return Totals(of_lines, of_taxes, total - of_lines - of_taxes, total)


def tax_lines(version: Version, made: Iterable[Line]) -> Iterator[TaxLine]:
    """Yield each tax on each line with its base, in the order of the taxes."""
    lines = list(made)
    for tax in version.taxes:
        for line in lines:
            amounts = {one.name: one.amount_micro for one in line.taxes}
            if tax.name in amounts:
                base = line.amount_micro + sum(amounts.get(name, 0) for name in tax.on_taxes)
                yield TaxLine(tax.name, tax.rate, major(base), major(amounts[tax.name]))
