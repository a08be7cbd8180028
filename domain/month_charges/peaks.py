"""The highest demand of a meter within a span, by its readings. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from db.ids import MeterId
from domain.month_charges.energies import EDGE_MAX
from domain.tariffs.flows import Span


@dataclass(frozen=True, slots=True)
class Maximum:
    """What a register of demand showed, and the reading before it; None where there is none."""

    at: datetime
    shown_w: int
    before_at: datetime | None
    before_w: int | None


@dataclass(frozen=True, slots=True)
class ToldBy:
    """Whose register had a peak. shown_w: before the multiplier.

    at: of the reading that told it first; meters' own times of their maxima are not kept.
    """

    meter_id: MeterId
    multiplier: Decimal
    at: datetime
    shown_w: int

    @property
    def power_w(self) -> int:
        """On the consumer's side of the multiplier, in whole W."""
        return int(self.shown_w * self.multiplier)


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest demand of a month, after the multiplier. told_by: None where nobody kept it."""

    power_w: int
    told_by: ToldBy | None = None

    @classmethod
    def of(cls, told_by: ToldBy) -> Self:
        return cls(told_by.power_w, told_by)


def highest(of_meters: Sequence[Peak | None]) -> Peak | None:
    """Return the highest one of meters that follow each other, the first of such; all are known."""
    known = [peak for peak in of_meters if peak is not None]
    is_known = known and len(known) == len(of_meters)
    return max(known, key=lambda peak: peak.power_w) if is_known else None


def maximum_of(told: Sequence[Maximum], span: Span) -> Maximum | None:
    """Return the highest demand of a span, when it was told first, or None where nobody can tell.

    told: by time, from the last reading before the span on, those that changed and the last one.
    Meters show the maximum since they were reset, and do not say when that was. So what they show
    counts when it has grown or fallen within the span; where it stays as it was before, it may
    be the month's before.
    """
    if not told or told[-1].at <= span.ends_at - EDGE_MAX:
        return None
    counted = [one for one in told if _is_of(one, span)]
    return max(counted, key=lambda one: one.shown_w, default=None)


def _is_of(one: Maximum, span: Span) -> bool:
    if one.before_at is None or one.before_w is None or not span.starts_at < one.at <= span.ends_at:
        return False
    if one.shown_w > one.before_w:
        return one.before_at >= span.starts_at
    # It was reset: at the month's turn, or after it.
    return one.shown_w < one.before_w
