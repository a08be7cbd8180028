"""What is used while nobody lives somewhere is the owner's, whenever they become known."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from domain.accounts.vacancies import TAKEN_OVER_WITHIN
from domain.refusals import InUse
from tests.db.account_ends.ending import AT, books_agree, take_over
from tests.db.account_ends.mistaken import balances, close, let_own, own, reopen
from tests.db.exchanges import HOUR, exchange, fetch, store
from tests.db.shared_supplies.sharing import add_tenant, energy, payers
from tests.factories import NOW, Place, account_of, add_supply, open_account


async def test_an_owner_who_becomes_known_later_pays_from_the_end_on(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    owner = await add_tenant(place, "OWNER")
    await close(place, account_id, supply)
    await store(place, (supply, 4, 6_000), (supply, 3, 7_000))
    assert await energy(place) == {account_id: 5_000}

    for _ in range(2):
        await own(place, owner)

    await store(place, (supply, 2, 8_000))
    assert await energy(place) == {account_id: 5_000, owner: 3_000}
    assert await balances(place, owner) == [Decimal(-6)]
    taken = await open_account(
        place, {supply.point_id: 8_500}, supply.premises_id, opened_at=NOW - HOUR
    )
    await store(place, (supply, 0, 9_000))
    assert await energy(place) == {account_id: 5_000, owner: 3_500, taken: 500}
    await books_agree(place)


async def test_meters_that_came_meanwhile_are_the_owners(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    spare = await add_supply(place, with_account=False, mounted=False)
    owner = await add_tenant(place, "OWNER")
    await close(place, account_id, supply)
    await exchange(place, spare, exchanged_at=NOW - 3 * HOUR, final_index_wh=6_000)
    await store(place, (spare, 1, 1_200))

    await own(place, owner)

    assert await energy(place) == {account_id: 5_000, owner: 1_500}
    await books_agree(place)


async def test_who_pays_already_goes_on(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    before = await payers(supply)
    await let_own(place, supply)

    assert await payers(supply) == before
    await take_over(place, place.subscriber_id)
    successors = await payers(supply)
    await own(place, await add_tenant(place, "ANOTHER"), version=2)

    assert await payers(supply) == successors
    assert await energy(place) == {account_id: 5_000}


@pytest.mark.parametrize(
    ("opened_at", "days"),
    [
        pytest.param(AT + HOUR, 0, id="an account that began later"),
        pytest.param(AT - HOUR, TAKEN_OVER_WITHIN.days + 1, id="after a long time"),
    ],
)
async def test_what_is_long_past_is_nobodys(place: Place, opened_at: datetime, days: int) -> None:
    supply = place.supplies[0]
    owner = await add_tenant(place, "OWNER", opened_at=opened_at)
    await close(place, account_of(place), supply)
    before = await payers(supply)

    await own(place, owner, now=NOW + timedelta(days=days))

    assert await payers(supply) == before


@pytest.mark.parametrize("is_another", [True, False])
async def test_an_owner_who_pays_is_not_replaced_behind_the_points_back(
    place: Place, is_another: bool
) -> None:
    supply = place.supplies[0]
    owner = await let_own(place, supply)
    await close(place, account_of(place), supply)
    before = await payers(supply)
    another = await add_tenant(place, "ANOTHER") if is_another else None

    with pytest.raises(InUse):
        await own(place, another, version=2)

    assert await payers(supply) == before
    (row,) = await fetch(
        "select owner_account_id, version from premises where id = $1", supply.premises_id
    )
    assert row == {"owner_account_id": owner, "version": 2}


async def test_an_end_that_is_taken_back_is_the_owners_no_more(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    before = await payers(supply)
    await close(place, account_id, supply)
    await store(place, (supply, 3, 7_000))
    await own(place, await add_tenant(place, "OWNER"))

    await reopen(place, account_id)

    assert await payers(supply) == before
    assert await energy(place) == {account_id: 7_000}
    await books_agree(place)
