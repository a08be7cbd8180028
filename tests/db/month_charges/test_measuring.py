"""What the energies of a month are measured by: readings near its ends, by meter."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from db import access
from db.enums import NotJudged
from domain.ledger.queries import verify
from domain.tariffs.components import Version
from domain.tariffs.presets import TR_REACTIVE
from tests.db.month_charges.world import (
    CHARGED_AT,
    ENDS_AT,
    ENERGY,
    FEBRUARY,
    LATER,
    MARCH,
    MARCH_ENDS_AT,
    OPENED_AT,
    REACTIVE,
    STARTS_AT,
    Shown,
    charged,
    exchange,
    make_monthly,
    read,
    value,
    verdict,
    work,
)
from tests.factories import Place, account_of, add_supply

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONLY_REACTIVE = Version(components=(ENERGY, REACTIVE), reactive=TR_REACTIVE)


@pytest.fixture
async def place(room: None) -> Place:
    return await make_monthly(version=ONLY_REACTIVE)


@pytest.mark.parametrize(
    ("shown", "varh"),
    [
        pytest.param({STARTS_AT: (0, 0, 0), ENDS_AT: (1000, 900, 0)}, 900, id="at both ends"),
        pytest.param(
            {
                STARTS_AT - HOUR: (0, 0, 0),
                STARTS_AT + HOUR: (10, 100, 0),
                ENDS_AT - HOUR: (1000, 900, 0),
                ENDS_AT + HOUR: (1010, 1000, 0),
            },
            900,
            id="the last ones before the ends",
        ),
        pytest.param(
            {STARTS_AT + HOUR: (0, 100, 0), ENDS_AT: (1000, 900, 0)}, 800, id="the first one there"
        ),
        pytest.param(
            {
                STARTS_AT: (0, 0, 0),
                ENDS_AT - HOUR: (1000, 900, 0),
                ENDS_AT: (1000, None, None),
            },
            900,
            id="the last one with all registers",
        ),
    ],
)
async def test_readings_at_the_ends_tell_the_energy(
    place: Place, shown: Mapping[datetime, Shown], varh: int
) -> None:
    await read(place, shown)

    await work()

    told = await verdict(place)
    assert (told["not_judged"], told["inductive_varh"]) == (None, varh)


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param({STARTS_AT: (0, 0, 0), ENDS_AT - 25 * HOUR: (9, 9, 9)}, id="no end"),
        pytest.param({STARTS_AT + 25 * HOUR: (0, 0, 0), ENDS_AT: (9, 9, 9)}, id="no beginning"),
        pytest.param({STARTS_AT: (0, 0, 0), ENDS_AT: (9, 9, None)}, id="a register is missing"),
        pytest.param({STARTS_AT - DAY: (0, 0, 0)}, id="nothing of the month"),
    ],
)
async def test_nobody_pays_for_what_no_reading_tells(
    place: Place, shown: Mapping[datetime, Shown]
) -> None:
    await read(place, shown)

    await work()

    assert await charged(place) == 0
    assert (await verdict(place))["not_judged"] == NotJudged.READINGS_MISSING


async def test_estimates_are_no_readings(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT: (1000, 900, 0)})
    async with access.system() as connection:
        await connection.execute("update reading set quality = 'ESTIMATED' where ts = $1", ENDS_AT)

    await work()

    assert (await verdict(place))["not_judged"] == NotJudged.READINGS_MISSING


async def test_nobody_pays_for_what_a_meter_cannot_have_carried(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT: (1000, 10**11, 0)})

    await work()

    assert await charged(place) == 0
    assert (await verdict(place))["not_judged"] == NotJudged.READINGS_IMPLAUSIBLE


async def test_a_register_that_rolls_over_goes_on(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 99_999_900, 0), ENDS_AT: (1000, 800, 0)})

    await work()

    assert (await verdict(place))["inductive_varh"] == 900


async def test_months_follow_each_other_without_a_gap(place: Place) -> None:
    await read(
        place,
        {
            STARTS_AT - HOUR: (0, 0, 0),
            ENDS_AT - 2 * HOUR: (1000, 900, 0),
            ENDS_AT + 2 * HOUR: (1200, 1000, 0),
            MARCH_ENDS_AT: (3000, 2900, 0),
        },
    )

    await work()
    await work(LATER)

    energies = [(await verdict(place, month))["inductive_varh"] for month in (FEBRUARY, MARCH)]
    assert energies == [900, 2000]


async def test_what_comes_late_is_settled(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT - HOUR: (1_000_000, 300_000, 0)})
    await work()

    await read(place, {ENDS_AT: (1_001_000, 320_000, 0)}, now=CHARGED_AT)
    settled = await work()
    again = await work()

    assert (settled, again) == (1, 0)
    assert await charged(place) == 160
    assert await value("select array_agg(amount_micro order by revision) from month_charge") == [
        150_000_000,
        10_000_000,
    ]
    assert await verify() == []


async def test_what_comes_late_may_be_only_reactive(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT - HOUR: (0, 300_000, 0)})
    await work()

    await read(place, {ENDS_AT: (0, 320_000, 0)}, now=CHARGED_AT)
    await work()

    assert await charged(place) == 160


async def test_what_comes_in_time_for_later_months_is_not_late(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT: (1_000_000, 300_000, 0)})
    await work()

    await read(place, {ENDS_AT + HOUR: (1_001_000, 301_000, 0)})

    assert await value("select count(*) from month_due") == 0


async def test_readings_that_are_forgotten_take_nothing_back(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT: (1_000_000, 300_000, 0)})
    await work()
    async with access.system() as connection:
        await connection.execute("delete from reading")
        await connection.execute(
            "insert into month_due values ($1, $2, $3, $4)",
            place.company_id,
            account_of(place),
            FEBRUARY.first,
            CHARGED_AT,
        )

    assert await work() == 0

    assert await charged(place) == 150
    assert await value("select count(*) from month_due") == 0


async def test_meters_are_not_compared_across_an_exchange(room: None) -> None:
    place = await make_monthly(version=ONLY_REACTIVE)
    old = place.supplies[0]
    new = await add_supply(place, mounted=False, with_account=False)
    exchanged_at = STARTS_AT + 10 * DAY
    await read(place, {STARTS_AT: (0, 0, 0), exchanged_at - HOUR: (1_000_000, 300_000, 0)}, old)
    await exchange(place, new, at=exchanged_at, indexes_wh=(1_000_000, 70_000_000))
    shown = {
        exchanged_at + HOUR: (70_000_000, 5_000_000, 0),
        ENDS_AT: (71_000_000, 5_200_000, 0),
    }
    await read(place, shown, new)

    await work()

    told = await verdict(place)
    assert (told["active_wh"], told["inductive_varh"]) == (2_000_000, 500_000)
    assert await charged(place) == 250
    assert await verify() == []


async def test_a_month_of_a_zone_with_summer_time_has_its_own_hours(room: None) -> None:
    place = await make_monthly(
        version=ONLY_REACTIVE, time_zone="Europe/Berlin", opened_at=OPENED_AT
    )
    begins = datetime(2026, 2, 28, 23, tzinfo=UTC)
    # The clock goes forward on the 29th: the month ends an hour earlier.
    ends = datetime(2026, 3, 31, 22, tzinfo=UTC)
    await read(
        place,
        {
            begins: (0, 0, 0),
            ends: (1_000_000, 300_000, 0),
            ends + HOUR / 2: (1_001_000, 320_000, 0),
        },
    )

    early = await work(ends + timedelta(hours=5, minutes=59))
    due = await work(ends + timedelta(hours=6))

    assert (early, due) == (0, 1)
    assert await charged(place, MARCH) == 150
