"""Pricing agrees with adding up each minute, to the last digit, in zones that change clocks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.enums import ComponentKind, Quality
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.courses import Course, Mark
from domain.tariffs.flows import Interval, Span
from domain.tariffs.lines import Terms
from domain.tariffs.pricing import lines
from tests.unit.tariff_by_the_minute import Amount, Key, minutes, price_by_minute
from tests.unit.tariff_cases import A_DAY, BLOCK, Case, cases

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
TWO_YEARS = 731 * A_DAY
EXAMPLES = settings(deadline=None, suppress_health_check=list(HealthCheck))


def course(case: Case, per_minute: Sequence[int], *, every: int) -> Course:
    """Return the register read every so many minutes."""
    totals = list(accumulate(per_minute, initial=0))
    numbers = [*range(0, case.count, every), case.count]
    return Course(marks=[Mark(case.at(number), totals[number]) for number in numbers])


def intervals(case: Case, per_minute: Sequence[int]) -> list[Interval]:
    return [
        Interval(
            case.at(number),
            case.at(min(number + BLOCK, case.count)),
            sum(per_minute[number : number + BLOCK]),
        )
        for number in range(0, case.count, BLOCK)
    ]


def engine(case: Case, bought: Course, sold: Course) -> dict[Key, Amount]:
    """Return what the domain charges."""
    made = {}
    ends = [s.from_minute for s in case.stretches[1:]] + [case.count]
    for place, (stretch, end) in enumerate(zip(case.stretches, ends, strict=True)):
        terms = Terms(
            span=Span(case.at(stretch.from_minute), case.at(end)),
            counted_from=case.start,
            version=stretch.version,
            multiplier=case.multiplier,
        )
        for line in lines(terms, {"1.8.0": bought, "2.8.0": sold}, case.zone):
            key = Key(place, line.day, line.component, line.rate)
            assert key not in made
            amount = Amount(Fraction(line.quantity), line.amount_micro, line.tax_micro)
            made[key] = amount
    return made


def brute(case: Case, bought: Sequence[int], sold: Sequence[int]) -> dict[Key, Amount]:
    wall = minutes(case.start, case.count, case.zone)
    energies = {"1.8.0": bought, "2.8.0": sold}
    return price_by_minute(case.stretches, wall, energies, Fraction(case.multiplier))


def both(case: Case) -> tuple[dict[Key, Amount], dict[Key, Amount]]:
    """Return what frequent readings are charged, and what their minutes cost."""
    bought, sold = case.per_minute(), case.per_minute(every=7)
    by_readings = engine(case, course(case, bought, every=BLOCK), course(case, sold, every=BLOCK))
    return by_readings, brute(case, bought, sold)


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        pytest.param(BERLIN, datetime(2024, 12, 31, 22, 30, tzinfo=UTC), id="23 and 25 hours"),
        pytest.param(LORD_HOWE, datetime(2024, 12, 31, 2, tzinfo=UTC), id="half an hour more"),
    ],
)
# Of two, for the first one is the simplest there is.
@settings(EXAMPLES, max_examples=2)
@given(data=st.data())
def test_two_years_cost_what_their_minutes_cost(
    data: st.DataObject, zone: ZoneInfo, start: datetime
) -> None:
    by_readings, by_minutes = both(data.draw(cases(start=start, count=TWO_YEARS, zone=zone)))

    assert by_readings == by_minutes


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        pytest.param(BERLIN, datetime(2025, 3, 29, 17, 11, tzinfo=UTC), id="Berlin, 23 hours"),
        pytest.param(BERLIN, datetime(2025, 10, 25, 3, 30, tzinfo=UTC), id="Berlin, 25 hours"),
        pytest.param(LORD_HOWE, datetime(2025, 4, 4, 20, tzinfo=UTC), id="Lord Howe, 24.5"),
        pytest.param(LORD_HOWE, datetime(2025, 10, 3, 20, tzinfo=UTC), id="Lord Howe, 23.5"),
        pytest.param(SAO_PAULO, datetime(2018, 11, 3, 9, tzinfo=UTC), id="no midnight"),
        pytest.param(SAO_PAULO, datetime(2018, 2, 16, 9, tzinfo=UTC), id="midnight comes late"),
    ],
)
@settings(EXAMPLES, max_examples=6)
@given(data=st.data())
def test_days_on_which_clocks_change_cost_what_their_minutes_cost(
    data: st.DataObject, zone: ZoneInfo, start: datetime
) -> None:
    by_readings, by_minutes = both(data.draw(cases(start=start, count=3 * A_DAY, zone=zone)))

    assert by_readings == by_minutes


@settings(EXAMPLES, max_examples=8)
@given(
    case=cases(start=datetime(2025, 10, 24, 3, tzinfo=UTC), count=5 * A_DAY, zone=BERLIN),
    every=st.integers(2 * A_DAY, 5 * A_DAY),
)
def test_a_profile_tells_rare_readings_apart_as_frequent_ones_would(case: Case, every: int) -> None:
    bought, sold = case.per_minute(), case.per_minute(every=7)
    courses = [course(case, energies, every=every) for energies in (bought, sold)]
    for known, energies in zip(courses, (bought, sold), strict=True):
        known.profile = intervals(case, energies)

    assert engine(case, *courses) == brute(case, bought, sold)


@settings(EXAMPLES, max_examples=8)
@given(
    case=cases(start=datetime(2025, 3, 28, 3, tzinfo=UTC), count=5 * A_DAY, zone=BERLIN),
    every=st.integers(1, 5 * A_DAY),
)
def test_without_a_profile_energy_is_spread_evenly_and_none_is_lost(case: Case, every: int) -> None:
    bought, sold = case.per_minute(), case.per_minute(every=7)
    spread = [_spread(energies, every) for energies in (bought, sold)]

    charged = engine(case, course(case, bought, every=every), course(case, sold, every=every))

    assert charged == brute(case, *spread)
    sums = [sum(a.quantity for k, a in charged.items() if k.component == "Grid")]
    assert sums == [Fraction(sum(bought)) * Fraction(case.multiplier) / 1000]


def _spread(energies: Sequence[int], every: int) -> list[int]:
    """Return the same totals between readings, at an even rate in whole Wh."""
    made: list[int] = []
    for first in range(0, len(energies), every):
        part = energies[first : first + every]
        reached = [sum(part) * n // len(part) for n in range(len(part) + 1)]
        made += [after - before for before, after in pairwise(reached)]
    return made


@settings(EXAMPLES, max_examples=8)
@given(
    case=cases(start=datetime(2025, 3, 28, 3, tzinfo=UTC), count=5 * A_DAY, zone=BERLIN),
    cut=st.integers(1, 5 * A_DAY - 1),
    every=st.integers(1, 5 * A_DAY),
)
def test_what_is_charged_so_far_and_what_follows_is_the_whole(
    case: Case, cut: int, every: int
) -> None:
    bought = course(case, case.per_minute(), every=every)
    version, zone = case.stretches[0].version, case.zone
    whole = Span(case.start, case.at(case.count))

    def metered(*spans: Span) -> int:
        terms = (Terms(span=s, counted_from=case.start, version=version) for s in spans)
        made = [
            line for one in terms for line in lines(one, {"1.8.0": bought, "2.8.0": bought}, zone)
        ]
        return sum(line.metered for line in made if line.component == "Hours")

    split = [Span(case.start, case.at(cut)), Span(case.at(cut), whole.ends_at)]

    assert metered(*split) == metered(whole) == bought.marks[-1].index_wh


def test_quality_of_what_is_measured_everywhere_is_actual() -> None:
    marks = [Mark(datetime(2025, 3, 30, tzinfo=UTC) + n * timedelta(hours=1), n) for n in range(60)]
    version = Version(
        components=(
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(1))),
        )
    )
    terms = Terms(span=Span(marks[0].at, marks[-1].at), counted_from=marks[0].at, version=version)

    made = lines(terms, {"1.8.0": Course(marks=marks)}, BERLIN)

    assert [line.quality for line in made] == [Quality.ACTUAL] * 3
    assert [line.metered for line in made] == [22, 24, 13]
