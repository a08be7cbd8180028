"""What a tariff version charges for a stretch of a meter's readings. Pure.

The total register always holds. Where a meter's own registers are the basis, its total is shared
out by what they gained between two readings that have all of them; what they do not tell of it is
charged by the clock's hours, as an estimate. Before the first such reading of a stretch of terms,
and after the last one, the total is charged by the hours: the basis changes only at a reading.
Hours are told apart by the load profile; where that is the basis, all else is an estimate.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from db.enums import BillingBasis, Quality
from domain.billing.band_shares import Reading, Shared, shared_out
from domain.billing.rollovers import gained
from domain.billing.version_registers import bands_of, registers_of
from domain.readings.rules import carried_wh_max
from domain.tariffs.components import TOTAL_EXPORT, TOTAL_IMPORT, Component, TimeOfUse
from domain.tariffs.courses import Course, Mark, TariffRegisters
from domain.tariffs.flows import INSTANT, Interval, Span, overlap
from domain.tariffs.lines import Line, Terms
from domain.tariffs.pricing import lines
from domain.tariffs.schedule import DAY, day_start, local_days

Marks = Mapping[datetime, int]


class Known(Protocol):
    """What a meter is known to have shown. registers: others than the total, in Wh or varh.

    profile, exported: what its load profile tells of the time up to the next one. step_wh: the last
    digit that was shown, where the index is only a part of that.
    """

    @property
    def at(self) -> datetime: ...
    @property
    def index_wh(self) -> int: ...
    @property
    def registers(self) -> Mapping[str, int]: ...
    @property
    def profile(self) -> Sequence[Interval]: ...
    @property
    def exported(self) -> Sequence[Interval]: ...
    @property
    def step_wh(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Terms that stay the same for some time, of which a span is to be priced.

    starts_at, ends_at: of all that time. told_from, told_until: whether the terms before and after
    share out energy across the edge in the same way. power_w_max: the most that the meter carries;
    None where nobody knows.
    """

    terms: Terms
    starts_at: datetime
    ends_at: datetime | None
    told_from: bool = False
    told_until: bool = False
    power_w_max: int | None = None


@dataclass(slots=True)
class Priced:
    """Lines, and the local days whose energy was split between prices by an estimate."""

    lines: list[Line] = field(default_factory=list)
    estimated: set[date] = field(default_factory=set)


def profile_of(known: Sequence[Known]) -> list[Interval]:
    """Return what a load profile tells of all that time: an interval across a place stands once."""
    return _once(interval for one in known for interval in one.profile)


def _once(intervals: Iterable[Interval]) -> list[Interval]:
    told = {interval.starts_at: interval for interval in intervals}
    return [told[at] for at in sorted(told)]


def priced(piece: Piece, known: Sequence[Known], zone: ZoneInfo) -> Priced:
    """Return what a version charges. known: by time, from before the piece's span on."""
    return Pricing(piece, known, zone).priced()


