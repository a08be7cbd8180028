"""What measured energy costs: lines by local day and component. Pure.

What a line says depends on the indexes at its edges alone, so that a day can be priced as often as
something new is known of it, and the difference charged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from db.enums import BillingBasis, ComponentKind, LineUnit, Quality
from domain.tariffs.components import Component, Flat, PerDay, Slabs, TimeOfUse
from domain.tariffs.courses import Course
from domain.tariffs.flows import Span, overlap
from domain.tariffs.lines import Line, Terms, line, rounded_micro
from domain.tariffs.schedule import (
    DAY,
    day_start,
    kind_of,
    local_days,
    period_start,
    pieces,
)
from domain.units import WH_PER_KWH


class CourseMissing(Exception):
    """A register that a component names is not known over the time in question."""


def lines(terms: Terms, courses: Mapping[str, Course], zone: ZoneInfo) -> list[Line]:
    """Return what is to be charged over the span, as far as the courses know it, by day.

    courses: by register. Components due at the end of a month are not here: see `month_end`.
    A fixed charge is due for each local day that begins within the span.

    :raises CourseMissing: a component's register is in no course, or slabs count from before it
    """
    made = []
    for component in terms.version.components:
        if not is_monthly(component):
            made += list(_Pricing(terms, component, courses, zone).lines())
    return sorted(made, key=lambda one: one.day)


def is_monthly(component: Component) -> bool:
    """Whether a component is due once a month has ended, by what it was like as a whole."""
    by_month = component.kind in (ComponentKind.DEMAND, ComponentKind.REACTIVE)
    return by_month and not isinstance(component.shape, PerDay)


@dataclass(frozen=True, slots=True)
class _Pricing:
    """One component over one stretch of terms."""

    terms: Terms
    component: Component
    courses: Mapping[str, Course]
    zone: ZoneInfo

    def lines(self) -> Iterator[Line]:
        match self.component.shape:
            case Flat(price=price):
                for day, span in self._days():
                    yield from self._energy(day, [span], price, self.component.register)
            case TimeOfUse() as shape:
                yield from self._time_of_use(shape)
            case Slabs() as shape:
                yield from self._slabs(shape)
            case PerDay(price=price):
                for day in local_days(*self.terms.span, self.zone):
                    if self.terms.span.starts_at <= day_start(day, self.zone):
                        yield self._day(day, price)

    def _days(self) -> Iterator[tuple[date, Span]]:
        """Yield the local days of the span with what is in it of each."""
        for day in local_days(*self.terms.span, self.zone):
            whole = Span(day_start(day, self.zone), day_start(day + DAY, self.zone))
            part = overlap(self.terms.span, whole)
            if part is not None:
                yield day, part

    def _time_of_use(self, shape: TimeOfUse) -> Iterator[Line]:
        for day, span in self._days():
            if self.terms.basis is BillingBasis.TOU_REGISTERS:
                for band in shape.bands:
                    yield from self._energy(day, [span], band.price, band.register, band.name)
                continue
            kind = kind_of(day, self.terms.version.special_days)
            cut = pieces(day, shape.bands, kind, self.zone)
            for place, band in enumerate(shape.bands):
                times = [Span(p.starts_at, p.ends_at) for p in cut if p.band == place]
                parts = [part for time in times if (part := overlap(span, time))]
                yield from self._energy(day, parts, band.price, self.component.register, band.name)

    def _energy(
        self,
        day: date,
        parts: Sequence[Span],
        price: Decimal,
        register: str | None,
        rate: str = "",
    ) -> Iterator[Line]:
        """Yield the line of what flowed in some parts of a day, if any did."""
        course = self._course(register)
        known = [part for whole in parts if (part := overlap(whole, course.span))]
        gained = sum(course.index_at(p.ends_at) - course.index_at(p.starts_at) for p in known)
        if gained:
            yield line(
                self.terms,
                self.component,
                day,
                price=price,
                metered=gained,
                quantity=gained * self.terms.multiplier / WH_PER_KWH,
                rate=rate,
                quality=course.quality(known),
            )

    def _slabs(self, shape: Slabs) -> Iterator[Line]:
        """Yield lines by slab: its price for all up to the day's end, less that up to its start."""
        course = self._course(self.component.register)
        for day, span in self._days():
            known = overlap(span, course.span)
            if known is None:
                continue
            begins = day_start(period_start(day, shape.period), self.zone)
            counted = Span(max(begins, self.terms.counted_from), known.starts_at)
            if counted.starts_at < course.span.starts_at:
                raise CourseMissing(f"{self.component.register} at {counted.starts_at}")
            start_wh = course.index_at(counted.starts_at)
            used = [(course.index_at(at) - start_wh) * self.terms.multiplier for at in known]
            quality = course.quality([known, counted])
            yield from self._slab_lines(day, shape, used, quality)

    def _slab_lines(
        self, day: date, shape: Slabs, used: Sequence[Decimal], quality: Quality
    ) -> Iterator[Line]:
        before_wh, after_wh = used
        floor_wh = Decimal(0)
        for number, slab in enumerate(shape.slabs, start=1):
            top_wh = after_wh if slab.up_to_kwh is None else slab.up_to_kwh * WH_PER_KWH
            first, last = (max(min(wh, top_wh), floor_wh) for wh in (before_wh, after_wh))
            if last > first:
                net_micro = rounded_micro((last - floor_wh) / WH_PER_KWH, slab.price)
                net_micro -= rounded_micro((first - floor_wh) / WH_PER_KWH, slab.price)
                yield line(
                    self.terms,
                    self.component,
                    day,
                    price=slab.price,
                    metered=self._metered(last) - self._metered(first),
                    quantity=(last - first) / WH_PER_KWH,
                    net_micro=net_micro,
                    rate=str(number),
                    quality=quality,
                )
            floor_wh = top_wh

    def _metered(self, used_wh: Decimal) -> int:
        """Return what the meter showed of it; a slab may end within one of its Wh."""
        return int(used_wh / self.terms.multiplier)

    def _day(self, day: date, price: Decimal) -> Line:
        return line(
            self.terms,
            self.component,
            day,
            price=price,
            metered=1,
            quantity=Decimal(1),
            unit=LineUnit.DAY,
        )

    def _course(self, register: str | None) -> Course:
        if register is None or register not in self.courses:
            raise CourseMissing(register)
        return self.courses[register]
