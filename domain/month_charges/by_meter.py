"""Lines of what a month was charged as a whole, with the meters that told it. Pure.

Which meters those are is kept of each month; of those that were judged before it was, none are
named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from db.ids import MeterId
from domain.billing.band_shares import apportioned
from domain.invoices.rules import Index, InvoiceLine, Metered, TaxLine, taxes_together
from domain.money import major, micro
from domain.month_charges.energies import MeasuredBy
from domain.month_charges.peaks import ToldBy
from domain.units import WH_PER_KWH

Serials: TypeAlias = Mapping[MeterId, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What told a month's demand, or its reactive energy, as far as that was kept.

    over: the registers of reactive energy that are over their limits, of which one is charged.
    """

    peak: ToldBy | None = None
    measured_by: Sequence[MeasuredBy] = ()
    over: Sequence[str] = ()

    @property
    def meter_ids(self) -> set[MeterId]:
        by_peak = set() if self.peak is None else {self.peak.meter_id}
        return by_peak | {one.meter_id for one in self.measured_by}

    def lines(self, line: InvoiceLine, serials: Serials) -> list[InvoiceLine]:
        """Return a line as one for each meter, by time; as it is if these told something else."""
        if self.meter_ids <= serials.keys():
            if self.peak is not None and self.peak.power_w == _thousandths(line):
                return [replace(line, metered=_maximum(self.peak, serials))]
            for register in self.over:
                made = [_between(one, register, serials) for one in self.measured_by]
                # Each meter's whole varh are charged.
                parts = [int(one.energy_wh) for one in made]
                if any(parts) and sum(parts) == _thousandths(line):
                    return _split(line, made, parts)
        return [line]


def _maximum(peak: ToldBy, serials: Serials) -> Metered:
    return Metered(
        meter_id=peak.meter_id,
        serial=serials[peak.meter_id],
        multiplier=peak.multiplier,
        first=None,
        last=Index(peak.at, peak.shown_w),
    )


def _between(measured_by: MeasuredBy, register: str, serials: Serials) -> Metered:
    first, last = (
        Index(shown.at, shown.registers[register])
        for shown in (measured_by.first, measured_by.last)
    )
    return Metered(
        meter_id=measured_by.meter_id,
        serial=serials[measured_by.meter_id],
        multiplier=measured_by.multiplier,
        first=first,
        last=last,
    )


def _thousandths(line: InvoiceLine) -> Decimal | None:
    """Return how many W or varh a line charges."""
    return None if line.priced is None else line.priced.quantity * WH_PER_KWH


def _split(
    line: InvoiceLine, metered: Sequence[Metered], parts: Sequence[int]
) -> list[InvoiceLine]:
    """Return a line of each meter; amounts and taxes come to the line's own, to the last digit."""
    assert line.priced is not None  # noqa: S101 - what is compared with the parts
    amounts = _shared_out(line.amount, parts)
    taxes = [_taxes(tax, parts) for tax in line.taxes]
    return [
        replace(
            line,
            amount=amounts[place],
            metered=metered[place],
            priced=replace(line.priced, quantity=Decimal(part) / WH_PER_KWH),
            taxes=tuple(taxes_together(shares[place] for shares in taxes)),
        )
        for place, part in enumerate(parts)
    ]


def _taxes(tax: TaxLine, parts: Sequence[int]) -> list[TaxLine]:
    return [
        replace(tax, base=base, amount=amount)
        for base, amount in zip(
            _shared_out(tax.base, parts), _shared_out(tax.amount, parts), strict=True
        )
    ]


def _shared_out(amount: Decimal, parts: Sequence[int]) -> list[Decimal]:
    return [major(share) for share in apportioned(micro(amount), parts)]
