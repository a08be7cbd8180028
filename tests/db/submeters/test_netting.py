"""A parent bills net of what others pay for below it."""

from decimal import Decimal

import pytest

from db.enums import ComponentKind, PointRole
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.tariffs import operations as tariffs
from domain.tariffs.components import Component, Flat, PerDay, Tax, Version
from tests.db.stored_readings import HOUR, fetch
from tests.db.submetered import (
    MALLS_PRICE,
    balance,
    flat_tariff,
    open_mall,
    tariff_of,
    tell,
)
from tests.factories import (
    NOW,
    Place,
    Supply,
    add_supply,
    open_account,
)


async def test_a_parent_pays_net_of_a_submeter(place: Place, registers: int, mall: Supply) -> None:
    shop = await add_supply(place, parent_id=mall.point_id)

    await tell(place, registers, (mall, 1, 10_000), (shop, 1, 4_000))

    assert await balance(place, mall.account_id) == -Decimal(2 * 6)
    assert await balance(place, shop.account_id) == -Decimal(3 * 4)
    assert await verify() == []


async def test_both_days_close_with_their_own_postings(
    place: Place, registers: int, mall: Supply
) -> None:
    shop = await add_supply(place, parent_id=mall.point_id)
    await tell(place, registers, (mall, 30, 10_000), (shop, 30, 4_000))

    closed = await ledger.close_days(now=NOW)
    await tell(place, registers, (shop, 31, 3_000), (shop, 29, 4_500))

    assert closed == 2
    assert await ledger.close_days(now=NOW) == 2
    assert await balance(place, mall.account_id) == -Decimal(11)
    assert await fetch("select sum(charged_micro - posted_micro)::int8 as open from accrual") == [
        {"open": 0}
    ]
    assert await verify() == []


@pytest.mark.parametrize(
    "role", [PointRole.CHECK, PointRole.FEEDER, PointRole.GENERATION], ids=lambda role: role.value
)
async def test_a_submeter_that_charges_nobody_deducts_nothing(
    place: Place, registers: int, mall: Supply, role: PointRole
) -> None:
    child = await add_supply(place, role=role, parent_id=mall.point_id)

    await tell(place, registers, (mall, 1, 10_000), (child, 1, 4_000))

    assert await balance(place, mall.account_id) == -Decimal(20)


async def test_a_submeter_without_an_account_deducts_nothing(
    place: Place, registers: int, mall: Supply
) -> None:
    vacant = await add_supply(place, with_account=False, parent_id=mall.point_id)

    await tell(place, registers, (mall, 1, 10_000), (vacant, 1, 4_000))

    assert await balance(place, mall.account_id) == -Decimal(20)


async def test_energy_is_deducted_through_points_that_charge_nobody(
    place: Place, registers: int, mall: Supply
) -> None:
    feeder = await add_supply(
        place, role=PointRole.FEEDER, with_account=False, parent_id=mall.point_id
    )
    shop = await add_supply(place, parent_id=feeder.point_id)

    await tell(place, registers, (feeder, 1, 7_000), (shop, 1, 4_000), (mall, 1, 10_000))

    assert await balance(place, mall.account_id) == -Decimal(12)


async def test_the_same_account_pays_once_for_what_is_measured_twice(
    place: Place, registers: int
) -> None:
    main = await add_supply(place, with_account=False)
    annex = await add_supply(
        place, with_account=False, premises_id=main.premises_id, parent_id=main.point_id
    )
    account_id = await open_account(place, {main.point_id: 0, annex.point_id: 0}, main.premises_id)

    await tell(place, registers, (annex, 1, 4_000), (main, 1, 10_000))

    assert await balance(place, account_id) == -Decimal(30)


async def test_a_submeters_own_multiplier_counts(
    place: Place, registers: int, mall: Supply
) -> None:
    shop = await add_supply(place, multiplier=Decimal(40), parent_id=mall.point_id)

    await tell(place, registers, (shop, 1, 100), (mall, 1, 10_000))

    assert await balance(place, mall.account_id) == -Decimal(12)


async def test_a_price_change_above_splits_the_submeters_read(place: Place, registers: int) -> None:
    mall = await add_supply(place, with_account=False)
    tariff_id = await flat_tariff(place, MALLS_PRICE)
    account_id = await open_mall(place, mall, tariff_id=tariff_id)
    shop = await add_supply(place, parent_id=mall.point_id)
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=tariff_id,
        price_per_kwh=Decimal(10),
        valid_from=NOW - 2 * HOUR,
        now=NOW - 5 * HOUR,
    )
    await tell(place, registers, (shop, 4, 1_000), (shop, 0, 2_000))
    assert await balance(place, account_id) == Decimal(2) + Decimal(1) + Decimal(5)

    await tell(place, registers, (shop, 2, 1_900))

    assert await balance(place, account_id) == Decimal(2) + Decimal("1.8") + Decimal(1)
    assert await balance(place, shop.account_id) == -Decimal(6)
    assert await verify() == []


async def test_what_each_kilowatt_hour_costs_above_is_deducted_with_its_taxes(
    place: Place, registers: int
) -> None:
    energy = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal(2)))
    daily = Component(name="Daily", kind=ComponentKind.FEE, shape=PerDay(Decimal(5)), register=None)
    vat = Tax(name="VAT", rate=Decimal("0.2"), on=frozenset(ComponentKind))
    mall = await add_supply(place, with_account=False)
    tariff_id = await tariff_of(place, Version(components=(energy, daily), taxes=(vat,)))
    account_id = await open_mall(place, mall, tariff_id=tariff_id)
    shop = await add_supply(place, parent_id=mall.point_id)

    await tell(place, registers, (shop, 2, 3_000), (shop, 1, 4_000), (shop, 3, 1_000))

    assert await balance(place, account_id) == Decimal("9.6")
    assert await balance(place, shop.account_id) == -Decimal(12)
    assert await verify() == []
