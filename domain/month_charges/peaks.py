"""The highest demand of a meter within a span, by its readings. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.month_charges.energies import EDGE_MAX
from domain.tariffs.flows import Span


@dataclass(frozen=True, slots=True)
class Maximum:
    """What a register of demand showed, and the reading before it; None where there is none."""

    at: datetime
    shown_w: int
    before_at: datetime | None
    before_w: int | None


def peak_w(told: Sequence[Maximum], span: Span) -> int | None:
    """Return the highest demand of a span before the multiplier, or None where nobody can tell.

    told: by time, from the last reading before the span on, those that changed and the last one.
    Meters show the maximum since they were reset, and do not say when that was. So what they show
    counts when it has grown or fallen within the span; where it stays as it was before, it may
    be the month's before.
    """
    if not told or told[-1].at <= span.ends_at - EDGE_MAX:
        return None
    counted = [one.shown_w for one in told if _is_of(one, span)]
    return max(counted, default=None)


def _is_of(one: Maximum, span: Span) -> bool:
    if one.before_at is None or one.before_w is None or not span.starts_at < one.at <= span.ends_at:
        return False
    if one.shown_w > one.before_w:
        return one.before_at >= span.starts_at
    # It was reset: at the month's turn, or after it.
    return one.shown_w < one.before_w
