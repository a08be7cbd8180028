"""Energy that is netted by the day or the hour, as load profiles tell it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import NettingPeriod, NotNetted
from domain.ledger.queries import verify
from domain.profiles.rules import Told
from domain.tariffs.components import Netting
from tests.db.load_profiles.told import store, told
from tests.db.month_charges.exporting import NETTED, make_exporting, netting, read
from tests.db.month_charges.world import (
    CHARGED_AT,
    DAY,
    ENDS_AT,
    STARTS_AT,
    charged,
    rows,
    value,
    work,
)
from tests.factories import Place

HOUR = timedelta(hours=1)
EVENING = STARTS_AT + 18 * HOUR
# On the first of February 6 kWh came in the evening, and 4 kWh went away, in two hours with both.
SHOWN = {
    STARTS_AT: (0, 0),
    STARTS_AT + DAY: (6_000, 4_000),
    ENDS_AT: (6_000, 4_000),
}


async def make_hourly(period: NettingPeriod = NettingPeriod.HOUR) -> Place:
    return await make_exporting(replace(NETTED, netting=Netting(period=period)))


def profile(place: Place) -> list[Told]:
    """Return a day of quarters: 2 and 4 kWh in two hours, with 3 and 1 kWh against them."""
    imported = [0] * 72 + [500] * 4 + [1_000] * 4 + [0] * 16
    exported = [0] * 72 + [750] * 4 + [250] * 4 + [0] * 16
    return [
        *told(place, STARTS_AT, *imported, channel="1.5.0"),
        *told(place, STARTS_AT, *exported, channel="2.5.0"),
    ]


@pytest.mark.parametrize(
    ("period", "kwh"),
    [
        pytest.param(NettingPeriod.HOUR, 3, id="2 of 2 and 3, 1 of 4 and 1"),
        pytest.param(NettingPeriod.DAY, 4, id="all of the day"),
        pytest.param(NettingPeriod.MONTH, 4, id="all of the month"),
    ],
)
async def test_what_is_netted_depends_on_the_period(
    room: None, period: NettingPeriod, kwh: int
) -> None:
    place = await make_hourly(period)
    await store(profile(place), now=EVENING + DAY)
    await read(place, SHOWN)

    await work()

    assert await netting(place) == {"imported_kwh": 6, "exported_kwh": 4, "netted_kwh": kwh}
    assert await charged(place) == -kwh * 3 + kwh * 2
    assert await verify() == []


async def test_what_no_profile_tells_is_not_netted_until_it_comes(room: None) -> None:
    place = await make_hourly()
    await read(place, SHOWN)
    await work()
    before = await netting(place)

    imported = [one for one in profile(place) if one.channel == "1.5.0"]
    await store(imported, now=CHARGED_AT)
    await work()
    half = await netting(place)
    await store(profile(place), now=CHARGED_AT)
    posted = await work()

    assert before["not_netted"] is half["not_netted"] is NotNetted.INTERVALS_MISSING
    # As far as one can tell: without a profile the energy of a day came evenly.
    assert before == half | {"untold_kwh": Decimal(6)}
    assert posted == 1
    assert await netting(place) == {"imported_kwh": 6, "exported_kwh": 4, "netted_kwh": 3}
    assert await rows("select component, quantity from month_charge_line order by line") == [
        {"component": "Energy", "quantity": Decimal(-3)},
        {"component": "Sold", "quantity": Decimal(-3)},
    ]


async def test_a_reading_that_comes_late_is_netted_as_far_as_a_profile_tells(room: None) -> None:
    place = await make_hourly()
    early = ENDS_AT - 12 * HOUR
    told_at = early - 2 * HOUR
    both = ("1.5.0", "2.5.0")
    of_hours = {
        hours: [
            one for way in both for one in told(place, told_at, *[250] * 4 * hours, channel=way)
        ]
        for hours in (2, 8)
    }
    await store(of_hours[2], now=early)
    await read(place, {STARTS_AT: (0, 0), told_at: (0, 0), early: (2_000, 2_000)})
    await work()
    before = await netting(place)

    await store(of_hours[8], now=CHARGED_AT)
    await read(place, {ENDS_AT: (14_000, 14_000)}, now=CHARGED_AT)
    await work()

    assert before == {"imported_kwh": 2, "exported_kwh": 2, "netted_kwh": 2}
    assert await netting(place) == {
        "imported_kwh": 14,
        "exported_kwh": 14,
        "netted_kwh": 8,
        "untold_kwh": 6,
        "not_netted": NotNetted.INTERVALS_MISSING,
    }
    assert await charged(place) == -8 * 3 + 8 * 2
    assert await verify() == []


async def test_the_same_profile_again_is_no_news(room: None) -> None:
    place = await make_hourly()
    await store(profile(place), now=EVENING + DAY)
    await read(place, SHOWN)
    await work()

    await store(profile(place), now=CHARGED_AT)

    assert await value("select count(*) from month_due") == 0
    assert await work() == 0


async def test_hourly_readings_are_as_good_as_a_profile(room: None) -> None:
    place = await make_hourly()
    await read(
        place,
        {
            **SHOWN,
            EVENING: (0, 0),
            EVENING + HOUR: (2_000, 3_000),
            EVENING + 2 * HOUR: (6_000, 4_000),
        },
    )

    await work()

    assert await netting(place) == {"imported_kwh": 6, "exported_kwh": 4, "netted_kwh": 3}


async def test_a_profile_is_no_news_where_nothing_is_netted(room: None) -> None:
    place = await make_exporting(replace(NETTED, netting=None))
    other = await make_hourly()
    await read(place, SHOWN)
    await read(other, SHOWN)
    await work()

    await store(profile(place), now=CHARGED_AT)

    assert await value("select count(*) from month_due") == 0
