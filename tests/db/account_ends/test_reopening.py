"""Accounts that ended by mistake go on as if they had not."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from db.enums import ComponentKind, RefundWay, SlabPeriod
from domain.accounts import settling
from domain.ledger import operations as ledger
from domain.metering import premises
from domain.tariffs.components import Component, Flat, PerDay, Slab, Slabs, Version
from tests.db.account_ends.ending import AT, books_agree
from tests.db.account_ends.mistaken import (
    balances,
    close,
    close_without_points,
    let_own,
    reopen,
)
from tests.db.exchanges import HOUR, PRICE, exchange, fetch, store
from tests.db.shared_supplies.sharing import add_tenant, energy, payers, share, shared_supply
from tests.db.submetered import open_mall, tariff_of
from tests.factories import NOW, Place, account_of, add_supply


async def test_an_account_goes_on_as_if_it_had_not_ended(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    before = await payers(supply)
    await store(place, (supply, 8, 3_000))
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(50),
        idempotency_key="k",
        occurred_at=AT - HOUR,
    )
    await close(place, account_id, supply)
    await store(place, (supply, 3, 7_000))
    assert await balances(place, account_id) == [0]

    await reopen(place, account_id)

    await store(place, (supply, 1, 9_000), (supply, 2, 8_000))
    assert await balances(place, account_id) == [Decimal(50 - 2 * 9)]
    assert await payers(supply) == before
    assert await fetch(
        "select account_id, terms_until > billed_at as is_in from billing_state"
    ) == [{"account_id": account_id, "is_in": True}]
    kinds = await fetch("select kind, reason from journal where kind in ('SETTLEMENT', 'REVERSAL')")
    assert [tuple(row.values()) for row in kinds] == [
        ("SETTLEMENT", None),
        ("REVERSAL", "The wrong account"),
    ]
    await books_agree(place)


async def test_a_debt_is_claimed_no_more(place: Place) -> None:
    account_id = account_of(place)
    await close(place, account_id, place.supplies[0])

    await reopen(place, account_id)

    (standing,) = await fetch(
        "select balance_micro, debt_micro from account_balance where account_id = $1", account_id
    )
    assert standing == {"balance_micro": -10_000_000, "debt_micro": 0}
    await books_agree(place)


async def test_the_owner_pays_for_nothing_in_between(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    owner = await let_own(place, supply)
    await close(place, account_id, supply)
    await store(place, (supply, 3, 7_000), (supply, 4, 6_500))
    await ledger.close_days(now=NOW + timedelta(days=1))

    await reopen(place, account_id)

    await store(place, (supply, 2, 8_000))
    assert await balances(place, account_id, owner) == [Decimal(-16), 0]
    assert await energy(place) == {account_id: 8_000}
    await books_agree(place)


async def test_slabs_and_daily_charges_go_on_counting(place: Place) -> None:
    slabs = Slabs(SlabPeriod.MONTH, (Slab(Decimal(6), PRICE), Slab(None, Decimal(5))))
    tariff_id = await tariff_of(
        place,
        Version(
            components=(
                Component(name="Energy", kind=ComponentKind.ENERGY, shape=slabs),
                Component(
                    name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal("0.333333333"))
                ),
                Component(
                    name="Daily", kind=ComponentKind.FEE, shape=PerDay(Decimal(1)), register=None
                ),
            )
        ),
    )
    ended, steady = [await add_supply(place, with_account=False) for _ in range(2)]
    account_id, twin_id = [
        await open_mall(place, supply, tariff_id=tariff_id, number=supply.serial)
        for supply in (ended, steady)
    ]
    for supply in (ended, steady):
        await store(place, (supply, 30, 1_000), (supply, 5, 5_000))
    await close(place, account_id, ended)
    for supply in (ended, steady):
        await store(place, (supply, 4, 5_500), (supply, 2, 8_001))

    await reopen(place, account_id)

    for supply in (ended, steady):
        await store(place, (supply, 1, 9_001), (supply, 3, 7_007))
    ours, twins = await balances(place, account_id, twin_id)
    assert ours == twins < 0
    await books_agree(place)


async def test_a_meter_exchanged_meanwhile_is_the_accounts(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    spare = await add_supply(place, with_account=False, mounted=False)
    await close(place, account_id, supply)
    await exchange(place, spare, exchanged_at=NOW - 3 * HOUR, final_index_wh=6_000)
    await store(place, (spare, 1, 1_200))

    await reopen(place, account_id)

    assert await energy(place) == {account_id: 6_500}
    await books_agree(place)


async def test_what_an_account_pays_for_below_a_parent_is_deducted_again(place: Place) -> None:
    mall = await add_supply(place, with_account=False)
    malls = await open_mall(place, mall)
    shop = await add_supply(place, parent_id=mall.point_id)
    assert shop.account_id is not None
    await close(place, shop.account_id, shop)
    await store(place, (shop, 2, 8_000), (mall, 1, 20_000))
    assert await energy(place) == {malls: 15_000, shop.account_id: 5_000}

    await reopen(place, shop.account_id)

    assert await energy(place) == {malls: 12_000, shop.account_id: 8_000}
    await books_agree(place)


async def test_a_parent_that_goes_on_pays_net_of_what_came_since(place: Place) -> None:
    mall = await add_supply(place, with_account=False)
    malls = await open_mall(place, mall)
    shop = await add_supply(place, parent_id=mall.point_id)
    await close(place, malls, mall)
    await store(place, (shop, 6, 2_000), (shop, 2, 4_000), (mall, 1, 20_000))

    await reopen(place, malls)

    assert await energy(place) == {malls: 16_000, shop.account_id: 4_000}
    await books_agree(place)


async def test_a_share_goes_back(place: Place) -> None:
    supply, (first, second) = await shared_supply(place, (400_000, 600_000))
    (shop,) = await fetch("select premises_id from account where id = $1", first)
    owner = await add_tenant(place, "OWNER")
    await premises.set_owner_account(
        company_id=place.company_id,
        premises_id=shop["premises_id"],
        expected_version=1,
        account_id=owner,
        now=NOW,
    )
    before = await payers(supply)
    await close(place, first, supply)
    await store(place, (supply, 3, 7_000))

    await reopen(place, first)

    await store(place, (supply, 1, 9_000))
    assert await energy(place) == {first: 3_600, second: 5_400}
    assert await payers(supply) == before
    await books_agree(place)


async def test_a_share_that_was_shared_out_anew_is_gone(place: Place) -> None:
    supply, (first, second) = await shared_supply(place, (400_000, 600_000))
    await share(place, supply, {second: 1_000_000}, since=AT, index_wh=5_000)
    await close_without_points(place, first)
    before = await payers(supply)

    await reopen(place, first)

    assert await payers(supply) == before


async def test_repeating_it_changes_nothing(place: Place) -> None:
    account_id = account_of(place)
    await close(place, account_id, place.supplies[0])

    await asyncio.gather(reopen(place, account_id), reopen(place, account_id))
    await reopen(place, account_id)

    assert len(await fetch("select from journal where kind = 'REVERSAL'")) == 1
    assert await balances(place, account_id) == [Decimal(-10)]


async def test_an_account_ends_and_is_reopened_more_than_once(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    for version in (1, 3, 5):
        await close(place, account_id, supply, version=version)
        await settling.settle_closed(
            company_id=place.company_id,
            account_id=account_id,
            refund_by=RefundWay.BANK,
            idempotency_key=f"after {version}",
            now=NOW,
        )

        await reopen(place, account_id, expected_version=version + 1)

    assert await balances(place, account_id) == [Decimal(-10)]
    await books_agree(place)
