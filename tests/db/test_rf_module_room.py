"""An RF module never serves more meters than its company allows, whoever adds them at once."""

import asyncio

import pytest

from db import access
from db.ids import CompanyId, MeterId, RfModuleId
from domain.hierarchy import meters, rf_modules
from domain.hierarchy.rf_module_room import RfModuleFull
from tests.factories import NOW, Place, make_place

pytestmark = pytest.mark.usefixtures("connected")

ROOM = 5
AT_ONCE = 20


async def limit(place: Place, meters_max: int) -> None:
    async with access.system() as connection:
        await connection.execute(
            "update company set max_meters_per_rf_module = $2 where id = $1",
            place.company_id,
            meters_max,
        )


async def create(place: Place, serial: str) -> MeterId | RfModuleFull:
    try:
        return await meters.create(
            company_id=place.company_id,
            rf_module_id=place.rf_module_id,
            serial=serial,
            clock_rule="+03:00",
        )
    except RfModuleFull as full:
        return full


async def active_meters(company_id: CompanyId, rf_module_id: RfModuleId) -> int:
    async with access.tenant(company_id) as connection:
        return int(
            await connection.fetchval(
                "select count(*) from meter where company_id = $1 and rf_module_id = $2 and active",
                company_id,
                rf_module_id,
            )
        )


async def elsewhere(place: Place, count: int) -> list[MeterId]:
    """Make meters behind another RF module, which has room for them all."""
    rf_module_id = await rf_modules.create(
        company_id=place.company_id, collector_id=place.collector_id, serial="other"
    )
    return [
        await meters.create(
            company_id=place.company_id,
            rf_module_id=rf_module_id,
            serial=f"other{number}",
            clock_rule="+03:00",
        )
        for number in range(count)
    ]


async def test_of_many_added_at_once_as_many_stay_as_there_is_room() -> None:
    place = await make_place(meters=0)
    await limit(place, ROOM)

    made = await asyncio.gather(*(create(place, f"m{number}") for number in range(AT_ONCE)))

    refused = [one for one in made if isinstance(one, RfModuleFull)]
    assert len(refused) == AT_ONCE - ROOM
    assert {one.limit for one in refused} == {ROOM}
    assert await active_meters(place.company_id, place.rf_module_id) == ROOM


async def test_of_many_moved_at_once_as_many_arrive_as_there_is_room() -> None:
    place = await make_place(meters=0)
    meter_ids = await elsewhere(place, AT_ONCE)
    await limit(place, ROOM)

    async def move(meter_id: MeterId) -> bool:
        try:
            await meters.move(
                company_id=place.company_id,
                meter_id=meter_id,
                rf_module_id=place.rf_module_id,
                expected_version=1,
                now=NOW,
            )
        except RfModuleFull:
            return False
        return True

    moved = await asyncio.gather(*(move(meter_id) for meter_id in meter_ids))

    assert moved.count(True) == ROOM
    assert await active_meters(place.company_id, place.rf_module_id) == ROOM


async def test_a_retired_meter_makes_room_and_comes_back_only_into_room() -> None:
    place = await make_place(meters=0)
    await limit(place, 1)
    first = await create(place, "first")
    assert not isinstance(first, RfModuleFull)
    await meters.set_active(
        company_id=place.company_id, meter_id=first, expected_version=1, active=False
    )

    second = await create(place, "second")
    with pytest.raises(RfModuleFull):
        await meters.set_active(
            company_id=place.company_id, meter_id=first, expected_version=2, active=True
        )

    assert not isinstance(second, RfModuleFull)
    assert await active_meters(place.company_id, place.rf_module_id) == 1
