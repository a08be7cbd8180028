"""How energy came in the course of a stretch of time: by a load profile, or by shares of it. Pure.

A profile tells the shape. How much it was in all is the register's to tell, and always holds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from math import lcm
from typing import NamedTuple

INSTANT = timedelta(microseconds=1)


class Interval(NamedTuple):
    """What a load profile says of a stretch of time. UTC; the end is exclusive."""

    starts_at: datetime
    ends_at: datetime
    energy_wh: int | Fraction


class Span(NamedTuple):
    """A stretch of time. UTC; the end is exclusive."""

    starts_at: datetime
    ends_at: datetime


def overlap(one: Span, other: Span) -> Span | None:
    """Return the time that is in both, if there is any."""
    span = Span(max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at))
    return span if span.starts_at < span.ends_at else None


class Flow(NamedTuple):
    """How the energy of a stretch came, in whole parts of it up to each knot; even in between.

    exact: whether the weights at knots are known. by_band: for each band of the tariff registers
    its times in the stretch, where these decided. unknown: between its edges no weight is known.
    by_profile: whether a load profile decided.
    """

    knots: Sequence[datetime]
    weights: Sequence[int]
    exact: bool
    by_band: Sequence[Sequence[Span]] = ()
    unknown: Span | None = None
    by_profile: bool = False

    def share(self, energy_wh: int, at: datetime) -> int:
        """Return how much of the energy had come at an instant, in whole units, rounded down."""
        place = bisect_right(self.knots, at) - 1
        if place + 1 == len(self.knots):
            return energy_wh
        width = (self.knots[place + 1] - self.knots[place]) // INSTANT
        into = (at - self.knots[place]) // INSTANT
        gained = self.weights[place + 1] - self.weights[place]
        weight = self.weights[place] * width + gained * into
        return energy_wh * weight // (self.weights[-1] * width)

    def knows(self, at: datetime) -> bool:
        """Whether the share at an instant is measured."""
        if self.unknown is not None and self.unknown.starts_at < at < self.unknown.ends_at:
            return False
        place = bisect_right(self.knots, at) - 1
        if not self.exact or self.knots[place] == at:
            return self.exact
        return self.weights[place] == self.weights[place + 1]


class Told(NamedTuple):
    """What a profile tells of a stretch, cut at its edges; the energy of a gap is None.

    cut_wh: what was cut off.
    """

    pieces: Sequence[tuple[Span, int | Fraction | None]]
    cut_wh: int | Fraction

    @property
    def energies(self) -> list[int | Fraction]:
        return [energy_wh for _, energy_wh in self.pieces if energy_wh is not None]

    @property
    def gaps(self) -> list[Span]:
        return [span for span, energy_wh in self.pieces if energy_wh is None]

    def tolerance_wh(self, a_value_wh: int) -> int | Fraction:
        """Return how far off it may be. a_value_wh: how far a value that was rounded may be."""
        return a_value_wh * (len(self.energies) + 1) + self.cut_wh

    def contradicts(self, gained_wh: int, tolerance_wh: int | Fraction) -> bool:
        """Whether it cannot be true: it tells too much, or all of the time and too little."""
        lacking_wh = gained_wh - sum(self.energies)
        return bool(self.energies) and (
            lacking_wh < -tolerance_wh or (not self.gaps and lacking_wh > tolerance_wh)
        )


def told_of(span: Span, profile: Sequence[Interval]) -> Told:
    """Return what a profile tells of a stretch. profile: by time, not overlapping."""
    first = bisect_right(profile, span.starts_at, key=lambda i: i.ends_at)
    last = bisect_left(profile, span.ends_at, key=lambda i: i.starts_at)
    pieces: list[tuple[Span, int | Fraction | None]] = []
    cut_wh: int | Fraction = 0
    reached = span.starts_at
    for interval in profile[first:last]:
        part = Span(max(interval.starts_at, span.starts_at), min(interval.ends_at, span.ends_at))
        if reached < part.starts_at:
            pieces.append((Span(reached, part.starts_at), None))
        energy_wh = _within(interval, part)
        pieces.append((part, energy_wh))
        cut_wh += interval.energy_wh - energy_wh
        reached = part.ends_at
    if pieces and reached < span.ends_at:
        pieces.append((Span(reached, span.ends_at), None))
    return Told(pieces, cut_wh)


def by_profile(told: Told, gained_wh: int, tolerance_wh: int | Fraction) -> Flow | None:
    """Return the flow of what a register gained; None where the profile contradicts it.

    What the profile lacks came in its gaps, evenly: which of them is not known.
    """
    if not told.energies or told.contradicts(gained_wh, tolerance_wh):
        return None
    if not told.gaps:
        return _shaped(told.pieces, None)
    missing_wh = max(gained_wh - sum(told.energies), 0)
    length = sum(map(length_of, told.gaps))
    filled = [
        (span, Fraction(missing_wh * length_of(span), length) if energy_wh is None else energy_wh)
        for span, energy_wh in told.pieces
    ]
    unknown = Span(told.gaps[0].starts_at, told.gaps[-1].ends_at) if missing_wh else None
    return _shaped(filled, unknown)


def _shaped(
    pieces: Sequence[tuple[Span, int | Fraction | None]], unknown: Span | None
) -> Flow | None:
    knots = [pieces[0][0].starts_at, *(span.ends_at for span, _ in pieces)]
    energies = [energy_wh or 0 for _, energy_wh in pieces]
    # A register may have shown its next digit while hardly anything flowed.
    flow = flow_of(knots, energies) or flow_of(knots, [length_of(span) for span, _ in pieces])
    return flow and flow._replace(unknown=unknown, by_profile=True)


def flow_of(knots: Sequence[datetime], energies: Sequence[int | Fraction]) -> Flow | None:
    """Return the flow of energies between knots, or None when there is none."""
    if not sum(energies):
        return None
    scale = lcm(*(energy.denominator for energy in energies))
    weights = list(accumulate((int(energy * scale) for energy in energies), initial=0))
    return Flow(knots, weights, exact=True)


def _within(interval: Interval, part: Span) -> int | Fraction:
    """Return an interval's energy in a part of it, in proportion to time."""
    whole = Span(interval.starts_at, interval.ends_at)
    if part == whole:
        return interval.energy_wh
    return Fraction(interval.energy_wh) * length_of(part) / length_of(whole)


def length_of(span: Span) -> int:
    """Return how long a span is, in microseconds."""
    return (span.ends_at - span.starts_at) // INSTANT
