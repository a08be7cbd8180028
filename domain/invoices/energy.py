"""What energy comes to on an invoice, priced again as the charges were. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from db.enums import BillingBasis, InvoiceLineKind, LineUnit, Quality
from db.ids import MeterId
from domain.billing.rules import Anchor, version_charges
from domain.billing.shares import counted
from domain.billing.version_registers import bands_of
from domain.billing.versions import profile_of
from domain.invoices.indexes import Spot
from domain.invoices.marks import Known
from domain.invoices.rules import (
    Index,
    InvoiceLine,
    Metered,
    Month,
    Parts,
    Priced,
    countered,
    taxes_together,
)
from domain.invoices.stretches import Stretch
from domain.invoices.totals import tax_lines
from domain.money import major
from domain.tariffs import schedule
from domain.tariffs.components import TOTAL_IMPORT, Component, Slabs, TimeOfUse, Version
from domain.tariffs.courses import Course, Mark
from domain.tariffs.flows import Span
from domain.tariffs.lines import Line
from domain.tariffs.schedule import day_start, kind_of, local_days, period_start
from domain.units import WH_PER_KWH


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the meters: indexes where one flat price holds, else their courses."""

    month: Month
    zone: ZoneInfo
    indexes: Mapping[Spot, Index]
    known: Mapping[MeterId, Known]


def parts_of(stretch: Stretch, facts: Facts) -> Parts:
    """Return the lines and taxes of a stretch; what is deducted is below zero."""
    if stretch.segment.version is None:
        made = _at_one_price(stretch, facts)
    else:
        made = _by_version(stretch, stretch.segment.version, facts)
    return _deducted(made) if stretch.is_deducted else made


def spots(stretch: Stretch) -> Iterator[Spot]:
    """Yield where the indexes of a stretch at one price have to be known: its ends, its base."""
    yield from ((stretch.meter_id, at) for at in (*stretch.span, stretch.segment.starts_at))


