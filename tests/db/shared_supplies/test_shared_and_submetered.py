"""Supplies that are shared below others, and what cannot be deducted from shared ones."""

from decimal import Decimal

import pytest

from domain.ledger.queries import verify
from domain.tariffs.deductible import SharedAbove
from tests.db.shared_supplies.sharing import (
    HALVES,
    SINCE,
    add_tenant,
    energy,
    payers,
    share,
    shared_supply,
)
from tests.db.stored_readings import HOUR
from tests.db.submetered import balance, open_mall, tell
from tests.factories import (
    NOW,
    Place,
    add_supply,
    open_account,
)


async def test_a_parent_pays_for_nothing_that_is_shared_below(place: Place, registers: int) -> None:
    mall = await add_supply(place, with_account=False)
    malls = await open_mall(place, mall)
    supply, (first, second) = await shared_supply(
        place, (250_000, 750_000), parent_id=mall.point_id
    )

    await tell(place, registers, (mall, 1, 10_000), (supply, 1, 4_000), (supply, 3, 1_001))

    assert await energy(place) == {malls: 6_000, first: 1_000, second: 3_000}
    assert await balance(place, malls) == -Decimal(2 * 6)
    assert await verify() == []


async def test_who_shares_below_changes_while_the_parent_pays(place: Place, registers: int) -> None:
    mall = await add_supply(place, with_account=False)
    malls = await open_mall(place, mall)
    supply, (first, second) = await shared_supply(place, HALVES, parent_id=mall.point_id)
    await tell(place, registers, (mall, 7, 5_000), (supply, 7, 2_000))

    await share(place, supply, {second: 1_000_000}, since=NOW - 6 * HOUR, index_wh=3_000)

    await tell(place, registers, (supply, 2, 4_000), (mall, 1, 10_000))
    assert await energy(place) == {malls: 6_000, first: 1_500, second: 2_500}
    assert await verify() == []


async def test_what_others_pay_for_is_not_deducted_from_a_shared_supply(place: Place) -> None:
    mall = await add_supply(place, with_account=False)
    malls = await open_mall(place, mall)
    other = await add_tenant(place, "OTHER")
    await add_supply(place, parent_id=mall.point_id)
    before = await payers(mall)

    with pytest.raises(SharedAbove):
        await share(place, mall, {malls: 500_000, other: 500_000})

    assert await payers(mall) == before


async def test_nobody_pays_below_a_shared_supply(place: Place) -> None:
    supply, _ = await shared_supply(place, HALVES)
    child = await add_supply(place, with_account=False, parent_id=supply.point_id)

    with pytest.raises(SharedAbove):
        await open_account(place, {child.point_id: 0}, child.premises_id, opened_at=SINCE + HOUR)

    assert await payers(child) == []
