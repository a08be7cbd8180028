"""Where a register's index was at any instant, from what is known of it. Pure.

Between two known indexes the energy is told apart by the load profile, else by the meter's tariff
registers, else in proportion to time, which is an estimate (domain rule 3.3). The index at an
instant depends on what is known alone and not on where else it is asked for, so that parts always
add up to the whole.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.enums import Quality
from domain.tariffs.components import Band
from domain.tariffs.flows import (
    INSTANT,
    Flow,
    Interval,
    Span,
    Told,
    by_profile,
    flow_of,
    length_of,
    overlap,
    told_of,
)
from domain.tariffs.schedule import kind_of, local_days, pieces

# A display that shows fewer digits than these cuts off up to one step of its last one.
STEPS_WH = (1000, 100, 10)


class Contradiction(NamedTuple):
    """What a register gained, and what a load profile tells instead. In Wh."""

    span: Span
    gained_wh: int
    told_wh: int | Fraction


class Mark(NamedTuple):
    """An index that a register is known to have had. at: UTC. In Wh or varh, never decreasing.

    step_wh: the last digit that was shown, where the index is only a part of that.
    """

    at: datetime
    index_wh: int
    step_wh: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffRegisters:
    """The meter's own count by hours: the hours as it is set, and the indexes by band's name.

    zone: by whose clock the meter switches.
    """

    bands: tuple[Band, ...]
    zone: ZoneInfo
    marks: Mapping[str, Mapping[datetime, int]]
    special_days: Collection[date] = frozenset()

    def pieces(self, span: Span) -> list[tuple[Span, int]]:
        """Return the span cut where the meter changes registers, with the bands' places."""
        found = []
        for day in local_days(*span, self.zone):
            for piece in pieces(day, self.bands, kind_of(day, self.special_days), self.zone):
                clipped = overlap(span, Span(piece.starts_at, piece.ends_at))
                if clipped is not None:
                    found.append((clipped, piece.band))
        return found

    def gained_wh(self, span: Span) -> list[int] | None:
        """Return what each band's register gained; None unless all were read at both ends."""
        gained = []
        for band in self.bands:
            known = self.marks.get(band.name, {})
            before, after = known.get(span.starts_at), known.get(span.ends_at)
            if before is None or after is None or after < before:
                return None
            gained.append(after - before)
        return gained


