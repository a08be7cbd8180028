"""Exchanges and removals that are not made, or not twice."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.billing.claims import AlreadyBilled, IndexContradicts, IndexFell, IndexImplausible
from domain.metering import mountings
from domain.metering.mountings import MeterTaken, PointTaken
from domain.metering.removals import EndsBeforeStart, MountingEnded
from domain.refusals import InTheFuture, NotThere, Refused
from tests.db.exchanges import HOUR, PRICE, balance, exchange, fetch, mounting_of, remove, store
from tests.factories import NOW, OPENED_AT, Place, Supply, add_supply, make_place


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=PRICE)


@pytest.fixture
async def spare(place: Place) -> Supply:
    """Return a meter that is mounted nowhere."""
    return await add_supply(place, mounted=False, with_account=False)


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
