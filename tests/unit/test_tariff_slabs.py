"""Worked numbers for prices by how much was used."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from db.enums import SlabPeriod
from domain.tariffs.components import Slab, Slabs, Version
from domain.tariffs.courses import Course, Mark
from domain.tariffs.lines import Terms
from domain.tariffs.pricing import CourseMissing, lines
from tests.unit.tariff_terms import (
    HOUR,
    ISTANBUL,
    KWH,
    THURSDAY,
    WEDNESDAY,
    energy,
    marks,
    shown,
    terms,
)


def two_slabs(period: SlabPeriod) -> Slabs:
    return Slabs(period, (Slab(Decimal(10), Decimal(1)), Slab(None, Decimal(2))))


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        pytest.param(
            SlabPeriod.MONTH,
            [
                (WEDNESDAY, "1", 8000, "1", 8_000_000),
                (THURSDAY, "1", 2000, "1", 2_000_000),
                (THURSDAY, "2", 4000, "2", 8_000_000),
            ],
            id="the first slab goes on over days of a month",
        ),
        pytest.param(
            SlabPeriod.DAY,
            [(WEDNESDAY, "1", 8000, "1", 8_000_000), (THURSDAY, "1", 6000, "1", 6_000_000)],
            id="each day begins anew",
        ),
    ],
)
def test_slabs_count_from_the_beginning_of_their_period(
    period: SlabPeriod, expected: list[tuple[date, str, int, str, int]]
) -> None:
    course = Course(marks=marks((0, 0), (24, 8 * KWH), (48, 14 * KWH)))

    made = lines(terms(two_slabs(period), until_hour=48), {"1.8.0": course}, ISTANBUL)

    assert shown(made) == expected


def test_a_new_month_begins_with_the_first_slab() -> None:
    start = datetime(2026, 3, 30, 21, tzinfo=UTC)  # 31 March in Istanbul.
    course = Course(marks=[Mark(start + n * 24 * HOUR, n * 12 * KWH) for n in range(3)])
    version = Version(components=(energy(two_slabs(SlabPeriod.MONTH)),))
    whole = Terms(span=course.span, counted_from=start, version=version)

    made = lines(whole, {"1.8.0": course}, ISTANBUL)

    assert [(one.day, one.rate, one.metered) for one in made] == [
        (date(2026, 3, 31), "1", 10_000),
        (date(2026, 3, 31), "2", 2_000),
        (date(2026, 4, 1), "1", 10_000),
        (date(2026, 4, 1), "2", 2_000),
    ]


def test_a_new_price_does_not_open_the_first_slab_again() -> None:
    course = Course(marks=marks((0, 0), (12, 9 * KWH), (24, 12 * KWH)))

    made = lines(terms(two_slabs(SlabPeriod.MONTH), from_hour=12), {"1.8.0": course}, ISTANBUL)

    assert [(one.rate, one.metered) for one in made] == [("1", 1000), ("2", 2000)]


def test_slabs_need_to_know_the_index_at_which_they_count() -> None:
    course = Course(marks=marks((12, 0), (24, 1)))

    with pytest.raises(CourseMissing):
        lines(terms(two_slabs(SlabPeriod.MONTH), from_hour=12), {"1.8.0": course}, ISTANBUL)


def test_slabs_may_end_within_a_metered_unit() -> None:
    course = Course(marks=marks((0, 0), (24, 4)))
    shape = Slabs(SlabPeriod.DAY, (Slab(Decimal(7), Decimal(1)), Slab(None, Decimal(2))))

    made = lines(terms(shape, multiplier="3000"), {"1.8.0": course}, ISTANBUL)

    assert [(one.rate, one.metered, one.quantity) for one in made] == [
        ("1", 2, Decimal(7)),
        ("2", 2, Decimal(5)),
    ]
