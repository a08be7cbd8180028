"""A parent bills net of what others pay for below it, whatever changes in between."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import PointRole, RefundWay
from domain.accounts import closing
from domain.accounts.closing import Ending
from domain.billing.claims import AlreadyBilled
from domain.billing.submeters import RESETTLED_MAX
from domain.ledger.queries import verify
from domain.metering import removals
from tests.db.exchanges import mounting_of
from tests.db.stored_readings import HOUR, fetch, store
from tests.db.submetered import (
    MALLS_PRICE,
    balance,
    flat_tariff,
    open_mall,
    put_below,
    tell,
)
from tests.factories import (
    NOW,
    OPENED_AT,
    Place,
    Supply,
    add_supply,
    make_read,
)


async def test_an_account_that_begins_above_deducts_what_is_charged_already(
    place: Place, registers: int
) -> None:
    mall = await add_supply(place, with_account=False)
    shop = await add_supply(place, parent_id=mall.point_id)
    await tell(place, registers, (shop, 4, 1_000), (shop, 2, 3_000), (shop, 0, 4_000))

    account_id = await open_mall(place, mall, opened_at=NOW - 3 * HOUR, index_wh=5_000)

    assert await balance(place, account_id) == Decimal(2 * 2)
    await tell(place, registers, (shop, 3, 1_500), (mall, 0, 9_000))
    assert await balance(place, account_id) == -Decimal(2) * (4 - Decimal("2.5"))
    assert await balance(place, shop.account_id) == -Decimal(12)
    assert await verify() == []


async def test_an_account_that_ends_above_gives_way_to_the_one_above_it(
    place: Place, registers: int, mall: Supply
) -> None:
    floor = await add_supply(place, parent_id=mall.point_id)
    shop = await add_supply(place, parent_id=floor.point_id)
    assert floor.account_id is not None
    await tell(place, registers, (shop, 4, 1_000), (shop, 0, 5_000), (floor, 4, 2_000))

    await closing.close(
        company_id=place.company_id,
        account_id=floor.account_id,
        expected_version=1,
        ending=Ending(
            at=NOW - 2 * HOUR, final_indexes={floor.point_id: 6_000}, refund_by=RefundWay.CASH
        ),
        now=NOW,
    )

    # The floor paid for 6 kWh less 3 until then, and owes it; from then on the mall has the shop's.
    assert await balance(place, floor.account_id) == 0
    assert await fetch(
        "select debt_micro from account_balance where account_id = $1", floor.account_id
    ) == [{"debt_micro": 9_000_000}]
    assert await balance(place, mall.account_id) == Decimal(2 * 6) + Decimal(2 * 2)
    assert await balance(place, shop.account_id) == -Decimal(15)
    assert await verify() == []


async def test_nothing_is_deducted_while_no_meter_stands_above(
    place: Place, registers: int, mall: Supply
) -> None:
    shop = await add_supply(place, parent_id=mall.point_id)
    await tell(place, registers, (shop, 4, 1_000), (shop, 0, 5_000), (mall, 4, 2_000))
    assert await balance(place, mall.account_id) == -Decimal(4) + Decimal(10)

    await removals.remove(
        company_id=place.company_id,
        mounting_id=await mounting_of(mall.meter_id),
        ended_at=NOW - 2 * HOUR,
        final_index_wh=8_000,
        now=NOW,
    )

    assert await balance(place, mall.account_id) == -Decimal(2) * (8 - 3)
    assert await verify() == []


async def test_a_point_that_gets_another_parent_is_deducted_there_from_now_on(
    place: Place, registers: int, mall: Supply
) -> None:
    other = await add_supply(place)
    shop = await add_supply(place, parent_id=mall.point_id)
    await tell(place, registers, (shop, 4, 1_000))

    await put_below(place, shop, other.point_id, now=NOW - 2 * HOUR)
    await tell(place, registers, (shop, 0, 3_000), (shop, 1, 2_200))

    assert await balance(place, mall.account_id) == Decimal(2) + Decimal(2) * Decimal("0.8")
    assert await balance(place, other.account_id) == Decimal(3) * Decimal("1.2")
    assert await verify() == []


async def test_a_point_without_a_parent_any_longer_returns_to_the_batch_statement(
    place: Place, registers: int, mall: Supply
) -> None:
    shop = await add_supply(place, parent_id=mall.point_id)
    await tell(place, registers, (shop, 4, 1_000))

    await put_below(place, shop, None, now=NOW - 2 * HOUR)
    await tell(place, registers, (shop, 0, 3_000), (shop, 3, 1_400))

    assert await balance(place, mall.account_id) == Decimal(2) + Decimal("1.866")
    assert await leaves_the_batch(shop) is False
    assert await balance(place, shop.account_id) == -Decimal(9)


async def test_only_meters_below_somebody_who_pays_leave_the_batch_statement(
    place: Place, registers: int, mall: Supply
) -> None:
    feeder = await add_supply(place, role=PointRole.FEEDER, with_account=False)
    fed = await add_supply(place, parent_id=feeder.point_id)
    shop = await add_supply(place, parent_id=mall.point_id)

    await tell(place, registers, (fed, 1, 1_000), (shop, 1, 1_000), (mall, 1, 1_000))

    assert await leaves_the_batch(fed) is False
    assert await leaves_the_batch(mall) is False
    assert await leaves_the_batch(shop) is True


async def test_too_many_submeters_are_not_settled_again(place: Place, registers: int) -> None:
    await fetch("update company set max_meters_per_rf_module = 128 returning id")
    mall = await add_supply(place, with_account=False)
    shops = [await add_supply(place, parent_id=mall.point_id) for _ in range(RESETTLED_MAX + 1)]
    await store([make_read(place, registers, NOW, 1_000, supply=shop) for shop in shops])
    tariff_id = await flat_tariff(place, MALLS_PRICE)
    accounts = await fetch("select id from account order by id")

    with pytest.raises(AlreadyBilled) as refused:
        await open_mall(place, mall, tariff_id=tariff_id, opened_at=NOW - HOUR)

    assert refused.value.facts == {"until": NOW.isoformat()}
    assert await fetch("select id from account order by id") == accounts


async def test_reads_and_an_account_above_at_once_leave_the_same_net(
    place: Place, registers: int
) -> None:
    mall = await add_supply(place, with_account=False)
    shops = [await add_supply(place, parent_id=mall.point_id) for _ in range(4)]
    tariff_id = await flat_tariff(place, MALLS_PRICE)

    async def read(shop: Supply) -> None:
        for minute in range(20, 0, -1):
            at = NOW - timedelta(minutes=minute)
            await store([make_read(place, registers, at, 1_000 + (20 - minute) * 100, supply=shop)])

    _, *_, account_id = await asyncio.gather(
        *(read(shop) for shop in shops),
        open_mall(place, mall, tariff_id=tariff_id, opened_at=OPENED_AT),
    )
    await tell(place, registers, (mall, 0, 20_000))

    assert await balance(place, account_id) == -Decimal(2) * (20 - 4 * Decimal("2.9"))
    assert await verify() == []


async def test_reads_of_parent_and_children_at_once_all_count(
    place: Place, registers: int, mall: Supply
) -> None:
    shops = [await add_supply(place, parent_id=mall.point_id) for _ in range(3)]

    async def read(supply: Supply, step_wh: int) -> None:
        for count in range(1, 11):
            at = NOW - timedelta(minutes=20 - count)
            await store([make_read(place, registers, at, count * step_wh, supply=supply)])

    await asyncio.gather(read(mall, 1_000), *(read(shop, 100) for shop in shops))

    assert await balance(place, mall.account_id) == -Decimal(2) * (10 - 3)
    assert await verify() == []


async def leaves_the_batch(supply: Supply) -> bool:
    (row,) = await fetch(
        "select terms_until <= billed_at as leaves from billing_state where meter_id = $1",
        supply.meter_id,
    )
    return bool(row["leaves"])
