"""Moving keeps where places and devices were."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from db import access
from db.ids import CompanyId
from domain.hierarchy import branches, collectors, fields, meters, rf_modules
from domain.refusals import InUse, NotThere, ParentInactive, StaleVersion
from tests.factories import NOW, Place, make_place

pytestmark = pytest.mark.usefixtures("connected")

LATER = NOW + timedelta(days=1)
Stay = tuple[int, datetime | None, datetime | None]


async def stays(company_id: CompanyId, child: str, parent: str, child_id: int) -> list[Stay]:
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(
            f"select {parent}_id, started_at, ended_at from {child}_placement"
            f" where company_id = $1 and {child}_id = $2 order by started_at nulls first",
            company_id,
            child_id,
        )
    return [tuple(row) for row in rows]


async def other_branch(place: Place) -> Any:
    return await branches.create(company_id=place.company_id, name="South")


async def other_field(place: Place) -> Any:
    return await fields.create(
        company_id=place.company_id, branch_id=place.branch_id, name="Harbour"
    )


async def other_collector(place: Place, serial: str = "other") -> Any:
    return await collectors.create(
        company_id=place.company_id,
        field_id=place.field_id,
        flag="WTL",
        serial=f"{place.collector_serial}{serial}",
        token=None,
        time_zone="UTC",
    )


async def other_rf_module(place: Place) -> Any:
    return await rf_modules.create(
        company_id=place.company_id, collector_id=place.collector_id, serial="other"
    )


async def test_a_field_moves_to_another_branch() -> None:
    place = await make_place(meters=0)
    branch_id = await other_branch(place)

    await fields.move(
        company_id=place.company_id,
        field_id=place.field_id,
        branch_id=branch_id,
        expected_version=1,
        now=NOW,
    )

    assert await stays(place.company_id, "field", "branch", place.field_id) == [
        (place.branch_id, None, NOW),
        (branch_id, NOW, None),
    ]


async def test_a_collector_moves_to_another_field_and_back() -> None:
    place = await make_place(meters=0)
    field_id = await other_field(place)

    for version, (to, now) in enumerate([(field_id, NOW), (place.field_id, LATER)], start=1):
        await collectors.move(
            company_id=place.company_id,
            collector_id=place.collector_id,
            field_id=to,
            expected_version=version,
            now=now,
        )

    assert await stays(place.company_id, "collector", "field", place.collector_id) == [
        (place.field_id, None, NOW),
        (field_id, NOW, LATER),
        (place.field_id, LATER, None),
    ]


async def test_an_rf_module_moves_to_another_collector() -> None:
    place = await make_place(meters=0)
    collector_id = await other_collector(place)

    await rf_modules.move(
        company_id=place.company_id,
        rf_module_id=place.rf_module_id,
        collector_id=collector_id,
        expected_version=1,
        now=NOW,
    )

    assert await stays(place.company_id, "rf_module", "collector", place.rf_module_id) == [
        (place.collector_id, None, NOW),
        (collector_id, NOW, None),
    ]


async def test_moving_to_where_it_is_begins_no_new_stay() -> None:
    place = await make_place()
    meter_id = place.supplies[0].meter_id

    await meters.move(
        company_id=place.company_id,
        meter_id=meter_id,
        rf_module_id=place.rf_module_id,
        expected_version=1,
        now=NOW,
    )

    assert await stays(place.company_id, "meter", "rf_module", meter_id) == [
        (place.rf_module_id, None, None)
    ]


async def test_a_clock_that_is_behind_leaves_stays_in_order() -> None:
    place = await make_place()
    meter_id, other = place.supplies[0].meter_id, await other_rf_module(place)

    for version, to in enumerate([other, place.rf_module_id], start=1):
        await meters.move(
            company_id=place.company_id,
            meter_id=meter_id,
            rf_module_id=to,
            expected_version=version,
            now=NOW - timedelta(seconds=version),
        )

    first = NOW - timedelta(seconds=1)
    second = first + timedelta(microseconds=1)
    assert await stays(place.company_id, "meter", "rf_module", meter_id) == [
        (place.rf_module_id, None, first),
        (other, first, second),
        (place.rf_module_id, second, None),
    ]


async def test_of_two_moves_of_the_same_version_one_is_refused() -> None:
    place = await make_place(meters=0)
    targets = [await other_collector(place, "1"), await other_collector(place, "2")]

    async def move(collector_id: Any) -> bool:
        try:
            await rf_modules.move(
                company_id=place.company_id,
                rf_module_id=place.rf_module_id,
                collector_id=collector_id,
                expected_version=1,
                now=NOW,
            )
        except StaleVersion:
            return False
        return True

    moved = await asyncio.gather(*(move(target) for target in targets))

    assert sorted(moved) == [False, True]
    found = await stays(place.company_id, "rf_module", "collector", place.rf_module_id)
    assert found == [(place.collector_id, None, NOW), (targets[moved.index(True)], NOW, None)]


async def test_nothing_moves_to_another_companys_parent() -> None:
    place, other = await make_place(meters=0), await make_place(meters=0)

    with pytest.raises(NotThere):
        await collectors.move(
            company_id=place.company_id,
            collector_id=place.collector_id,
            field_id=other.field_id,
            expected_version=1,
            now=NOW,
        )

    assert await stays(place.company_id, "collector", "field", place.collector_id) == [
        (place.field_id, None, None)
    ]


async def test_a_retired_parent_takes_nothing_new() -> None:
    place = await make_place(meters=0)
    field_id = await other_field(place)
    await fields.set_active(
        company_id=place.company_id, field_id=field_id, expected_version=1, active=False
    )

    with pytest.raises(ParentInactive):
        await collectors.move(
            company_id=place.company_id,
            collector_id=place.collector_id,
            field_id=field_id,
            expected_version=1,
            now=NOW,
        )

    assert await stays(place.company_id, "collector", "field", place.collector_id) == [
        (place.field_id, None, None)
    ]


async def test_what_is_depended_on_is_not_retired() -> None:
    place = await make_place()
    company_id = place.company_id
    use: dict[str, Any] = {"company_id": company_id, "expected_version": 1, "active": False}

    with pytest.raises(InUse):
        await branches.set_active(branch_id=place.branch_id, **use)
    with pytest.raises(InUse):
        await fields.set_active(field_id=place.field_id, **use)
    with pytest.raises(InUse):
        await collectors.set_active(collector_id=place.collector_id, **use)
    with pytest.raises(InUse):
        await rf_modules.set_active(rf_module_id=place.rf_module_id, **use)
    with pytest.raises(InUse):
        await meters.set_active(meter_id=place.supplies[0].meter_id, **use)

    async with access.tenant(company_id) as connection:
        for table in ("branch", "field", "collector", "rf_module", "meter"):
            query = f"select bool_and(active and version = 1) from {table} where company_id = $1"
            assert await connection.fetchval(query, company_id), table


async def test_a_field_with_open_accounts_is_not_retired() -> None:
    place = await make_place(meters=0)
    field_id = await other_field(place)
    async with access.tenant(place.company_id) as connection:
        await connection.execute(
            "with p as (insert into premises (company_id, field_id, name) values ($1, $2, 'Shop')"
            " returning id) insert into account (company_id, number, subscriber_id, premises_id,"
            " tariff_id, billing_mode, opened_at)"
            " select $1, 'A', $3, p.id, $4, 'PREPAID', $5 from p",
            place.company_id,
            field_id,
            place.subscriber_id,
            place.tariff_id,
            NOW,
        )

    with pytest.raises(InUse):
        await fields.set_active(
            company_id=place.company_id, field_id=field_id, expected_version=1, active=False
        )

    async with access.tenant(place.company_id) as connection:
        query = "select active from field where company_id = $1 and id = $2"
        assert await connection.fetchval(query, place.company_id, field_id)


async def test_nothing_is_added_to_what_is_being_retired() -> None:
    place = await make_place(meters=0)

    async def retire() -> str:
        try:
            await rf_modules.set_active(
                company_id=place.company_id,
                rf_module_id=place.rf_module_id,
                expected_version=1,
                active=False,
            )
        except InUse:
            return "in use"
        return "retired"

    async def add(number: int) -> str:
        try:
            await meters.create(
                company_id=place.company_id,
                rf_module_id=place.rf_module_id,
                serial=f"m{number}",
                clock_rule="UTC",
            )
        except ParentInactive:
            return "refused"
        return "added"

    ended, *added = await asyncio.gather(retire(), *(add(number) for number in range(5)))

    assert ("added" in added) == (ended == "in use")
