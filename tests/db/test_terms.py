"""Mountings, accounts and prices begin where nothing later is charged already, or not at all."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from domain.accounts.assignments import PointPaidFor
from domain.billing.claims import AlreadyBilled, IndexOutOfRange
from domain.hierarchy import collectors
from domain.metering import mountings, points
from domain.metering.mountings import MeterTaken
from domain.readings import operations as readings
from domain.refusals import AlreadyExists
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

    with pytest.raises(PointPaidFor):
        await open_account(place, {supply.point_id: 0}, supply.premises_id, opened_at=NOW)

    assert await count("account") == accounts


async def test_a_meter_is_mounted_at_one_point_at_a_time(place: Place) -> None:
    supply = place.supplies[0]
    elsewhere = await points.create(
        company_id=place.company_id, premises_id=supply.premises_id, code="elsewhere"
    )

    with pytest.raises(MeterTaken):
        await mountings.mount(
            company_id=place.company_id,
            meter_id=supply.meter_id,
            point_id=elsewhere,
            started_at=NOW,
            initial_index_wh=0,
            now=NOW,
        )

    assert await count("mounting") == 1


@pytest.mark.parametrize("minutes", [5, 0, -60])
async def test_a_price_takes_effect_in_the_future_only(place: Place, minutes: int) -> None:
    with pytest.raises(tariffs.PriceInThePast):
        await tariffs.set_price(
            company_id=place.company_id,
            tariff_id=place.tariff_id,
            price_per_kwh=Decimal(9),
            valid_from=NOW + timedelta(minutes=minutes),
            now=NOW,
        )

    assert await count("tariff_version") == 1


async def test_a_collectors_identity_is_its_alone(place: Place) -> None:
    other = await make_place()

    with pytest.raises(AlreadyExists):
        await collectors.create(
            company_id=other.company_id,
            field_id=other.field_id,
            flag="WTL",
            serial=place.collector_serial,
            token=TOKEN,
            time_zone="UTC",
        )

    assert await count("collector") == 2


async def store(place: Place, registers: int, *, hours: tuple[int, ...]) -> None:
    """Store a read at each of so many hours before NOW: a kilowatt-hour more each time."""
    async with access.system() as connection:
        for index, before in enumerate(hours, start=1):
            read = make_read(
                place, registers, NOW - before * HOUR, index * 1_000, supply=place.supplies[-1]
            )
            await readings.store(connection, [read], now=NOW)


async def charged_micro() -> int:
    async with access.system() as connection:
        return int(await connection.fetchval("select coalesce(sum(charged_micro), 0) from accrual"))


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("mounted_first", [True, False])
async def test_an_account_pays_for_a_meter_from_its_mounting_on(mounted_first: bool) -> None:
    place = await make_place(meters=0, price=Decimal("2.5"))
    registers = await make_register_set(place.company_id)
    mounted_at = NOW - 5 * HOUR
    supply = await add_supply(
        place, opened_at=mounted_at, with_account=False, mounted=mounted_first
    )
    await open_account(place, {supply.point_id: 0}, supply.premises_id, opened_at=NOW - 6 * HOUR)
    if not mounted_first:
        await mountings.mount(
            company_id=place.company_id,
            meter_id=supply.meter_id,
            point_id=supply.point_id,
            started_at=mounted_at,
            initial_index_wh=0,
            now=NOW,
        )

    await store(place, registers, hours=(4, 3, 2, 1))

    assert await charged_micro() == 10_000_000


@pytest.mark.usefixtures("connected")
async def test_a_tariff_that_begins_after_the_account_charges_from_there_on() -> None:
    place = await make_place(meters=0)
    registers = await make_register_set(place.company_id)
    place.tariff_id = await tariffs.create(
        company_id=place.company_id,
        name="Later",
        price_per_kwh=Decimal("2.5"),
        valid_from=NOW - 5 * HOUR / 2,
    )
    await add_supply(place, opened_at=NOW - 5 * HOUR)

    await store(place, registers, hours=(4, 3, 2, 1))

    # Half of the third kilowatt-hour, by the clock, and all of the fourth.
    assert await charged_micro() == 1_250_000 + 2_500_000


async def test_an_index_that_the_register_cannot_show_is_refused(place: Place) -> None:
    supply = await add_supply(place, with_account=False)
    accounts = await count("account")

    with pytest.raises(IndexOutOfRange):
        await open_account(place, {supply.point_id: 10**9}, supply.premises_id)

    assert await count("account") == accounts
