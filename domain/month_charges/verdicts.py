"""What the months of a year owe for their reactive energy. Pure.

Waivers are counted in a calendar year, so a year is judged as a whole, in order: what becomes known
late changes the months after it as if it had been known from the beginning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from db.enums import NotJudged
from domain.month_charges.energies import Energies
from domain.tariffs.reactive import (
    Connection,
    LimitClass,
    Month,
    ReactiveRules,
    Verdict,
    is_exempt,
    judge,
    limits_of,
)

THREE_PHASES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a metering point's connection, and of its account; None for not known."""

    installed_kva: Decimal | None = None
    connection_kw: Decimal | None = None
    phases: int | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFacts:
    """What is known of a month. energies: or why they are not known."""

    first_day: date
    rules: ReactiveRules | None
    facts: Facts
    energies: Energies | NotJudged
    is_shared: bool = False
    compensation_fault: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a month. limits: None where none apply. verdict: None where nobody judged.

    recalled_by: the first day of the month that ended the waiver of this one.
    """

    not_judged: NotJudged | None = None
    verdict: Verdict | None = None
    limits: LimitClass | None = None
    recalled_by: date | None = None

    @property
    def charged_varh(self) -> int:
        return 0 if self.verdict is None else self.verdict.charged_varh


def connection_of(rules: ReactiveRules, facts: Facts) -> Connection | None:
    """Return the connection as far as the rules ask; None where what they ask is not known."""
    known = Connection(
        installed_kva=facts.installed_kva or Decimal(0),
        # Who is exempt by what is known is exempt, whatever else there is.
        connection_kw=facts.connection_kw or Decimal("Infinity"),
        phases=facts.phases or THREE_PHASES,
        category=facts.category,
    )
    if is_exempt(rules, known):
        return known
    may_be_exempt = (rules.single_phase_exempt and facts.phases is None) or (
        rules.connection_kw_exempt > 0 and facts.connection_kw is None
    )
    is_unclassed = facts.installed_kva is None and len(rules.classes) > 1
    return None if may_be_exempt or is_unclassed else known


def year(months: Sequence[MonthFacts]) -> Mapping[date, Judged]:
    """Return what becomes of the months of one calendar year, by their first days.

    months: of one account and metering point, by time.
    """
    made: dict[date, Judged] = {}
    forgiven: list[date] = []
    for one in months:
        made[one.first_day] = judged = _judged(one, tuple(forgiven))
        if judged.verdict is None:
            continue
        if judged.verdict.waived:
            forgiven.append(one.first_day)
        recalled = set(judged.verdict.recalled)
        for earlier in months:
            if earlier.first_day in recalled:
                made[earlier.first_day] = _recalled(earlier, made[earlier.first_day], one.first_day)
    return made


def _judged(month: MonthFacts, forgiven: tuple[date, ...]) -> Judged:
    reason = _not_judged(month)
    if reason is not None:
        return Judged(not_judged=reason)
    rules, connection, energies = month.rules, _connection(month), month.energies
    assert rules is not None and connection is not None  # noqa: S101, PT018 - reasons, or there
    assert isinstance(energies, Energies)  # noqa: S101 - these as well
    verdict = judge(
        rules,
        connection,
        Month(
            first_day=month.first_day,
            active_wh=energies.active_wh,
            inductive_varh=energies.inductive_varh,
            capacitive_varh=energies.capacitive_varh,
            compensation_fault=month.compensation_fault,
        ),
        forgiven=forgiven,
    )
    limits = None if is_exempt(rules, connection) else limits_of(rules, connection)
    return Judged(verdict=verdict, limits=limits)


def _not_judged(month: MonthFacts) -> NotJudged | None:
    if month.rules is None:
        return NotJudged.NO_LIMITS
    if month.rules.valid_from > month.first_day:
        return NotJudged.LIMITS_LATER
    if month.is_shared:
        return NotJudged.SHARED
    if _connection(month) is None:
        return NotJudged.CONNECTION_UNKNOWN
    return month.energies if isinstance(month.energies, NotJudged) else None


def _connection(month: MonthFacts) -> Connection | None:
    return None if month.rules is None else connection_of(month.rules, month.facts)


def _recalled(month: MonthFacts, judged: Judged, by: date) -> Judged:
    """Return a month that was waived as it is charged after all; the first to recall it stays."""
    due = _judged(replace(month, compensation_fault=False), ())
    if judged.verdict is None or judged.recalled_by is not None:
        return judged
    verdict = replace(judged.verdict, charged_varh=due.charged_varh)
    return replace(judged, verdict=verdict, recalled_by=by)
