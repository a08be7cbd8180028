"""Who takes over the share of an account that ends."""

import asyncio

import pytest

from domain.accounts import closing
from domain.accounts.closing import Successor
from domain.accounts.shares import ShareWithoutOwner
from domain.ledger.queries import balance_of, verify
from domain.refusals import (
    InvalidValue,
)
from tests.db.shared_supplies.ending import close, ending, let_own
from tests.db.shared_supplies.sharing import (
    HALVES,
    THIRDS,
    add_tenant,
    energy,
    payers,
    share,
    shared_supply,
)
from tests.db.stored_readings import fetch
from tests.db.submetered import balance, tell
from tests.factories import (
    NOW,
    Place,
    add_supply,
)


async def test_the_owner_takes_over_the_share_of_an_account_that_ends(
    place: Place, registers: int
) -> None:
    supply, (first, second, third) = await shared_supply(place, THIRDS)
    owner = await add_tenant(place, "OWNER")
    await let_own(place, first, owner)

    await close(place, first, supply, index_wh=3_000)
    await close(place, first, supply, index_wh=3_000)

    await tell(place, registers, (supply, 7, 1_500), (supply, 2, 6_000))
    assert await energy(place) == {first: 1_000, second: 2_000, third: 2_000, owner: 1_000}
    assert await balance(place, first) == 0
    assert await verify() == []


async def test_an_owner_who_shares_pays_for_both(place: Place, registers: int) -> None:
    supply, (first, second) = await shared_supply(place, (300_000, 700_000))
    await let_own(place, first, second)

    await close(place, first, supply)

    await tell(place, registers, (supply, 2, 5_000))
    assert await energy(place) == {first: 1_200, second: 2_800 + 1_000}
    ((last),) = [row for row in await payers(supply) if row["ended_at"] is None]
    assert (last["account_id"], last["share_ppm"]) == (second, 1_000_000)


async def test_a_share_that_nobody_takes_over_keeps_its_account(place: Place) -> None:
    supply, (first, _) = await shared_supply(place, HALVES)
    before = await payers(supply)

    with pytest.raises(ShareWithoutOwner):
        await close(place, first, supply)

    assert await payers(supply) == before
    assert await fetch("select closed_at from account where id = $1", first) == [
        {"closed_at": None}
    ]


async def test_a_new_tenant_takes_over_supply_and_share(place: Place, registers: int) -> None:
    hall = await add_supply(place, with_account=False)
    shop = await add_supply(place)
    assert shop.account_id is not None
    neighbour = await add_tenant(place, "NEIGHBOUR")
    await share(place, hall, {shop.account_id: 200_000, neighbour: 800_000})

    new = await closing.change_tenancy(
        company_id=place.company_id,
        account_id=shop.account_id,
        expected_version=1,
        ending=ending(hall, shop),
        successor=Successor(number="NEW", subscriber_id=place.subscriber_id),
        now=NOW,
    )

    await tell(place, registers, (hall, 2, 5_000), (shop, 2, 4_100))
    assert await energy(place) == {shop.account_id: 4_800, new: 200 + 100, neighbour: 4_000}
    assert await balance(place, shop.account_id) == 0
    assert await verify() == []


async def test_all_sharers_may_end_at_once(place: Place) -> None:
    supply, (first, second) = await shared_supply(place, HALVES)
    owner = await add_tenant(place, "OWNER")
    for tenant in (first, second):
        await let_own(place, tenant, owner)

    ended = await asyncio.gather(
        close(place, first, supply), close(place, second, supply), return_exceptions=True
    )

    # The second one begins anew when the first one ends, and cannot end at that very instant.
    assert {type(one) for one in ended} == {int, InvalidValue}
    shares = [row["share_ppm"] for row in await payers(supply) if row["ended_at"] is None]
    assert sum(shares) == 1_000_000


async def test_an_account_without_points_opens_and_ends(place: Place) -> None:
    tenant = await add_tenant(place, "A")

    await close(place, tenant)

    assert await balance_of(company_id=place.company_id, account_id=tenant) == 0
