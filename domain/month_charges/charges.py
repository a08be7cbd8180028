"""What a month is charged as a whole, and what one revision adds to those before. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, TypeVar

from db.enums import ComponentKind, LedgerAccountKind, LineUnit
from db.ids import PointId
from domain.invoices.rules import TaxLine
from domain.money import micro

NONE = Decimal(0)


class LineKey(NamedTuple):
    """What is charged at one price at a metering point.

    price: major units, before taxes. rate: the band's name or the slab's number, if there are some.
    """

    point_id: PointId
    component: str
    kind: ComponentKind
    unit: LineUnit
    price: Decimal
    rate: str = ""


class TaxKey(NamedTuple):
    """A tax on what is charged at one price, and on which side of the books it is."""

    line: LineKey
    side: LedgerAccountKind
    name: str
    rate: Decimal


class Amount(NamedTuple):
    """quantity: in the line's unit. micro: in millionths, before taxes."""

    quantity: Decimal = NONE
    micro: int = 0


class Taxed(NamedTuple):
    """What a tax is reckoned on, and what it comes to, in millionths."""

    base_micro: int = 0
    micro: int = 0


Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class Charges:
    """Amounts by line, and taxes in the order in which they apply; each of a line that is here."""

    lines: dict[LineKey, Amount] = field(default_factory=dict)
    taxes: dict[TaxKey, Taxed] = field(default_factory=dict)

    @property
    def net_micro(self) -> int:
        return sum(amount.micro for amount in self.lines.values())

    @property
    def gross_micro(self) -> int:
        return self.net_micro + sum(tax.micro for tax in self.taxes.values())

    @property
    def moves_money(self) -> bool:
        """Whether the books have anything to move: lines may make up for each other."""
        return self.net_micro != 0 or any(self.tax_micro().values())

    def tax_micro(self) -> Mapping[tuple[LedgerAccountKind, str], int]:
        """Return what each tax comes to, by its side of the books and its name."""
        sums: dict[tuple[LedgerAccountKind, str], int] = defaultdict(int)
        for key, tax in self.taxes.items():
            sums[key.side, key.name] += tax.micro
        return sums

    def add(
        self, key: LineKey, amount: Amount, taxes: Iterable[TaxLine], side: LedgerAccountKind
    ) -> None:
        """Add to what a line comes to, and to the taxes on it."""
        had = self.lines.get(key, Amount())
        self.lines[key] = Amount(had.quantity + amount.quantity, had.micro + amount.micro)
        for tax in taxes:
            of = TaxKey(key, side, tax.name, tax.rate or NONE)
            base_micro, amount_micro = self.taxes.get(of, Taxed())
            self.taxes[of] = Taxed(base_micro + micro(tax.base), amount_micro + micro(tax.amount))


def difference(due: Charges, charged: Charges) -> Charges:
    """Return the signed difference that makes what was charged what is due."""
    lines = {
        key: Amount(now.quantity - was.quantity, now.micro - was.micro)
        for key, (now, was) in _both(due.lines, charged.lines, Amount()).items()
        if now != was
    }
    taxes = {
        key: Taxed(now.base_micro - was.base_micro, now.micro - was.micro)
        for key, (now, was) in _both(due.taxes, charged.taxes, Taxed()).items()
        if now != was
    }
    for key in taxes:
        lines.setdefault(key.line, Amount())
    return Charges(lines, taxes)


Part = TypeVar("Part", Amount, Taxed)


def _both(
    due: Mapping[Key, Part], charged: Mapping[Key, Part], nothing: Part
) -> dict[Key, tuple[Part, Part]]:
    """Return what is due and what was charged by key, in the order of what is due."""
    found: dict[Key, tuple[Part, Part]] = defaultdict(lambda: (nothing, nothing))
    for key, part in due.items():
        found[key] = (part, charged.get(key, nothing))
    for key, part in charged.items():
        found.setdefault(key, (nothing, part))
    return found
