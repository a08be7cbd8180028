"""Bands that a meter counts itself: charged by their registers, and never beyond the total."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from db.enums import ComponentKind, EnergyDirection
from domain.billing.rules import Anchor, bill
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import tr_time_of_use
from tests.unit.bands import (
    ACCOUNT,
    HOUR,
    ISTANBUL,
    START,
    WHOLE,
    changed,
    days_of,
    gross,
    segment,
    shown,
    version,
)


def test_bands_cost_what_their_registers_gained() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(12, 10_000, 1_000, 7_000, 2_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=1, t2=7, t3=2)}
    assert made.estimated == set()


def test_the_total_alone_is_told_apart_by_the_clock_and_marked() -> None:
    known = [shown(0, 0), shown(12, 12_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=10, t2=2)}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_registers_that_come_later_replace_the_estimate() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(6, 6_000), shown(12, 12_000, 1_000, 7_000, 4_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=1, t2=7, t3=4)}
    assert made.estimated == set()


def test_of_two_indexes_at_one_instant_the_last_one_counts() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(6, 5_000), shown(6, 6_000, 1_000, 2_000, 3_000)]

    made = bill([*known, shown(12, 10_000, 1_000, 6_000, 3_000)], [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=1, t2=6, t3=3)}
    assert made.estimated == set()


def test_the_basis_begins_with_the_first_reading_that_has_the_registers() -> None:
    known = [shown(0, 0), shown(2, 2_000, 40_000, 0, 0), shown(4, 5_000, 40_000, 0, 3_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=2, t3=3)}


def test_what_the_bands_do_not_tell_is_charged_by_the_clock() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(12, 20_000, 7_000, 1_000, 0)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=17, t2=3)}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_bands_that_tell_too_much_are_cut_to_the_total() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(12, 16_000, 16_000, 0, 48_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=4, t3=12)}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_a_register_that_starts_again_at_zero_goes_on() -> None:
    known = [shown(0, 0, 999_999_000, 0, 0), shown(12, 10_000, 2_000, 7_000, 0)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=3, t2=7)}
    assert made.estimated == set()


def test_a_register_that_cannot_be_true_is_not_believed() -> None:
    known = [shown(0, 0, 5_000, 0, 0), shown(12, 12_000, 4_000, 0, 0)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=10, t2=2)}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_a_change_between_bands_is_told_by_their_registers() -> None:
    at_seventeen = START + 10 * HOUR
    dearer = version([Decimal(20), Decimal(30), Decimal(10)])
    known = [shown(0, 0, 0, 0, 0), shown(12, 10_000, 9_000, 1_000, 0)]

    made = bill(known, changed(at_seventeen, dearer), ISTANBUL)

    energy = (9 * 2 + 1 * 30) * Decimal("1.05")
    assert days_of(made) == {
        date(2026, 3, 16): int((energy + 5) * Decimal("1.2") * 1_000_000),
    }
    assert made.estimated == set()


def test_a_change_within_a_band_is_split_by_its_hours_and_marked() -> None:
    at_noon = START + 5 * HOUR
    dearer = version([Decimal(20), Decimal(30), Decimal(10)])
    known = [shown(0, 0, 0, 0, 0), shown(12, 10_000, 8_000, 2_000, 0)]

    made = bill(known, changed(at_noon, dearer), ISTANBUL)

    energy = (4 * 2 + 4 * 20 + 2 * 30) * Decimal("1.05")
    assert days_of(made) == {
        date(2026, 3, 16): int((energy + 5) * Decimal("1.2") * 1_000_000),
    }
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_a_change_to_one_price_is_split_by_time_on_both_sides() -> None:
    at_noon = START + 6 * HOUR
    flat = replace(WHOLE, components=(WHOLE.components[1],), taxes=())
    known = [shown(0, 0, 0, 0, 0), shown(12, 12_000, 12_000, 0, 0)]

    made = bill(known, changed(at_noon, flat), ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=6) + 3_000_000}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_a_component_may_name_a_register() -> None:
    night = Component(
        name="Night", kind=ComponentKind.FEE, shape=Flat(Decimal(1)), register="1.8.3"
    )
    known = [shown(0, 0, 0, 0, 500_000), shown(5, 5_000), shown(12, 10_000, 0, 0, 504_000)]

    made = bill(known, [segment(Version(components=(night,)))], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): 4_000_000}


def test_what_is_exported_is_credited_by_its_own_register() -> None:
    sold = Component(
        name="Sold",
        kind=ComponentKind.ENERGY,
        shape=tr_time_of_use(Decimal(2), Decimal(1), Decimal(1)),
        direction=EnergyDirection.EXPORT,
        register="2.8.0",
    )
    its = replace(WHOLE, components=(WHOLE.components[1], sold))
    known = [
        Anchor(START, 0, {"2.8.0": 100_000}),
        Anchor(START + 5 * HOUR, 1_000, {"2.8.0": 103_000}),
        Anchor(START + 10 * HOUR, 1_000, {"2.8.0": 110_000}),
    ]

    made = bill(known, [segment(its)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): 600_000 - 20_000_000}
    assert sum(made.taxes.values()) == 100_000
