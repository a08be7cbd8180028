"""Worked numbers for prices that are the same at all times, by the day or by the month."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from db.enums import ComponentKind, EnergyDirection, LineUnit
from domain.tariffs.components import Component, Flat, PerDay, Version, flat, simple_price
from domain.tariffs.courses import Course
from domain.tariffs.flows import Span
from domain.tariffs.lines import Terms, rounded_micro
from domain.tariffs.month_end import month_lines
from domain.tariffs.presets import TR_REACTIVE, TR_TAXES, tr_time_of_use
from domain.tariffs.pricing import CourseMissing, lines
from domain.tariffs.reactive import Verdict
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

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_flat_price_is_charged_by_local_day() -> None:
    course = Course(marks=marks((0, 0), (24, 7 * KWH), (36, 10 * KWH)))

    made = lines(terms(Flat(Decimal("2.5")), until_hour=36), {"1.8.0": course}, ISTANBUL)

    assert shown(made) == [
        (WEDNESDAY, "", 7000, "2.5", 17_500_000),
        (THURSDAY, "", 3000, "2.5", 7_500_000),
    ]
    assert [one.quantity for one in made] == [Decimal(7), Decimal(3)]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 3, 29), 23, id="23 hours"),
        pytest.param(date(2026, 10, 25), 25, id="25 hours"),
        pytest.param(date(2026, 6, 1), 24, id="24 hours"),
    ],
)
def test_a_day_of_any_length_costs_one_fixed_charge(day: date, hours: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
    version = Version(components=(energy(PerDay(Decimal("1.25")), register=None),))
    span = Span(start, start + hours * HOUR)

    made = lines(Terms(span=span, counted_from=start, version=version), {}, BERLIN)

    assert [(one.day, one.metered, one.amount_micro) for one in made] == [(day, 1, 1_250_000)]
    assert made[0].unit is LineUnit.DAY


def test_a_fixed_charge_belongs_to_the_terms_at_the_beginning_of_the_day() -> None:
    version = Version(components=(energy(PerDay(Decimal(1)), register=None),))

    before = lines(terms(version, until_hour=30), {}, ISTANBUL)
    after = lines(terms(version, from_hour=30, until_hour=60), {}, ISTANBUL)

    assert [one.day for one in before] == [WEDNESDAY, THURSDAY]
    assert [one.day for one in after] == [date(2026, 3, 20)]


def test_what_is_exported_is_paid_to_the_consumer_and_not_taxed() -> None:
    sold = Component(
        name="Sold",
        kind=ComponentKind.ENERGY,
        shape=Flat(Decimal("0.5")),
        direction=EnergyDirection.EXPORT,
        register="2.8.0",
    )
    version = Version(components=(sold,), taxes=TR_TAXES)

    made = lines(terms(version), {"2.8.0": Course(marks=marks((0, 0), (24, 3000)))}, ISTANBUL)

    assert [(one.amount_micro, one.taxes) for one in made] == [(-1_500_000, ())]


def test_peaks_and_reactive_energy_are_due_at_the_end_of_the_month() -> None:
    version = Version(
        components=(
            Component(
                name="Demand",
                kind=ComponentKind.DEMAND,
                shape=Flat(Decimal(10)),
                register="1.6.0",
            ),
            Component(
                name="Reactive",
                kind=ComponentKind.REACTIVE,
                shape=Flat(Decimal("0.5")),
                register="3.8.0",
            ),
        ),
        reactive=TR_REACTIVE,
    )
    verdict = Verdict(inductive_ratio=None, capacitive_ratio=None, charged_varh=9000)
    last = date(2026, 3, 31)

    made = month_lines(
        terms(version, multiplier="2"), last, peaks_w={"1.6.0": 4500}, verdict=verdict
    )

    assert [(one.day, one.quantity, one.unit, one.amount_micro) for one in made] == [
        (last, Decimal(9), LineUnit.KW, 90_000_000),
        (last, Decimal(18), LineUnit.KVARH, 9_000_000),
    ]
    assert lines(terms(version), {}, ISTANBUL) == []


def test_a_component_without_its_register_is_not_guessed() -> None:
    with pytest.raises(CourseMissing):
        lines(terms(Flat(Decimal(1))), {"1.8.1": Course(marks=marks((0, 0)))}, ISTANBUL)


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [
        pytest.param("0.0000005", "1", 1, id="half a millionth goes up"),
        pytest.param("0.000000499999", "1", 0, id="less than half does not"),
        pytest.param("-0.0000005", "1", -1, id="away from zero"),
        pytest.param(
            "99999999999999.9999999",
            "999999999.999999999",
            99999999999999999899900000000,
            id="nothing is cut off",
        ),
    ],
)
def test_rounded_micro(quantity: str, price: str, expected: int) -> None:
    assert rounded_micro(Decimal(quantity), Decimal(price)) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param(flat(Decimal("2.5")), Decimal("2.5"), id="one price for energy"),
        pytest.param(Version(components=(), taxes=()), None, id="nothing"),
        pytest.param(
            Version(components=flat(Decimal(1)).components, taxes=TR_TAXES), None, id="taxed"
        ),
        pytest.param(
            Version(components=(energy(tr_time_of_use(*map(Decimal, (1, 1, 1)))),)),
            None,
            id="by the hour",
        ),
        pytest.param(
            Version(components=(energy(Flat(Decimal(1)), register="1.8.1"),)),
            None,
            id="another register",
        ),
    ],
)
def test_simple_price(version: Version, expected: Decimal | None) -> None:
    assert simple_price(version) == expected
