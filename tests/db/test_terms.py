"""Mountings, accounts and prices begin where nothing later is charged already, or not at all."""

from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from domain.billing.operations import AlreadyBilled
from domain.hierarchy import operations as hierarchy
from domain.metering import operations as metering
from domain.readings import operations as readings
from domain.tariffs import operations as tariffs
from tests.factories import (
    NOW,
    TOKEN,
    Place,
    add_supply,
    make_place,
    make_read,
    make_register_set,
    open_account,
)

HOUR = timedelta(hours=1)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


async def count(table: str) -> int:
    async with access.system() as connection:
        return int(await connection.fetchval(f"select count(*) from {table}"))


async def test_an_account_cannot_open_before_energy_that_is_charged(place: Place) -> None:
    registers = await make_register_set(place.company_id)
    free = await add_supply(place, with_account=False)
    async with access.system() as connection:
        read = make_read(place, registers, NOW, 1_000, supply=free)
        await readings.store(connection, [read], now=NOW)
    accounts = await count("account")

    with pytest.raises(AlreadyBilled):
        await open_account(place, {free.point_id: 500}, free.premises_id, opened_at=NOW - HOUR)

    assert await count("account") == accounts
    assert await count("account_point") == accounts


async def test_a_point_has_one_account_at_a_time(place: Place) -> None:
    supply = place.supplies[0]
    accounts = await count("account")

    with pytest.raises(asyncpg.ExclusionViolationError):
        await open_account(place, {supply.point_id: 0}, supply.premises_id, opened_at=NOW)

    assert await count("account") == accounts


async def test_a_meter_is_mounted_at_one_point_at_a_time(place: Place) -> None:
    supply = place.supplies[0]
    elsewhere = await metering.create_point(
        company_id=place.company_id, premises_id=supply.premises_id, code="elsewhere"
    )

    with pytest.raises(asyncpg.ExclusionViolationError):
        await metering.mount(
            company_id=place.company_id,
            meter_id=supply.meter_id,
            point_id=elsewhere,
            started_at=NOW,
            initial_index_wh=0,
        )

    assert await count("mounting") == 1


@pytest.mark.parametrize("hours", [0, -1])
async def test_a_price_takes_effect_in_the_future_only(place: Place, hours: int) -> None:
    with pytest.raises(tariffs.PriceInThePast):
        await tariffs.set_price(
            company_id=place.company_id,
            tariff_id=place.tariff_id,
            price_per_kwh=Decimal(9),
            valid_from=NOW + hours * HOUR,
            now=NOW,
        )

    assert await count("tariff_version") == 1


async def test_a_collectors_identity_is_its_alone(place: Place) -> None:
    other = await make_place()

    with pytest.raises(hierarchy.AlreadyExists):
        await hierarchy.create_collector(
            company_id=other.company_id,
            field_id=other.field_id,
            flag="WTL",
            serial=place.collector_serial,
            token=TOKEN,
            time_zone="UTC",
        )

    assert await count("collector") == 2
