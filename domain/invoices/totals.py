"""What lines and taxes come to. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from domain.currencies import payable
from domain.invoices.rules import InvoiceLine, TaxLine, Totals


def totals(lines: Sequence[InvoiceLine], taxes: Sequence[TaxLine], currency: str) -> Totals:
    """Return what an invoice comes to; what rounding adds to it stands by itself."""
    of_lines = sum((line.amount for line in lines), Decimal(0))
    of_taxes = sum((tax.amount for tax in taxes), Decimal(0))
    total = payable(of_lines + of_taxes, currency)
    return Totals(of_lines, of_taxes, total - of_lines - of_taxes, total)
