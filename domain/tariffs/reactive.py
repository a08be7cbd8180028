"""Reactive energy at the end of a billing month (domain rule 6). Pure; the limits are data."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

LIMIT_CLASSES_MAX = 20


@dataclass(frozen=True, slots=True)
class LimitClass:
    """Limits from an installed power on, as parts of the active energy: 0.2 for 20 %."""

    installed_kva_min: Decimal
    inductive: Decimal
    capacitive: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactiveRules:
    """Who pays for reactive energy and from which ratio on.

    valid_from: the first local day on which a law or a decree has it so.
    classes: by installed power, ascending from zero.
    exempt: categories of subscribers who never pay. connection_kw_exempt: nor up to this power.
    waived_faults_a_year: how many violations by a compensation fault are forgiven in a calendar
    year. waiver_ends_with_the_next: whether a further fault has those charged after all.
    """

    valid_from: date
    classes: tuple[LimitClass, ...]
    exempt: frozenset[str] = frozenset()
    single_phase_exempt: bool = False
    connection_kw_exempt: Decimal = Decimal(0)
    waived_faults_a_year: int = 0
    waiver_ends_with_the_next: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What decides whether limits apply to a point, and which."""

    installed_kva: Decimal
    connection_kw: Decimal
    phases: int
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A billing month: energies in Wh and varh, and whether a compensation fault caused them."""

    first_day: date
    active_wh: int
    inductive_varh: int
    capacitive_varh: int
    compensation_fault: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What reactive energy a month is charged for.

    inductive_ratio, capacitive_ratio: None without active energy.
    charged_varh: all of the larger one that is over its limit; waived: forgiven this time.
    recalled: first days of months forgiven earlier that are to be charged now.
    """

    inductive_ratio: Fraction | None
    capacitive_ratio: Fraction | None
    inductive_over: bool = False
    capacitive_over: bool = False
    charged_varh: int = 0
    waived: bool = False
    recalled: tuple[date, ...] = ()


def is_exempt(rules: ReactiveRules, connection: Connection) -> bool:
    return (
        connection.category in rules.exempt
        or (rules.single_phase_exempt and connection.phases == 1)
        or connection.connection_kw <= rules.connection_kw_exempt
    )


def limits_of(rules: ReactiveRules, connection: Connection) -> LimitClass:
    """Return the class of the highest minimum that the installed power reaches."""
    reached = [c for c in rules.classes if c.installed_kva_min <= connection.installed_kva]
    return max(reached, key=lambda c: c.installed_kva_min)


def judge(
    rules: ReactiveRules, connection: Connection, month: Month, *, forgiven: tuple[date, ...] = ()
) -> Verdict:
    """Return what a month owes for its reactive energy.

    forgiven: first days of the months waived before.
    The test is `reactive > limit x active`: without active energy, any reactive energy is over.
    """
    inductive_ratio = _ratio(month.inductive_varh, month.active_wh)
    capacitive_ratio = _ratio(month.capacitive_varh, month.active_wh)
    if is_exempt(rules, connection):
        return Verdict(inductive_ratio=inductive_ratio, capacitive_ratio=capacitive_ratio)
    limits = limits_of(rules, connection)
    inductive_over = month.inductive_varh > limits.inductive * month.active_wh
    capacitive_over = month.capacitive_varh > limits.capacitive * month.active_wh
    due_varh = max(
        month.inductive_varh if inductive_over else 0,
        month.capacitive_varh if capacitive_over else 0,
    )
    this_year = tuple(day for day in forgiven if day.year == month.first_day.year)
    fault = month.compensation_fault and due_varh > 0
    waived = fault and len(this_year) < rules.waived_faults_a_year
    recalls = fault and not waived and rules.waiver_ends_with_the_next
    return Verdict(
        inductive_ratio=inductive_ratio,
        capacitive_ratio=capacitive_ratio,
        inductive_over=inductive_over,
        capacitive_over=capacitive_over,
        charged_varh=0 if waived else due_varh,
        waived=waived,
        recalled=this_year if recalls else (),
    )


def _ratio(reactive_varh: int, active_wh: int) -> Fraction | None:
    return Fraction(reactive_varh, active_wh) if active_wh else None