def instants(stretch: Stretch, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield where the course of a meter has to be known to price a stretch by its version."""
    yield from stretch.span
    version = stretch.segment.version
    if version is None:
        return
    shapes = [component.shape for component in version.components]
    for day in local_days(*stretch.span, zone):
        yield day_start(day, zone)
        for shape in shapes:
            if isinstance(shape, TimeOfUse):
                kind = kind_of(day, version.special_days)
                yield from (p.starts_at for p in schedule.pieces(day, shape.bands, kind, zone))


def counted_from(stretch: Stretch, zone: ZoneInfo) -> datetime | None:
    """Return since when slabs count what is priced, where that is before the stretch."""
    version, starts_at = stretch.segment.version, stretch.span.starts_at
    shapes = [component.shape for component in version.components] if version else []
    first = starts_at.astimezone(zone).date()
    begins = [
        day_start(period_start(first, shape.period), zone)
        for shape in shapes
        if isinstance(shape, Slabs)
    ]
    if not begins:
        return None
    at = max(min(begins), stretch.segment.counted_from or starts_at)
    return at if at < starts_at else None


def _deducted(made: Parts) -> Parts:
    lines = [
        replace(
            line,
            kind=InvoiceLineKind.DEDUCTION,
            amount=-line.amount,
            taxes=tuple(countered(line.taxes)),
            priced=line.priced and replace(line.priced, quantity=-line.priced.quantity),
        )
        for line in made.lines
    ]
    return Parts(lines, countered(made.taxes))


def _at_one_price(stretch: Stretch, facts: Facts) -> Parts:
    """Return the energy at one price, priced cumulatively as the charges were."""
    first, last, base = (facts.indexes.get(spot) for spot in spots(stretch))
    if first is None or last is None or base is None:
        return Parts()
    segment, portion = stretch.segment, stretch.segment.portion
    if portion is None:
        first_wh, last_wh = (index.index_wh - base.index_wh for index in (first, last))
    else:
        first_wh, last_wh = (portion.of_index(index.index_wh) for index in (first, last))
    until, since = (segment.cost_micro(wh, 0) for wh in (last_wh, first_wh))
    metered = _metered(stretch, first, last, None if portion is None else last_wh - first_wh)
    line = InvoiceLine(
        kind=InvoiceLineKind.ENERGY,
        amount=major(until - since),
        energy_month=facts.month,
        metered=metered,
        priced=Priced(
            quantity=metered.energy_wh / WH_PER_KWH,
            unit=LineUnit.KWH,
            price=segment.price_per_kwh,
        ),
        is_estimated=metered.is_estimated,
    )
    return Parts([line], ())


def _metered(stretch: Stretch, first: Index, last: Index, shared_wh: int | None) -> Metered:
    return Metered(
        meter_id=stretch.meter_id,
        serial=stretch.serial,
        multiplier=stretch.segment.multiplier,
        first=first,
        last=last,
        shared_wh=shared_wh,
    )


def _by_version(stretch: Stretch, version: Version, facts: Facts) -> Parts:
    segment, known = stretch.segment, facts.known.get(stretch.meter_id)
    anchors = [] if known is None else known.anchors()
    own = anchors if segment.portion is None else counted(anchors, segment.portion)
    if known is None or not own:
        return Parts()
    made = version_charges(segment, own, stretch.span, facts.zone)
    shown = _Shown(stretch, known, anchors, own)
    rates: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in made.lines:
        rates[line.component, line.rate].append(line)
    lines = [
        replace(
            _line(of_rate, component, shown, made.estimated, facts.month),
            taxes=tuple(taxes_together(tax_lines(version, of_rate))),
        )
        for component in version.components
        for (name, _), of_rate in rates.items()
        if name == component.name
    ]
    return Parts(lines, taxes_together(tax_lines(version, made.lines)))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a meter showed at the ends of a stretch. own: of what the account pays for alone."""

    stretch: Stretch
    known: Known
    anchors: Sequence[Anchor]
    own: Sequence[Anchor]

    def metered(self, component: Component, rate: str) -> Metered:
        """Return the indexes of what a rate is charged by; of the total, for what is not."""
        own = self._by_register(self._register(component, rate))
        # Bands that nothing was told of were charged by the clock, from the total.
        if own is not None and (_has_moved(own) or not bands_of(component)):
            return own
        first, last = self._of_total()
        shared_wh = None
        if self.stretch.segment.portion is not None:
            course = _course(self.own)
            start_wh, end_wh = (course.index_at(_clipped(at, course)) for at in self.stretch.span)
            shared_wh = end_wh - start_wh
        return _metered(self.stretch, first, last, shared_wh)

    def _register(self, component: Component, rate: str) -> str | None:
        """Return the register of a rate: the band's own one, where bands are charged by these."""
        if self.stretch.segment.basis is BillingBasis.TOU_REGISTERS:
            bands = {band.name: band.register for band in bands_of(component)}
            return bands.get(rate, component.register)
        return component.register

    def _by_register(self, register: str | None) -> Metered | None:
        """Return the indexes of another register than the total, as far as it was shown."""
        if register is None or register == TOTAL_IMPORT:
            return None
        first, last, start, end = (
            _last_shown(anchors, at, register)
            for anchors in (self.anchors, self.own)
            for at in self.stretch.span
        )
        if first is None or last is None:
            return None
        shared_wh = None
        if self.stretch.segment.portion is not None and start is not None and end is not None:
            shared_wh = end.index_wh - start.index_wh
        return _metered(self.stretch, first, last, shared_wh)

    def _of_total(self) -> Iterator[Index]:
        """Yield the indexes at both ends, or next to them where nothing is known so far."""
        course = _course(self.anchors)
        for at in self.stretch.span:
            reached = _clipped(at, course)
            is_told = course.quality([Span(reached, reached)]) is Quality.ACTUAL
            is_measured = is_told and reached == at and at not in self.known.estimated
            yield Index(reached, course.index_at(reached), is_estimated=not is_measured)


def _last_shown(anchors: Sequence[Anchor], at: datetime, register: str) -> Index | None:
    """Return what a register other than the total showed last, or first if that was later."""
    told = [one for one in anchors if register in one.registers]
    before = [one for one in told if one.at <= at] or told[:1]
    if not before:
        return None
    return Index(before[-1].at, before[-1].registers[register], before[-1].at != at)


def _has_moved(metered: Metered) -> bool:
    return metered.first is not None and metered.first.at < metered.last.at


def _course(anchors: Sequence[Anchor]) -> Course:
    marks = [Mark(anchor.at, anchor.index_wh, anchor.step_wh) for anchor in anchors]
    return Course(marks=marks, profile=profile_of(anchors))


def _clipped(at: datetime, course: Course) -> datetime:
    return min(max(at, course.span.starts_at), course.span.ends_at)


def _line(
    made: Sequence[Line],
    component: Component,
    shown: _Shown,
    estimated: Collection[date],
    month: Month,
) -> InvoiceLine:
    """Return what one rate of a component comes to in all. estimated: days that were split so."""
    one, metered = made[0], shown.metered(component, made[0].rate)
    is_fixed = one.unit is LineUnit.DAY
    # Days that a price has in common are split for nothing but rounding; hours are not.
    is_split = isinstance(component.shape, TimeOfUse) and any(
        line.day in estimated for line in made
    )
    return InvoiceLine(
        kind=InvoiceLineKind.FIXED if is_fixed else InvoiceLineKind.ENERGY,
        amount=major(sum(line.amount_micro for line in made)),
        energy_month=month,
        metered=metered,
        priced=Priced(
            component=one.component,
            rate=one.rate,
            quantity=sum((line.quantity for line in made), Decimal(0)),
            unit=one.unit,
            price=one.price,
        ),
        is_estimated=not is_fixed and (metered.is_estimated or is_split),
    )
