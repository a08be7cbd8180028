"""Meters come and go at a metering point; its account pays for what each of them measured there."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.metering import mountings
from tests.db.exchanges import HOUR, PRICE, balance, exchange, remove, store
from tests.factories import NOW, Place, Supply, add_supply, make_place


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=PRICE)


@pytest.fixture
async def spare(place: Place) -> Supply:
    """Return a meter that is mounted nowhere."""
    return await add_supply(place, mounted=False, with_account=False)


async def test_an_account_pays_for_both_meters_of_an_exchange(place: Place, spare: Supply) -> None:
    old = place.supplies[0]
    await store(place, (old, 8, 3_000), (old, 6, 4_000))

    await exchange(place, spare)
    await store(place, (spare, 4, 1_700), (spare, 1, 2_700))

    assert await balance(place) == -PRICE * (5 + 2)
    await ledger.close_days(now=NOW + timedelta(days=1))
    assert await verify() == []


async def test_the_multiplier_of_each_mounting_counts(place: Place, spare: Supply) -> None:
    await exchange(place, spare, multiplier=Decimal(40))
    await store(place, (spare, 1, 1_700))

    assert await balance(place) == -PRICE * (5 + 40)


async def test_an_exchange_keeps_the_multiplier_unless_told(connected: None) -> None:
    place = await make_place(price=PRICE, meters=0)
    await add_supply(place, multiplier=Decimal(40))
    spare = await add_supply(place, mounted=False, with_account=False)

    await exchange(place, spare)
    await store(place, (spare, 1, 1_700))

    assert await balance(place) == -PRICE * 40 * (5 + 1)


async def test_late_readings_of_either_meter_change_no_total(place: Place, spare: Supply) -> None:
    old = place.supplies[0]
    await exchange(place, spare)

    await store(place, (spare, 1, 2_700), (old, 6, 4_000), (spare, 4, 1_700), (old, 30, 2_000))

    assert await balance(place) == -PRICE * (5 + 2)
    assert await verify() == []


async def test_a_removed_meter_charges_nobody_any_more(place: Place) -> None:
    await remove(place)

    await store(place, (place.supplies[0], 1, 9_000))

    assert await balance(place) == -PRICE * 5


async def test_a_removed_meter_goes_on_elsewhere_from_its_new_index(place: Place) -> None:
    old = place.supplies[0]
    await remove(place)
    elsewhere = await add_supply(place, mounted=False)
    await mountings.mount(
        company_id=place.company_id,
        meter_id=old.meter_id,
        point_id=elsewhere.point_id,
        started_at=NOW - 3 * HOUR,
        # Somebody set it to zero in the workshop.
        initial_index_wh=0,
        now=NOW,
    )

    await store(place, (old, 1, 1_500), (old, 6, 4_500))

    assert await balance(place) == -PRICE * 5
    account_id = elsewhere.account_id
    assert account_id is not None
    own = await balance_of(company_id=place.company_id, account_id=account_id)
    assert own == -PRICE * Decimal("1.5")


async def test_a_register_that_rolled_over_before_the_exchange_is_charged(connected: None) -> None:
    place = await make_place(price=PRICE, meters=0)
    await add_supply(place, initial_index_wh=999_999_000)
    spare = await add_supply(place, mounted=False, with_account=False)

    await exchange(place, spare, final_index_wh=500, rolled_over=True)

    assert await balance(place) == -PRICE * Decimal("1.5")


async def test_a_new_transformer_is_an_exchange_with_the_same_meter(place: Place) -> None:
    supply = place.supplies[0]

    await exchange(
        place, supply, meter_id=supply.meter_id, initial_index_wh=5_000, multiplier=Decimal(10)
    )
    await store(place, (supply, 1, 6_000), (supply, 6, 4_000))

    assert await balance(place) == -PRICE * (5 + 10)


async def test_a_mistaken_exchange_is_undone_by_its_opposite(place: Place, spare: Supply) -> None:
    old = place.supplies[0]
    made = await exchange(place, spare)
    await store(place, (old, 4, 5_500), (old, 3, 6_000))
    back: dict[str, Any] = {
        "mounting_id": made,
        "meter_id": old.meter_id,
        "exchanged_at": NOW - 2 * HOUR,
        "final_index_wh": 700,
        "initial_index_wh": 5_000,
    }

    undone = await exchange(place, spare, **back)
    again = await exchange(place, spare, **back)

    await store(place, (old, 1, 7_000))
    assert again == undone
    assert await balance(place) == -PRICE * 7
    await ledger.close_days(now=NOW + timedelta(days=1))
    assert await verify() == []