@dataclass(slots=True)
class Pricing:
    """What is known of a meter as a version prices it. known: by time.

    courses: the total's, and those of other registers that have been told.
    """

    piece: Piece
    known: Sequence[Known]
    zone: ZoneInfo
    total: Course = field(init=False)
    marks: dict[str, Marks] = field(init=False)
    courses: dict[str, Course] = field(init=False)
    _shared: dict[str, Shared] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        groups = registers_of(self.piece.terms.version)
        registers = sorted({register for group in groups for register in group})
        self.marks = {register: self._credible(register) for register in registers}
        self.total = self._total()
        self.courses = {TOTAL_IMPORT: self.total} | {
            register: self._course(register) for register, marks in self.marks.items() if marks
        }

    def priced(self) -> Priced:
        made = self.within(self.piece.terms.span, self.piece.terms.version.components)
        made.estimated |= set(self._estimated_edges())
        return made

    def within(self, span: Span, components: Collection[Component]) -> Priced:
        """Return what components come to in a span of the terms."""
        made = Priced()
        by_registers = [component for component in components if self._is_by_registers(component)]
        others = [component for component in components if component not in by_registers]
        self._by_hours([c for c in others if self._is_known(c)], span, made)
        for component in by_registers:
            self._by_registers(component, span, made)
        return made

    def _is_by_registers(self, component: Component) -> bool:
        by_registers = self.piece.terms.basis is BillingBasis.TOU_REGISTERS
        return by_registers and bool(bands_of(component))

    def _is_known(self, component: Component) -> bool:
        return component.register in (None, TOTAL_IMPORT) or bool(
            self.marks.get(component.register or "")
        )

    def _by_hours(self, components: Collection[Component], span: Span, made: Priced) -> None:
        by_hours = self._lines(components, span, self.courses, BillingBasis.TOTAL_REGISTER)
        made.lines += by_hours
        made.estimated |= {
            day
            for day, quality in _hours(components, by_hours).items()
            if quality is Quality.ESTIMATED or self._is_untold(day)
        }

    def _is_untold(self, day: date) -> bool:
        """Whether the load profile, by which a day is to be charged, does not tell of it."""
        whole = Span(day_start(day, self.zone), day_start(day + DAY, self.zone))
        part = overlap(self.piece.terms.span, whole)
        by_profile = self.piece.terms.basis is BillingBasis.INTERVAL
        return by_profile and part is not None and not self.total.is_told_by_profile(part)

    def _lines(
        self,
        components: Collection[Component],
        span: Span,
        courses: Mapping[str, Course],
        basis: BillingBasis,
    ) -> list[Line]:
        version = replace(self.piece.terms.version, components=tuple(components))
        return lines(
            replace(self.piece.terms, span=span, version=version, basis=basis), courses, self.zone
        )

    def _by_registers(self, component: Component, span: Span, made: Priced) -> None:
        """Price a component whose bands the meter counts itself."""
        readings = self._readings(component)
        told = readings and overlap(span, Span(readings[0].at, readings[-1].at))
        if not told:
            self._by_hours([component], span, made)
            return
        if component.name not in self._shared:
            registers = self._tariff_registers(component)
            self._shared[component.name] = shared_out(readings, registers)
        shared = self._shared[component.name]
        for one in shared.estimated:
            made.estimated |= self._days(overlap(one, told))
        made.lines += self._lines([component], told, shared.courses, BillingBasis.TOU_REGISTERS)
        for rest in (Span(span.starts_at, told.starts_at), Span(told.ends_at, span.ends_at)):
            if rest.starts_at < rest.ends_at:
                self._by_hours([component], rest, made)

    def _readings(self, component: Component) -> list[Reading]:
        """Return the readings within the terms that have all registers of a component.

        Of two indexes at the same instant the last one counts, as where the total is asked for.
        """
        registers = [band.register or "" for band in bands_of(component)]
        ends_at = self.piece.ends_at
        found = {
            one.at: Reading(one.at, one.index_wh, tuple(self.marks[r][one.at] for r in registers))
            for one in self.known
            if self.piece.starts_at <= one.at
            and (ends_at is None or one.at <= ends_at)
            and all(one.at in self.marks[register] for register in registers)
        }
        return list(found.values())

    def _credible(self, register: str) -> Marks:
        """Return what a register showed as an index that goes on, without what cannot be true."""
        found: dict[datetime, int] = {}
        last: tuple[datetime, int, int] | None = None
        for one in self.known:
            shown = one.registers.get(register)
            if shown is None:
                continue
            gained_wh = 0 if last is None else gained(last[1], shown)
            index = shown if last is None else last[2] + gained_wh
            if last is not None and not self._can_carry(gained_wh, one.at - last[0]):
                continue
            found[one.at] = index
            last = (one.at, shown, index)
        return found

    def _can_carry(self, more: int, elapsed: timedelta) -> bool:
        power_w_max = self.piece.power_w_max
        return power_w_max is None or more <= carried_wh_max(elapsed, power_w_max=power_w_max)

    def _course(self, register: str) -> Course:
        """Return another register than the total; of all that is exported the profile tells, too.

        In between, what a register of its own counts came evenly, as far as anybody knows.
        """
        marks = [Mark(at, index) for at, index in sorted(self.marks[register].items())]
        if register != TOTAL_EXPORT:
            return Course(marks=marks)
        exported = _once(interval for one in self.known for interval in one.exported)
        return Course(marks=marks, profile=exported)

    def _total(self) -> Course:
        """Return the total register, told apart by the profile or tariff registers, if known."""
        marks = [Mark(one.at, one.index_wh, one.step_wh) for one in self.known]
        profile = profile_of(self.known)
        component = next((c for c in self.piece.terms.version.components if bands_of(c)), None)
        if component is None:
            return Course(marks=marks, profile=profile)
        registers = self._tariff_registers(component)
        return Course(marks=marks, profile=profile, registers=registers)

    def _tariff_registers(self, component: Component) -> TariffRegisters:
        piece = self.piece
        return TariffRegisters(
            bands=bands_of(component),
            zone=self.zone,
            marks={
                band.name: {
                    at: index
                    for at, index in self.marks[band.register or ""].items()
                    if (piece.told_from or at >= piece.starts_at)
                    and (piece.told_until or piece.ends_at is None or at <= piece.ends_at)
                }
                for band in bands_of(component)
            },
            special_days=piece.terms.version.special_days,
        )

    def _estimated_edges(self) -> Iterator[date]:
        """Yield the days of edges of the terms that no reading stands at, where that matters."""
        known = self.total.span
        for edge in (self.piece.starts_at, self.piece.ends_at):
            span = self.piece.terms.span
            if edge is None or not span.starts_at <= edge <= span.ends_at:
                continue
            if not known.starts_at < edge < known.ends_at or self._is_told(edge):
                continue
            at = edge if edge == self.piece.starts_at else edge - INSTANT
            yield at.astimezone(self.zone).date()

    def _is_told(self, edge: datetime) -> bool:
        before = max(one.at for one in self.known if one.at <= edge)
        return before == edge or self.total.quality([Span(before, edge)]) is Quality.ACTUAL

    def _days(self, span: Span | None) -> set[date]:
        return set() if span is None else set(local_days(*span, self.zone))


def _hours(components: Collection[Component], made: Sequence[Line]) -> dict[date, Quality]:
    """Return the days with hours at several prices, and how well these were told apart."""
    by_hours = {
        component.name
        for component in components
        if isinstance(component.shape, TimeOfUse)
        and len({band.price for band in component.shape.bands}) > 1
    }
    hours = [line for line in made if line.component in by_hours]
    estimated = {line.day for line in hours if line.quality is Quality.ESTIMATED}
    return {
        line.day: Quality.ESTIMATED if line.day in estimated else Quality.ACTUAL for line in hours
    }
