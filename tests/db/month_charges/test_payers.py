"""Who pays for a part of a month, pays for what was measured in it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from db.ids import AccountId
from domain.ledger.queries import verify
from domain.month_charges import faults
from domain.tariffs import assignments, proposals
from domain.tariffs.assignments import Whom
from domain.tariffs.components import Flat, Version
from domain.tariffs.presets import TR_REACTIVE
from tests.db.account_ends.ending import close, take_over
from tests.db.account_ends.mistaken import let_own, reopen, take_back
from tests.db.month_charges.world import (
    CHARGED_AT,
    DAY,
    ENDS_AT,
    ENERGY,
    FACTORY,
    FEBRUARY,
    OPENED_AT,
    REACTIVE,
    STARTS_AT,
    approved,
    charged,
    know,
    make_monthly,
    read,
    rows,
    value,
    verdict,
    work,
)
from tests.factories import Place, account_of, add_supply, open_account

CHANGED_AT = STARTS_AT + 10 * DAY
REACTIVE_ONLY = Version(components=(ENERGY, REACTIVE), reactive=TR_REACTIVE)
BEFORE = {STARTS_AT: (0, 0, 0), CHANGED_AT: (1_000_000, 300_000, 0)}
STANDING = "select balance_micro, debt_micro from account_balance where account_id = $1"
AFTER = {ENDS_AT: (2_000_000, 900_000, 0)}


@pytest.fixture
async def place(room: None) -> Place:
    return await make_monthly(version=REACTIVE_ONLY)


async def used_by_two_tenants(place: Place) -> AccountId:
    """Let somebody take over within the month, and return the successor."""
    await read(place, BEFORE)
    new = await take_over(
        place,
        place.subscriber_id,
        at=CHANGED_AT,
        index_wh=1_000_000,
        now=CHANGED_AT + timedelta(minutes=1),
    )
    await read(place, AFTER)
    return new


async def test_each_tenant_pays_for_the_own_part(place: Place) -> None:
    new = await used_by_two_tenants(place)

    await work()

    assert await charged(place) == 150
    assert await charged(place, account_id=new) == 300
    assert await verify() == []


async def test_who_is_reopened_pays_for_the_month_again(place: Place) -> None:
    owner = await let_own(place, place.supplies[0])
    await read(place, BEFORE)
    await close(place, at=CHANGED_AT, index_wh=1_000_000, now=CHANGED_AT + timedelta(minutes=1))
    await read(place, AFTER)
    await work()
    before = [await charged(place), await charged(place, account_id=owner)]

    await reopen(place, account_of(place), now=CHARGED_AT)
    await work()

    assert [f"{amount:g}" for amount in before] == ["150", "300"]
    assert await charged(place) == 450
    assert await charged(place, account_id=owner) == 0
    assert await verify() == []


async def test_a_tenancy_that_is_taken_back_leaves_nothing_of_the_month_to_the_successor(
    place: Place,
) -> None:
    new = await used_by_two_tenants(place)
    await work()
    before = await charged(place, account_id=new)

    await take_back(place, account_of(place), now=CHARGED_AT)

    assert before == 300
    assert await charged(place, account_id=new) == 0
    assert await rows(STANDING, new) == [{"balance_micro": 0, "debt_micro": 0}]

    await work()

    assert await charged(place) == 450
    assert await rows(STANDING, new) == [{"balance_micro": 0, "debt_micro": 0}]
    assert await verify() == []


async def test_a_tariff_is_charged_from_when_it_holds(room: None) -> None:
    place = await make_monthly(version=Version(components=(ENERGY,)))
    monthly = await approved(place, REACTIVE_ONLY, OPENED_AT)
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=monthly,
        whom=Whom(account_ids=[account_of(place)]),
        starts_at=CHANGED_AT,
        now=OPENED_AT,
    )
    await read(place, BEFORE | AFTER)

    await work()

    assert (await verdict(place))["inductive_varh"] == 600_000
    assert await charged(place) == 300


async def test_a_month_has_the_prices_of_its_end(place: Place) -> None:
    dearer = replace(REACTIVE, shape=Flat(Decimal(2)))
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=replace(REACTIVE_ONLY, components=(ENERGY, dearer)),
        valid_from=CHANGED_AT,
        by=None,
        now=OPENED_AT,
    )
    await proposals.approve(
        company_id=place.company_id, version_id=version_id, by=None, now=OPENED_AT
    )
    await read(place, BEFORE | AFTER)

    await work()

    assert (await verdict(place))["inductive_varh"] == 900_000
    assert await charged(place) == 1800


async def test_each_metering_point_is_judged_by_itself_and_charged_with_the_others(
    room: None,
) -> None:
    place = await make_monthly(accounts=0, version=REACTIVE_ONLY)
    one = await add_supply(place, opened_at=OPENED_AT, with_account=False)
    other = await add_supply(
        place, opened_at=OPENED_AT, with_account=False, premises_id=one.premises_id
    )
    account_id = await open_account(
        place,
        {one.point_id: 0, other.point_id: 0},
        one.premises_id,
        opened_at=OPENED_AT,
    )
    for supply in (one, other):
        await know(place, supply, FACTORY)
    await read(place, BEFORE | AFTER, one)
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT: (1_000_000, 400_000, 0)}, other)

    await work()

    lines = await rows("select point_id, amount_micro from month_charge_line order by point_id")
    assert [tuple(line.values()) for line in lines] == [
        (one.point_id, 450_000_000),
        (other.point_id, 200_000_000),
    ]
    assert await value("select array_agg(amount_micro) from month_charge") == [650_000_000]
    assert await charged(place, account_id=account_id) == 650


async def test_metering_points_whose_changes_make_up_for_each_other_move_nothing(
    room: None,
) -> None:
    place = await make_monthly(accounts=0, version=REACTIVE_ONLY)
    one = await add_supply(place, opened_at=OPENED_AT, with_account=False)
    other = await add_supply(
        place, opened_at=OPENED_AT, with_account=False, premises_id=one.premises_id
    )
    account_id = await open_account(
        place, {one.point_id: 0, other.point_id: 0}, one.premises_id, opened_at=OPENED_AT
    )
    for supply in (one, other):
        await know(place, supply, FACTORY)
        await read(place, BEFORE | AFTER, supply)
    fault: dict[str, Any] = {
        "company_id": place.company_id,
        "month": FEBRUARY,
        "reason": "A capacitor was dead",
        "now": CHARGED_AT,
    }
    await faults.record(**fault, point_id=one.point_id)
    await work()
    before = await charged(place, account_id=account_id)
    await faults.revoke(**fault, point_id=one.point_id)
    await faults.record(**fault, point_id=other.point_id)

    await work()

    assert before == 450
    assert await charged(place, account_id=account_id) == 450
    assert await value("select count(*) from month_due") == 0
    assert await verify() == []
