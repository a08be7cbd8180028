"""What flowed through a meter within a span, by its readings. Pure.

Energies are told by readings alone: from the last one at or before the beginning to the last one
at or before the end, for all registers the same ones. So months follow each other without a gap.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from db.enums import NotJudged
from db.ids import MeterId
from domain.billing.rollovers import gained
from domain.readings.rules import carried_wh_max
from domain.tariffs.components import TOTAL_IMPORT
from domain.tariffs.flows import Span

INDUCTIVE = "5.8.0"
CAPACITIVE = "8.8.0"
ENERGIES = frozenset({TOTAL_IMPORT, INDUCTIVE, CAPACITIVE})
# As long as a local day may be: who reads meters once a day has one that near.
EDGE_MAX = timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a meter's energy registers showed at an instant, in Wh and varh; the total goes on."""

    at: datetime
    registers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MeasuredBy:
    """A meter, and what its registers showed at both ends of what it measured."""

    meter_id: MeterId
    multiplier: Decimal
    first: Shown
    last: Shown


@dataclass(frozen=True, slots=True)
class Energies:
    """Of a span, on the consumer's side of the multiplier: Wh and varh."""

    active_wh: int = 0
    inductive_varh: int = 0
    capacitive_varh: int = 0
    measured_by: tuple[MeasuredBy, ...] = field(default=(), compare=False)

    def and_(self, other: "Energies") -> "Energies":
        return Energies(
            self.active_wh + other.active_wh,
            self.inductive_varh + other.inductive_varh,
            self.capacitive_varh + other.capacitive_varh,
            self.measured_by + other.measured_by,
        )


def energies(
    shown: Sequence[Shown],
    span: Span,
    *,
    meter_id: MeterId,
    multiplier: Decimal,
    power_w_max: int,
) -> Energies | NotJudged:
    """Return what flowed within a span, or why nobody can tell.

    shown: by time, of the time in which the payer had the meter. power_w_max: what it can carry.
    """
    edges = edges_of(shown, span, ENERGIES)
    if edges is None:
        return NotJudged.READINGS_MISSING
    used = used_between(*edges, ENERGIES, power_w_max=power_w_max)
    if used is None:
        return NotJudged.READINGS_IMPLAUSIBLE
    active_wh, inductive_varh, capacitive_varh = (
        int(used[name] * multiplier) for name in (TOTAL_IMPORT, INDUCTIVE, CAPACITIVE)
    )
    measured_by = MeasuredBy(meter_id, multiplier, *edges)
    return Energies(active_wh, inductive_varh, capacitive_varh, (measured_by,))


def used_between(
    first: Shown, last: Shown, registers: Collection[str], *, power_w_max: int
) -> Mapping[str, int] | None:
    """Return what registers gained, before the multiplier; None if a meter cannot carry as much."""
    carried = carried_wh_max(last.at - first.at, power_w_max=power_w_max)
    used = {name: gained(first.registers[name], last.registers[name]) for name in registers}
    return used if max(used.values()) <= carried else None


def edges_of(
    shown: Sequence[Shown], span: Span, registers: frozenset[str]
) -> tuple[Shown, Shown] | None:
    """Return the readings that a span is measured by; None where they lack.

    They are the last ones at its ends, or the first one within it if there is none before. Only
    those count that have all registers.
    """
    first, last = _edges(shown, span, registers)
    return None if first is None or last is None or first.at >= last.at else (first, last)


def _edges(
    shown: Sequence[Shown], span: Span, registers: frozenset[str]
) -> tuple[Shown | None, Shown | None]:
    whole = [one for one in shown if one.registers.keys() >= registers]
    before = [one for one in whole if _is_near(one.at, span.starts_at) and one.at <= span.starts_at]
    after = [one for one in whole if _is_near(one.at, span.starts_at) and one.at > span.starts_at]
    until = [one for one in whole if _is_near(one.at, span.ends_at) and one.at <= span.ends_at]
    first = before[-1] if before else next(iter(after), None)
    return first, until[-1] if until else None


def _is_near(at: datetime, edge: datetime) -> bool:
    return abs(at - edge) < EDGE_MAX
