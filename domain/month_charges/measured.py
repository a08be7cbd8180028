"""A month of an account at a metering point, as far as it is known. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from db.enums import ComponentKind, LineUnit, NotJudged
from db.ids import PointId, TariffId
from domain.billing.rules import TAX_SIDES
from domain.invoices.rules import Month
from domain.invoices.totals import tax_lines
from domain.month_charges.charges import Amount, Charges, LineKey
from domain.month_charges.energies import Energies
from domain.month_charges.netting import Netted
from domain.month_charges.peaks import Peak
from domain.month_charges.verdicts import Facts, Judged, MonthFacts
from domain.tariffs.components import Version
from domain.tariffs.flows import Span
from domain.tariffs.lines import Terms
from domain.tariffs.month_end import month_lines
from domain.tariffs.pricing import is_monthly
from domain.tariffs.reactive import ReactiveRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is known of a month at a metering point. energies: or why they are not known.

    peaks: the highest demand by register; None where it is not known. charged_varh: what it was
    charged for so far. netting: None where the tariff nets nothing.
    """

    point_id: PointId
    month: Month
    tariff_id: TariffId
    version_from: datetime
    version: Version
    facts: Facts
    is_shared: bool
    energies: Energies | NotJudged
    peaks: Mapping[str, Peak | None]
    compensation_fault: bool = False
    charged_varh: int = 0
    netting: Netted | None = None

    def after(self, before: "Measured | None") -> "Measured":
        """Return what is known now that the month was known so before.

        What it was judged by stays: a connection may have become another one since, and readings
        may have been forgotten.
        """
        if before is None:
            return self
        energies = self.energies
        if energies is NotJudged.READINGS_MISSING and isinstance(before.energies, Energies):
            energies = before.energies
        peaks = {
            register: before.peaks.get(register) if peak is None else peak
            for register, peak in self.peaks.items()
        }
        return replace(
            self,
            facts=_as_then(before.facts, self.facts),
            energies=energies,
            peaks=peaks,
            charged_varh=before.charged_varh,
            netting=self.netting and self.netting.after(before.netting),
        )

    def unmeasured(self) -> "Measured":
        """Return it as it is if it turns out that the account has nothing to pay there."""
        return replace(self, energies=NotJudged.READINGS_MISSING, peaks={}, netting=None)

    def month_facts(self) -> MonthFacts:
        return MonthFacts(
            first_day=self.month.first,
            rules=_rules(self.version),
            facts=self.facts,
            energies=self.energies,
            is_shared=self.is_shared,
            compensation_fault=self.compensation_fault,
        )


def demand_registers(version: Version) -> set[str]:
    return {
        component.register or ""
        for component in version.components
        if component.kind is ComponentKind.DEMAND and is_monthly(component)
    }


def due(verdicts: Iterable[tuple[Measured, Judged]], zone: ZoneInfo) -> Charges:
    """Return what a month is charged at all metering points of an account."""
    made = Charges()
    for measured, judged in verdicts:
        version, last = measured.version, measured.month.last
        span = Span(measured.month.starts_at(zone), measured.month.ends_at(zone))
        terms = Terms(
            span=span,
            counted_from=span.starts_at,
            version=version,
            category=measured.facts.category,
        )
        peaks_w = {name: peak.power_w for name, peak in measured.peaks.items() if peak is not None}
        for line in month_lines(terms, last, peaks_w=peaks_w, verdict=judged.verdict):
            key = LineKey(measured.point_id, line.component, line.kind, line.unit, line.price)
            amount = Amount(line.quantity, line.amount_micro)
            made.add(key, amount, tax_lines(version, [line]), TAX_SIDES[version.tax_point])
        for of in measured.netting.lines if measured.netting else ():
            key = LineKey(measured.point_id, of.component, of.kind, LineUnit.KWH, of.price, of.rate)
            made.add(key, Amount(of.quantity, of.amount_micro), of.taxes, of.side)
    return made


def _as_then(then: Facts, now: Facts) -> Facts:
    """Return the facts by which a month was judged, with those that became known since."""
    return Facts(
        installed_kva=now.installed_kva if then.installed_kva is None else then.installed_kva,
        connection_kw=now.connection_kw if then.connection_kw is None else then.connection_kw,
        phases=now.phases if then.phases is None else then.phases,
        category=now.category,
    )


def _rules(version: Version) -> ReactiveRules | None:
    """Return the limits of a version, if it has a price for what exceeds them."""
    has_price = any(
        component.kind is ComponentKind.REACTIVE and is_monthly(component)
        for component in version.components
    )
    return version.reactive if has_price else None
