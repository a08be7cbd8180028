"""Several accounts pay for a supply at the same time, each by its own tariff."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from db import access
from domain.accounts.shares import shared_points
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.metering import removals
from domain.refusals import (
    InvalidValue,
)
from tests.db.exchanges import mounting_of
from tests.db.shared_supplies.sharing import (
    HALVES,
    SINCE,
    THIRDS,
    add_tenant,
    energy,
    payers,
    share,
    shared_supply,
    version_of,
)
from tests.db.stored_readings import HOUR, fetch
from tests.db.submetered import SHOPS_PRICE, balance, flat_tariff, tell
from tests.factories import (
    NOW,
    OPENED_AT,
    Place,
    add_supply,
)


async def test_each_account_pays_its_share_by_its_own_tariff(place: Place, registers: int) -> None:
    dear = await add_tenant(place, "DEAR", tariff_id=await flat_tariff(place, Decimal(5)))
    cheap = await add_tenant(place, "CHEAP")
    supply = await add_supply(place, with_account=False, multiplier=Decimal(40))
    await share(place, supply, {dear: 250_000, cheap: 750_000})

    await tell(place, registers, (supply, 8, 1_000), (supply, 6, 2_002))

    assert await energy(place) == {dear: 40 * 501, cheap: 40 * 1_501}
    assert await balance(place, dear) == -Decimal(5) * 40 * 501 / 1_000
    assert await balance(place, cheap) == -SHOPS_PRICE * 40 * 1_501 / 1_000
    assert await ledger.close_days(now=NOW + timedelta(days=1)) == 2
    assert await verify() == []


async def test_only_shared_meters_leave_the_batch_statement(place: Place, registers: int) -> None:
    supply, _ = await shared_supply(place, HALVES)
    alone = await add_supply(place)

    await tell(place, registers, (supply, 8, 1_000), (alone, 8, 1_000))

    states = await fetch(
        "select meter_id, account_id, terms_until = billed_at as is_left_out from billing_state"
        " where terms_until is not null order by meter_id"
    )
    assert [tuple(row.values()) for row in states] == [
        (supply.meter_id, None, True),
        (alone.meter_id, alone.account_id, False),
    ]


async def test_who_pays_changes_at_an_instant_and_an_index(place: Place, registers: int) -> None:
    supply = await add_supply(place)
    first = supply.account_id
    assert first is not None
    second = await add_tenant(place, "SECOND")
    await share(place, supply, {first: 600_000, second: 400_000}, index_wh=1_000)
    await share(
        place, supply, {first: 100_000, second: 900_000}, since=NOW - 8 * HOUR, index_wh=2_000
    )

    await share(place, supply, {second: 1_000_000}, since=NOW - 6 * HOUR, index_wh=3_000)

    await tell(place, registers, (supply, 2, 3_700), (supply, 7, 2_500), (supply, 9, 1_700))
    assert await energy(place) == {first: 1_000 + 600 + 100, second: 400 + 900 + 700}
    assert await verify() == []
    assert [tuple(row.values()) for row in await payers(supply)] == [
        (first, 1_000_000, OPENED_AT, SINCE, 0, 1_000),
        (first, 600_000, SINCE, NOW - 8 * HOUR, 1_000, 2_000),
        (second, 400_000, SINCE, NOW - 8 * HOUR, 1_000, 2_000),
        (first, 100_000, NOW - 8 * HOUR, NOW - 6 * HOUR, 2_000, 3_000),
        (second, 900_000, NOW - 8 * HOUR, NOW - 6 * HOUR, 2_000, 3_000),
        (second, 1_000_000, NOW - 6 * HOUR, None, 3_000, None),
    ]


async def test_a_meter_that_is_shared_no_more_goes_back_to_the_batch_statement(
    place: Place, registers: int
) -> None:
    supply, (first, _) = await shared_supply(place, HALVES)
    await share(place, supply, {first: 1_000_000}, since=NOW - 6 * HOUR, index_wh=500)

    await tell(place, registers, (supply, 2, 1_000))

    assert await fetch(
        "select account_id, terms_until > billed_at as is_in from billing_state"
    ) == [{"account_id": first, "is_in": True}]


async def test_repeating_a_sharing_changes_nothing(place: Place) -> None:
    supply, tenants = await shared_supply(place, THIRDS)
    before, version = await payers(supply), await version_of(supply.point_id)

    await share(place, supply, dict(zip(tenants, THIRDS, strict=True)), version=1)

    assert await payers(supply) == before
    assert await version_of(supply.point_id) == version


async def test_two_sharings_at_once_are_one_after_the_other(place: Place) -> None:
    supply = await add_supply(place)
    tenants = [await add_tenant(place, number) for number in ("A", "B")]

    ended = await asyncio.gather(
        share(place, supply, dict(zip(tenants, HALVES, strict=True)), version=1),
        share(place, supply, dict(zip(tenants, (400_000, 600_000), strict=True)), version=1),
        return_exceptions=True,
    )

    assert {type(one) for one in ended} == {int, InvalidValue}
    assert len([row for row in await payers(supply) if row["ended_at"] is None]) == 2


async def test_a_shared_meter_is_exchanged_like_any_other(place: Place, registers: int) -> None:
    supply, (first, second) = await shared_supply(place, HALVES)
    spare = await add_supply(place, with_account=False, mounted=False)
    await tell(place, registers, (supply, 7, 1_001))

    await removals.exchange(
        company_id=place.company_id,
        mounting_id=await mounting_of(supply.meter_id),
        meter_id=spare.meter_id,
        exchanged_at=NOW - 6 * HOUR,
        final_index_wh=2_001,
        initial_index_wh=700,
        now=NOW,
    )

    await tell(place, registers, (spare, 2, 1_701))
    assert await energy(place) == {first: 1_001 + 501, second: 1_000 + 500}
    assert await verify() == []


async def test_shared_points_are_known_at_any_instant(place: Place) -> None:
    supply, (first, _) = await shared_supply(place, HALVES)
    alone = await add_supply(place)
    await share(place, supply, {first: 1_000_000}, since=NOW - 5 * HOUR)
    both = [supply.point_id, alone.point_id]

    async with access.reading(place.company_id) as connection:
        found = [
            await shared_points(connection, place.company_id, both, at=at)
            for at in (SINCE - HOUR, SINCE, NOW - 5 * HOUR)
        ]

    assert found == [set(), {supply.point_id}, set()]


async def test_all_who_share_a_meter_are_told_of_its_readings(place: Place, registers: int) -> None:
    supply, tenants = await shared_supply(place, THIRDS)
    alone = await add_supply(place)

    await tell(place, registers, (supply, 8, 1_000), (alone, 8, 1_000), (supply, 30, 0))

    told = await fetch("select account_ids from outbox where topic = 'readings' order by id")
    assert [row["account_ids"] for row in told] == [tenants, [alone.account_id], []]