@dataclass(slots=True, kw_only=True)
class Course:
    """One register over the time in which its index is known.

    marks: by time, at least one. profile: by time, not overlapping. tolerance_wh: how far a profile
    or the tariff registers may be off and still be believed, per value that was rounded.
    """

    marks: Sequence[Mark]
    profile: Sequence[Interval] = ()
    registers: TariffRegisters | None = None
    tolerance_wh: int = 1
    _flows: dict[int, Flow] = field(default_factory=dict)

    @property
    def span(self) -> Span:
        return Span(self.marks[0].at, self.marks[-1].at)

    def index_at(self, at: datetime) -> int:
        """Return the index at an instant.

        :raises ValueError: nothing is known of that time
        """
        place = self._place(at)
        before = self.marks[place]
        if before.at == at:
            return before.index_wh
        gained_wh = self.marks[place + 1].index_wh - before.index_wh
        if gained_wh == 0:
            return before.index_wh
        return before.index_wh + self._flow(place).share(gained_wh, at)

    def quality(self, parts: Sequence[Span]) -> Quality:
        """Return whether the energy of these times together is measured or estimated."""
        edges = {at for part in parts for at in part}
        for place in {self._place(at) for at in edges if not self.knows(at)}:
            if not self._tells_apart(place, parts):
                return Quality.ESTIMATED
        return Quality.ACTUAL

    def knows(self, at: datetime) -> bool:
        """Whether the index at an instant is measured, or told by the load profile."""
        place = self._place(at)
        if self.marks[place].at == at:
            return True
        if self.marks[place].index_wh == self.marks[place + 1].index_wh:
            return True
        return self._flow(place).knows(at)

    def _tells_apart(self, place: int, parts: Sequence[Span]) -> bool:
        """Whether the parts have all hours of a band in a stretch, or none, for every band."""
        for times in self._flow(place).by_band:
            shared = [o for part in parts for time in times if (o := overlap(part, time))]
            taken = sum(map(length_of, shared))
            if taken not in (0, sum(map(length_of, times))):
                return False
        return bool(self._flow(place).by_band)

    def _place(self, at: datetime) -> int:
        place = bisect_right(self.marks, at, key=lambda mark: mark.at) - 1
        if place < 0 or at > self.marks[-1].at:
            raise ValueError(f"the index is known from {self.span}, not at {at}")
        return place

    def _flow(self, place: int) -> Flow:
        """Return how the energy between a mark and the next one came."""
        if place not in self._flows:
            before, after = self.marks[place : place + 2]
            span, gained_wh = Span(before.at, after.at), after.index_wh - before.index_wh
            told = told_of(span, self.profile)
            profiled = by_profile(told, gained_wh, self._tolerance_wh(told, before, after))
            # Of a profile with gaps, the tariff registers tell more: all of each band.
            by_registers = None
            if profiled is None or told.gaps:
                by_registers = self._by_registers(span, gained_wh)
            self._flows[place] = by_registers or profiled or Flow(span, (0, 1), exact=False)
        return self._flows[place]

    def _tolerance_wh(self, told: Told, before: Mark, after: Mark) -> int | Fraction:
        return told.tolerance_wh(self.tolerance_wh) + 2 * (_step(before, after) - 1)

    def contradictions(self) -> list[Contradiction]:
        """Return where the load profile's sum is not what the register gained, by time."""
        made = []
        for before, after in pairwise(self.marks):
            span, gained_wh = Span(before.at, after.at), after.index_wh - before.index_wh
            told = told_of(span, self.profile)
            if told.contradicts(gained_wh, self._tolerance_wh(told, before, after)):
                made.append(Contradiction(span, gained_wh, sum(told.energies)))
        return made

    def is_told_by_profile(self, span: Span) -> bool:
        """Whether a load profile tells how all the energy around a span came."""
        first, last = self._place(span.starts_at), self._place(span.ends_at - INSTANT)
        return all(
            self.marks[place].index_wh == self.marks[place + 1].index_wh
            or self._flow(place).by_profile
            for place in range(first, last + 1)
        )

    def _by_registers(self, span: Span, gained_wh: int) -> Flow | None:
        """Return the flow by the tariff registers; None where they contradict hours or total."""
        gained = self.registers and self.registers.gained_wh(span)
        if self.registers is None or not gained:
            return None
        if not _believable(sum(gained), gained_wh, self.tolerance_wh * (len(gained) + 1)):
            return None
        cut = self.registers.pieces(span)
        times = [[part for part, band in cut if band == place] for place in range(len(gained))]
        lengths = [sum(map(length_of, parts)) for parts in times]
        if any(energy and not length for energy, length in zip(gained, lengths, strict=True)):
            return None
        shares = [Fraction(gained[band] * length_of(part), lengths[band]) for part, band in cut]
        flow = flow_of([span.starts_at, *(part.ends_at for part, _ in cut)], shares)
        return flow and flow._replace(exact=False, by_band=times)


def _believable(told_wh: int, gained_wh: int, tolerance_wh: int) -> bool:
    return abs(told_wh - gained_wh) <= tolerance_wh


def _step(before: Mark, after: Mark) -> int:
    """Return the last digit that a register shows at both ends."""
    return min(max(step_of(one.index_wh), one.step_wh) for one in (before, after))


def step_of(index_wh: int) -> int:
    """Return the last digit that a display shows of an index, as far as one can tell."""
    return next((step for step in STEPS_WH if index_wh % step == 0), 1)
