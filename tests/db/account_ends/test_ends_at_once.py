"""Ending accounts, taking that back and naming an owner, while others are at the same."""

import asyncio
from typing import Any

import pytest

from db.ids import AccountId
from db.settings import Urls
from domain.accounts.returning import NotTakenOver
from domain.refusals import InUse
from tests.db.account_ends.ending import books_agree, take_over
from tests.db.account_ends.mistaken import close, is_closed, let_own, own, reopen, take_back
from tests.db.exchanges import fetch, store
from tests.db.shared_supplies.sharing import add_tenant, energy, payers
from tests.factories import NOW, Place, account_of
from tests.waiting import held, others_wait

HOLD_ACCOUNT = "select from account where id = $1 for no key update"
HOLD_POINT = "select from metering_point where id = $1 for no key update"
HOLD_BALANCE = "select from account_balance where account_id = $1 for no key update"
HOLD_TOP_UP = "select from top_up where account_id = $1 for no key update"
BALANCE_IS_FREE = f"{HOLD_BALANCE} nowait"


async def owner_of(place: Place) -> Any:
    (row,) = await fetch(
        "select owner_account_id from premises where id = $1", place.supplies[0].premises_id
    )
    return row["owner_account_id"]


async def begin_top_up(place: Place, account_id: AccountId) -> None:
    await fetch(
        "insert into top_up (company_id, account_id, way, amount_micro, currency, provider,"
        " idempotency_key, request_hash, started_at, payment_at, lapses_at)"
        " values ($1, $2, 'CHECKOUT', 1000000, 'TRY', 'twin', 'one', '', $3, $3, $3) returning 1",
        place.company_id,
        account_id,
        NOW,
    )


async def test_a_successors_payments_are_held_before_its_balance(
    place: Place, database: Urls
) -> None:
    account_id = account_of(place)
    successor = await take_over(place, place.subscriber_id)
    await begin_top_up(place, successor)

    # As whoever books a payment: a balance that was held by now would end in a deadlock.
    async with held(database, HOLD_TOP_UP, successor) as booking:
        taking_back = asyncio.create_task(take_back(place, account_id))
        await others_wait(booking, 1)
        await booking.execute(BALANCE_IS_FREE, successor)
    await taking_back

    assert await is_closed(successor)


async def test_balances_are_held_in_order_when_a_tenancy_is_taken_back(
    place: Place, database: Urls
) -> None:
    account_id = account_of(place)
    successor = await take_over(place, place.subscriber_id)
    await store(place, (place.supplies[0], 3, 7_000))

    async with held(database, HOLD_BALANCE, account_id) as charging:
        taking_back = asyncio.create_task(take_back(place, account_id))
        await others_wait(charging, 1)
        await charging.execute(BALANCE_IS_FREE, successor)
    await taking_back

    assert await energy(place) == {account_id: 7_000}


async def test_balances_are_held_in_order_when_an_end_is_taken_back(
    place: Place, database: Urls
) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    owner = await let_own(place, supply)
    await close(place, account_id, supply)
    await store(place, (supply, 3, 7_000))

    async with held(database, HOLD_BALANCE, account_id) as charging:
        reopening = asyncio.create_task(reopen(place, account_id))
        await others_wait(charging, 1)
        await charging.execute(BALANCE_IS_FREE, owner)
    await reopening

    assert await energy(place) == {account_id: 7_000}


async def test_a_successor_that_becomes_the_owner_meanwhile_does_not_end(
    place: Place, database: Urls
) -> None:
    account_id = account_of(place)
    successor = await take_over(place, place.subscriber_id)

    async with held(database, HOLD_POINT, place.supplies[0].point_id) as holding:
        owning = asyncio.create_task(own(place, successor))
        await others_wait(holding, 1)
        taking_back = asyncio.create_task(take_back(place, account_id))
        await others_wait(holding, 2)
    await owning
    with pytest.raises(NotTakenOver):
        await taking_back

    assert await owner_of(place) == successor
    assert [await is_closed(one) for one in (account_id, successor)] == [True, False]


async def test_who_becomes_the_owner_while_an_account_ends_pays_from_its_end_on(
    place: Place, database: Urls
) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    owner = await add_tenant(place, "OWNER")

    async with held(database, HOLD_ACCOUNT, account_id) as holding:
        closing = asyncio.create_task(close(place, account_id, supply))
        await others_wait(holding, 1)
        await own(place, owner)
    await closing

    await store(place, (supply, 3, 7_000))
    assert await energy(place) == {account_id: 5_000, owner: 2_000}
    await books_agree(place)


@pytest.mark.parametrize("is_another", [True, False])
async def test_an_owner_who_begins_to_pay_meanwhile_is_not_replaced(
    place: Place, database: Urls, is_another: bool
) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    owner = await let_own(place, supply)
    another = await add_tenant(place, "ANOTHER") if is_another else None

    async with held(database, HOLD_POINT, supply.point_id) as holding:
        closing = asyncio.create_task(close(place, account_id, supply))
        await others_wait(holding, 1)
        replacing = asyncio.create_task(own(place, another, version=2))
        await others_wait(holding, 2)
    await closing
    with pytest.raises(InUse):
        await replacing

    assert await owner_of(place) == owner
    assert [row["account_id"] for row in await payers(supply) if row["ended_at"] is None] == [owner]
