"""Worked numbers for prices by the hour."""

from decimal import Decimal

from db.enums import BillingBasis, Quality, TariffDay
from domain.tariffs.components import Band, TimeOfUse, Version, Window
from domain.tariffs.courses import Course, Mark
from domain.tariffs.presets import EVERY_DAY, tr_time_of_use
from domain.tariffs.pricing import lines
from tests.unit.tariff_terms import (
    HOUR,
    ISTANBUL,
    MIDNIGHT,
    THURSDAY,
    WEDNESDAY,
    energy,
    marks,
    shown,
    terms,
)


def test_hours_take_their_own_prices() -> None:
    course = Course(marks=marks((0, 0), (6, 600), (17, 3000), (22, 6000), (24, 6200)))
    shape = tr_time_of_use(Decimal(2), Decimal(3), Decimal(1))

    made = lines(terms(shape), {"1.8.0": course}, ISTANBUL)

    assert shown(made) == [
        (WEDNESDAY, "T1", 2400, "2", 4_800_000),
        (WEDNESDAY, "T2", 3000, "3", 9_000_000),
        (WEDNESDAY, "T3", 800, "1", 800_000),
    ]
    assert {one.quality for one in made} == {Quality.ACTUAL}


def test_tariff_registers_can_be_what_is_billed() -> None:
    shape = tr_time_of_use(Decimal(2), Decimal(3), Decimal(1))
    courses = {
        "1.8.1": Course(marks=marks((0, 100), (24, 2500))),
        "1.8.2": Course(marks=marks((0, 0), (24, 3000))),
        "1.8.3": Course(marks=marks((0, 50), (24, 850))),
    }

    made = lines(terms(shape, basis=BillingBasis.TOU_REGISTERS), courses, ISTANBUL)

    assert [(one.rate, one.metered) for one in made] == [("T1", 2400), ("T2", 3000), ("T3", 800)]
    assert {one.quality for one in made} == {Quality.ACTUAL}


def test_special_days_have_hours_of_their_own() -> None:
    weekdays = EVERY_DAY - {TariffDay.SPECIAL}
    shape = TimeOfUse(
        (
            Band("Day", Decimal(2), (Window(weekdays, 6 * 60, 22 * 60),)),
            Band(
                "Night",
                Decimal(1),
                (
                    Window(weekdays, 22 * 60, 6 * 60),
                    Window(frozenset({TariffDay.SPECIAL}), 0, 24 * 60),
                ),
            ),
        )
    )
    version = Version(components=(energy(shape),), special_days=frozenset({THURSDAY}))
    course = Course(marks=[Mark(MIDNIGHT + n * HOUR, n * 100) for n in range(49)])

    made = lines(terms(version, until_hour=48), {"1.8.0": course}, ISTANBUL)

    assert [(one.day, one.rate, one.metered) for one in made] == [
        (WEDNESDAY, "Day", 1600),
        (WEDNESDAY, "Night", 800),
        (THURSDAY, "Night", 2400),
    ]
