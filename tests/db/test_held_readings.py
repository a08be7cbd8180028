"""Reads that are stored but held: of no time, or no possible index."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import ValidationRule
from domain.readings import operations as readings
from tests.db.stored_readings import HOUR, account_balance, fetch, store
from tests.factories import NOW, Place, make_place, make_read


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=Decimal("2.5"))


async def test_a_stamp_in_the_future_is_held_and_frees_no_energy(
    place: Place, registers: int
) -> None:
    result = await store(
        [
            make_read(place, registers, NOW + timedelta(minutes=6), 5_000),
            make_read(place, registers, NOW, 1_000),
        ]
    )

    assert (result.new, result.held) == (1, 1)
    assert await fetch("select rule from held_reading") == [{"rule": ValidationRule.FUTURE}]
    assert await account_balance(place) == Decimal("-2.500000")


async def test_a_stamp_older_than_ninety_days_is_held(place: Place, registers: int) -> None:
    result = await store(
        [
            make_read(place, registers, NOW - timedelta(days=90, seconds=1), 1),
            make_read(place, registers, NOW, 1_000),
        ]
    )

    assert (result.new, result.held) == (1, 1)
    assert await fetch("select rule from held_reading") == [{"rule": ValidationRule.TOO_OLD}]


async def test_a_register_that_goes_down_is_held_and_changes_nothing(
    place: Place, registers: int
) -> None:
    await store([make_read(place, registers, NOW - HOUR, 5_000)])
    before = await fetch("select * from account_balance, billing_state, meter_latest")

    result = await store([make_read(place, registers, NOW, 4_000)])

    assert result == readings.Stored(new=0, known=0, held=1, conflicting=0)
    assert await fetch("select * from account_balance, billing_state, meter_latest") == before != []
    assert await fetch("select rule from held_reading") == [
        {"rule": ValidationRule.NEGATIVE_CONSUMPTION}
    ]


async def test_a_spike_is_held_and_what_follows_is_charged_as_if_it_had_not_come(
    place: Place, registers: int
) -> None:
    await store([make_read(place, registers, NOW - 2 * HOUR, 1_000)])

    spike = await store([make_read(place, registers, NOW - HOUR, 900_000_000)])
    await store([make_read(place, registers, NOW, 2_000)])

    assert (spike.new, spike.held) == (0, 1)
    assert await fetch("select rule from held_reading") == [{"rule": ValidationRule.INTERVAL_SPIKE}]
    assert await account_balance(place) == Decimal(-5)


async def test_a_register_with_more_digits_than_known_is_held_and_never_charged(
    place: Place, registers: int
) -> None:
    for n in range(4):
        at = NOW - (4 - n) * HOUR
        await store([make_read(place, registers, at, 1_200_000_000 + n * 1_000)])

    assert await account_balance(place) == Decimal(0)
    assert {row["rule"] for row in await fetch("select rule from held_reading")} == {
        ValidationRule.REGISTER_RANGE
    }
