"""In each period what was exported makes up for what was imported."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.enums import BillingBasis, NettingPeriod, NotNetted, SlabPeriod
from domain.billing.rules import Anchor
from domain.month_charges.kept_netting import read, written
from domain.month_charges.netting import Netted
from domain.tariffs.components import Shape, Slab, Slabs
from domain.tariffs.presets import tr_time_of_use
from tests.unit.exporting import (
    MICRO,
    Hour,
    charged_micro,
    net,
    profiled,
    read_hourly,
    segment,
    taken_back_micro,
    version,
)
from tests.unit.tariff_terms import HOUR, MIDNIGHT

# Two days: the first one exports at noon what it imports at night, the second one only imports.
DAYS = (
    [Hour(1_000, 0)] * 10
    + [Hour(0, 3_000), Hour(500, 1_000)]
    + [Hour(1_000, 0)] * 12
    + [Hour(2_000, 0)] * 24
)
hourly = st.lists(
    st.builds(Hour, st.integers(0, 9_999), st.integers(0, 9_999)), min_size=1, max_size=60
)
thousandths = st.decimals(min_value=0, max_value=9, places=3)


def of(made: Netted) -> dict[tuple[str, str], tuple[Decimal, int]]:
    return {(one.component, one.rate): (one.quantity, one.amount_micro) for one in made.lines}


@pytest.mark.parametrize(
    ("period", "kwh"),
    [
        pytest.param(NettingPeriod.MONTH, Decimal(4), id="all that was exported"),
        pytest.param(NettingPeriod.DAY, Decimal(4), id="the day imported more"),
        pytest.param(NettingPeriod.HOUR, Decimal("0.5"), id="of the one hour with both"),
    ],
)
def test_what_is_netted_depends_on_the_period(period: NettingPeriod, kwh: Decimal) -> None:
    made = net(read_hourly(DAYS), segment(version(period)))

    assert (made.imported_kwh, made.exported_kwh) == (Decimal("70.5"), Decimal(4))
    assert (made.netted_kwh, made.not_netted) == (kwh, None)
    assert made.untold_kwh == 0
    assert of(made) == {
        ("Energy", ""): (-kwh, int(-kwh * 3 * MICRO)),
        ("Sold", ""): (-kwh, int(kwh * 2 * MICRO)),
    }


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param([Hour(5_000, 0)], id="nothing was exported"),
        pytest.param([Hour(0, 5_000)], id="nothing was imported"),
        pytest.param([Hour(0, 0)], id="nothing flowed"),
    ],
)
def test_one_direction_alone_is_not_netted(hours: list[Hour]) -> None:
    made = net(read_hourly(hours), segment(version(NettingPeriod.MONTH)))

    assert (made.lines, made.not_netted) == ((), None)
    assert made.netted_kwh == 0


def test_more_export_than_import_leaves_no_import_to_pay() -> None:
    its = segment(version(NettingPeriod.MONTH, taxed=True), multiplier="40.5")
    known = read_hourly([Hour(1_001, 2_000), Hour(999, 1_000)])

    made = net(known, its)

    assert made.netted_kwh == 81
    # The grid for 81 kWh at 1, less the 40.5 kWh that are left of the export at 2.
    assert charged_micro(known, its) + taken_back_micro(made) == 0


def test_taxes_follow_the_components() -> None:
    made = net(read_hourly(DAYS), segment(version(NettingPeriod.MONTH, taxed=True)))

    bought, sold = made.lines
    (vat,) = bought.taxes
    assert (vat.name, vat.rate, vat.base, vat.amount) == (
        "VAT",
        Decimal("0.2"),
        Decimal(-12),
        Decimal("-2.4"),
    )
    assert sold.taxes == ()


def test_hours_of_several_prices_are_netted_at_their_own() -> None:
    three = tr_time_of_use(Decimal(2), Decimal(3), Decimal(1))
    hours = [Hour(0, 0)] * 24
    # T3 until six o'clock, T1 until 17, T2 until 22.
    hours[2], hours[12], hours[18] = Hour(1_000, 0), Hour(2_000, 1_000), Hour(4_000, 500)
    known = read_hourly(hours)

    hourly = net(known, segment(version(NettingPeriod.HOUR, bought=three)))
    monthly = net(known, segment(version(NettingPeriod.MONTH, bought=three)))

    assert of(hourly) == {
        ("Energy", "T1"): (Decimal(-1), -2 * MICRO),
        ("Energy", "T2"): (Decimal("-0.5"), int(-1.5 * MICRO)),
        ("Sold", ""): (Decimal("-1.5"), 3 * MICRO),
    }
    # 1.5 of the month's 7 kWh, of each band the same part; together they are all of it.
    assert {key: quantity for key, (quantity, _) in of(monthly).items()} == {
        ("Energy", "T3"): Decimal("-0.2142857"),
        ("Energy", "T1"): Decimal("-0.4285714"),
        ("Energy", "T2"): Decimal("-0.8571429"),
        ("Sold", ""): Decimal("-1.5"),
    }


def test_bands_that_the_meter_counts_itself_are_netted_as_they_are_charged() -> None:
    three = tr_time_of_use(Decimal(2), Decimal(3), Decimal(1))
    its = replace(
        segment(version(NettingPeriod.MONTH, bought=three)), basis=BillingBasis.TOU_REGISTERS
    )
    shown = {"1.8.1": 1_000, "1.8.2": 0, "1.8.3": 3_000, "2.8.0": 1_000}
    known = [
        Anchor(MIDNIGHT, 0, dict.fromkeys(shown, 0)),
        Anchor(MIDNIGHT + 24 * HOUR, 4_000, shown),
    ]

    made = net(known, its)

    assert of(made) == {
        ("Energy", "T1"): (Decimal("-0.25"), -MICRO // 2),
        ("Energy", "T3"): (Decimal("-0.75"), int(-0.75 * MICRO)),
        ("Sold", ""): (Decimal(-1), 2 * MICRO),
    }


def test_slabs_are_given_up_from_the_last_one_on() -> None:
    slabs = Slabs(
        SlabPeriod.MONTH, (Slab(Decimal(3), Decimal(1)), Slab(Decimal(5), Decimal(2)), last(4))
    )
    known = read_hourly([Hour(3_000, 0), Hour(3_000, 2_500)])

    made = net(known, segment(version(NettingPeriod.MONTH, bought=slabs)))

    # Of 6 kWh 3.5 are left: 3 at 1, and a half at 2.
    assert of(made) == {
        ("Energy", "2"): (Decimal("-1.5"), -3 * MICRO),
        ("Energy", "3"): (Decimal(-1), -4 * MICRO),
        ("Sold", ""): (Decimal("-2.5"), 5 * MICRO),
    }


def last(price: int) -> Slab:
    return Slab(None, Decimal(price))


def test_a_change_of_price_is_netted_in_proportion() -> None:
    dearer = replace(
        segment(version(NettingPeriod.MONTH, bought="5")), starts_at=MIDNIGHT + 24 * HOUR
    )
    cheaper = replace(segment(version(NettingPeriod.MONTH)), ends_at=dearer.starts_at)
    known = read_hourly([Hour(1_000, 1_000)] * 24 + [Hour(3_000, 0)] * 24)

    made = net(known, cheaper, dearer)

    assert made.netted_kwh == 24
    assert [(one.component, one.price, one.quantity) for one in made.lines] == [
        ("Energy", Decimal(3), Decimal(-6)),
        ("Sold", Decimal(2), Decimal(-24)),
        ("Energy", Decimal(5), Decimal(-18)),
    ]


def test_hours_that_nobody_knows_are_not_netted() -> None:
    hours = [Hour(1_000, 400), Hour(2_000, 600), Hour(500, 700), Hour(800, 100)]
    known = profiled(read_hourly(hours, every=4), [hours[0], None, None, hours[3]])

    made = net(known, segment(version(NettingPeriod.HOUR)))

    assert (made.netted_kwh, made.untold_kwh) == (Decimal("0.5"), Decimal("2.5"))
    assert made.not_netted is NotNetted.INTERVALS_MISSING
    assert made.imported_kwh == Decimal("4.3")


def test_load_profiles_of_both_directions_tell_the_hours() -> None:
    hours = [Hour(1_000, 400), Hour(2_000, 600), Hour(500, 700), Hour(800, 100)]

    made = net(profiled(read_hourly(hours, every=4), hours), segment(version(NettingPeriod.HOUR)))

    assert (made.netted_kwh, made.not_netted) == (Decimal("1.6"), None)


def test_a_profile_of_one_direction_is_not_enough() -> None:
    hours = [Hour(1_000, 400), Hour(2_000, 600)]
    known = [replace(one, exported=()) for one in profiled(read_hourly(hours, every=2), hours)]

    made = net(known, segment(version(NettingPeriod.HOUR)))

    assert made.netted_kwh == 0
    assert made.untold_kwh == 3


def test_a_month_that_is_measured_within_a_day_has_a_part_of_it() -> None:
    known = read_hourly(DAYS)[5:30]

    made = net(known, segment(version(NettingPeriod.DAY)))

    assert made.netted_kwh == 4


@given(
    hours=hourly,
    period=st.sampled_from(NettingPeriod),
    bought=thousandths,
    sold=thousandths,
    multiplier=st.sampled_from(["1", "20", "0.5"]),
)
@settings(deadline=None, max_examples=150)
def test_a_netted_bill_is_that_of_each_periods_surplus(
    hours: list[Hour], period: NettingPeriod, bought: Decimal, sold: Decimal, multiplier: str
) -> None:
    its = segment(version(period, bought=str(bought), sold=str(sold)), multiplier)
    known = read_hourly(hours)

    made = net(known, its)

    length = {"MONTH": len(hours), "DAY": 24, "HOUR": 1}[period]
    due = Decimal(0)
    for first in range(0, len(hours), length):
        imported = sum(hour.imported for hour in hours[first : first + length])
        exported = sum(hour.exported for hour in hours[first : first + length])
        due += max(imported - exported, 0) * bought - max(exported - imported, 0) * sold + imported
    # Half a millionth is rounded by itself on each day, and once more when it is taken back.
    exact = due * Decimal(multiplier) * 1000
    assert abs(charged_micro(known, its) + taken_back_micro(made) - exact) <= (
        0 if multiplier != "0.5" else 4
    )


@given(
    hours=hourly,
    period=st.sampled_from(NettingPeriod),
    every=st.integers(1, 9),
    bought=st.one_of(
        st.just(tr_time_of_use(Decimal(2), Decimal(3), Decimal("0.777777777"))),
        st.just(Slabs(SlabPeriod.DAY, (Slab(Decimal(5), Decimal(1)), last(7)))),
        st.just("1.123456789"),
    ),
    told=st.lists(st.booleans(), min_size=60, max_size=60),
)
@settings(deadline=None, max_examples=150)
def test_both_directions_are_netted_alike_and_never_more_than_flowed(
    hours: list[Hour], period: NettingPeriod, every: int, bought: Shape | str, told: list[bool]
) -> None:
    its = segment(version(period, bought=bought))
    intervals = [hour if one else None for hour, one in zip(hours, told, strict=False)]
    known = profiled(read_hourly(hours, every=every), intervals)

    made = net(known, its)

    quantities = [
        sum(-one.quantity for one in made.lines if one.component == name)
        for name in ("Energy", "Sold")
    ]
    assert quantities == [made.netted_kwh, made.netted_kwh]
    assert 0 <= made.netted_kwh <= min(made.imported_kwh - made.untold_kwh, made.exported_kwh)
    assert made.imported_kwh * 1000 == sum(hour.imported for hour in hours)
    assert made.exported_kwh * 1000 == sum(hour.exported for hour in hours)
    assert all(one.quantity < 0 for one in made.lines)
    assert (made.not_netted is None) == (period is NettingPeriod.MONTH or not made.untold_kwh)
    assert read(json.loads(json.dumps(written(made)))) == made


def test_a_month_pools_what_lies_on_both_sides_of_midnight() -> None:
    known = [one for one in read_hourly(DAYS) if one.at - MIDNIGHT in (0 * HOUR, timedelta(days=2))]

    made = net(known, segment(version(NettingPeriod.MONTH)))

    assert made.netted_kwh == 4
