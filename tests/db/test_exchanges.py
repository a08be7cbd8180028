"""Meters come and go at a metering point; its account pays for what each of them measured there."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from db import access
from db.ids import MeterId, MountingId
from domain.billing.claims import AlreadyBilled, IndexContradicts, IndexFell, IndexImplausible
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.metering import mountings, removals
from domain.metering.mountings import MeterTaken, PointTaken
from domain.metering.removals import EndsBeforeStart, MountingEnded
from domain.readings import operations as readings
from domain.refusals import InTheFuture, NotThere, Refused
from tests.factories import (
    NOW,
    OPENED_AT,
    Place,
    Supply,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)

HOUR = timedelta(hours=1)
PRICE = Decimal(2)

_numbers = count(1)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=PRICE)


@pytest.fixture
async def spare(place: Place) -> Supply:
    """Return a meter that is mounted nowhere."""
    return await add_supply(place, mounted=False, with_account=False)


async def fetch(query: str, *arguments: object) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query, *arguments)]


async def mounting_of(meter_id: MeterId) -> MountingId:
    rows = await fetch("select id from mounting where meter_id = $1 order by id", meter_id)
    return MountingId(rows[0]["id"])


async def store(place: Place, *told: tuple[Supply, int, int]) -> None:
    """Store reads: a supply, hours before NOW, and the index in Wh. In this order, one by one."""
    registers = await make_register_set(place.company_id, (f"1.8.{next(_numbers)}",))
    for supply, hours, index_wh in told:
        async with access.system() as connection:
            read = make_read(place, registers, NOW - hours * HOUR, index_wh, supply=supply)
            await readings.store(connection, [read], now=NOW)


async def exchange(place: Place, other: Supply, **changes: Any) -> MountingId:
    """Exchange the first supply's meter, at index 5,000, for one at index 700."""
    return await removals.exchange(
        **{
            "company_id": place.company_id,
            "mounting_id": await mounting_of(place.supplies[0].meter_id),
            "meter_id": other.meter_id,
            "exchanged_at": NOW - 5 * HOUR,
            "final_index_wh": 5_000,
            "initial_index_wh": 700,
            "now": NOW,
            **changes,
        }
    )


async def remove(place: Place, **changes: Any) -> MountingId:
    return await removals.remove(
        **{
            "company_id": place.company_id,
            "mounting_id": await mounting_of(place.supplies[0].meter_id),
            "ended_at": NOW - 5 * HOUR,
            "final_index_wh": 5_000,
            "now": NOW,
            **changes,
        }
    )


async def balance(place: Place) -> Decimal:
    account_id = place.supplies[0].account_id
    assert account_id is not None
    return await balance_of(company_id=place.company_id, account_id=account_id)


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


@pytest.mark.parametrize(
    ("changes", "refusal", "path"),
    [
        pytest.param(
            {"final_index_wh": 2_999}, IndexFell, "final_index", id="below the last reading"
        ),
        pytest.param(
            {"final_index_wh": 900_000_000}, IndexImplausible, "final_index", id="beyond reason"
        ),
        pytest.param(
            {"exchanged_at": NOW - 6 * HOUR, "final_index_wh": 3_001},
            IndexContradicts,
            "final_index",
            id="another than was read then",
        ),
        pytest.param(
            {"exchanged_at": NOW - 7 * HOUR}, AlreadyBilled, "exchanged_at", id="read since"
        ),
        pytest.param(
            {"exchanged_at": OPENED_AT}, EndsBeforeStart, "exchanged_at", id="not mounted yet"
        ),
        pytest.param(
            {"exchanged_at": NOW + timedelta(minutes=6)},
            InTheFuture,
            "exchanged_at",
            id="not yet",
        ),
        pytest.param({"multiplier": Decimal("0.00001")}, Refused, "multiplier", id="too fine"),
        pytest.param({"initial_index_wh": -1}, Refused, "initial_index", id="below zero"),
    ],
)
async def test_what_cannot_be_true_is_refused_whole(
    place: Place, spare: Supply, changes: dict[str, Any], refusal: type[Refused], path: str
) -> None:
    await store(place, (place.supplies[0], 6, 3_000))
    before = await fetch("select * from mounting, billing_state, account_balance order by 1, 2, 3")

    with pytest.raises(refusal) as refused:
        await exchange(place, spare, **changes)

    assert refused.value.path == (path,)
    after = await fetch("select * from mounting, billing_state, account_balance order by 1, 2, 3")
    assert after == before


async def test_a_meter_that_is_mounted_elsewhere_is_not_taken(place: Place) -> None:
    taken = await add_supply(place)

    with pytest.raises(MeterTaken) as refused:
        await exchange(place, taken)

    assert refused.value.path == ("meter_id",)
    assert await balance(place) == 0


async def test_a_point_has_one_meter_at_a_time(place: Place, spare: Supply) -> None:
    with pytest.raises(PointTaken) as refused:
        await mountings.mount(
            company_id=place.company_id,
            meter_id=spare.meter_id,
            point_id=place.supplies[0].point_id,
            started_at=NOW,
            initial_index_wh=0,
            now=NOW,
        )

    assert refused.value.path == ("metering_point_id",)


async def test_a_retry_finds_the_exchange_that_was_made(place: Place, spare: Supply) -> None:
    old = await mounting_of(place.supplies[0].meter_id)

    first = await exchange(place, spare)
    second = await exchange(place, spare, mounting_id=old)

    assert second == first
    assert await balance(place) == -PRICE * 5


async def test_a_mounting_ends_once(place: Place) -> None:
    old = await mounting_of(place.supplies[0].meter_id)
    await remove(place)

    with pytest.raises(MountingEnded):
        await remove(place, mounting_id=old, final_index_wh=6_000)

    assert await balance(place) == -PRICE * 5


async def test_another_companys_mounting_is_not_there(place: Place, spare: Supply) -> None:
    other = await make_place()
    theirs = await mounting_of(other.supplies[0].meter_id)

    with pytest.raises(NotThere):
        await exchange(place, spare, mounting_id=theirs)

    assert await mounting_of(other.supplies[0].meter_id) == theirs


async def test_two_exchanges_at_once_make_one(place: Place, spare: Supply) -> None:
    other = await add_supply(place, mounted=False, with_account=False)
    old = await mounting_of(place.supplies[0].meter_id)

    results = await asyncio.gather(
        exchange(place, spare, mounting_id=old),
        exchange(place, other, mounting_id=old),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in results) == ["PointTaken", "int"]
    assert await balance(place) == -PRICE * 5
