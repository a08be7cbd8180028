"""Accounts that stay closed, for what they had is not theirs to have again."""

from typing import Any

import pytest

from db.enums import ErasureReason
from domain.accounts import closing
from domain.accounts.assignments import PointElsewhere, PointPaidFor
from domain.accounts.closing import Successor
from domain.accounts.reopening import REOPENED_WITHIN, EndedTooLongAgo
from domain.accounts.settling import NotClosed
from domain.metering import points, premises
from domain.refusals import InvalidValue, NotThere, ParentInactive, Refused, StaleVersion
from domain.subscribers import erasure
from domain.subscribers.operations import SubscriberErased
from tests.db.account_ends.ending import AT, ending
from tests.db.account_ends.mistaken import close, close_without_points, is_closed, reopen
from tests.db.exchanges import HOUR, fetch
from tests.db.shared_supplies.sharing import add_tenant, payers
from tests.factories import NOW, Place, account_of, add_supply, make_place, open_account


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"expected_version": 1}, StaleVersion, id="a stale version"),
        pytest.param({"reason": " "}, InvalidValue, id="no reason"),
        pytest.param({"now": AT + REOPENED_WITHIN + HOUR}, EndedTooLongAgo, id="after a long time"),
    ],
)
async def test_a_refused_reopening_changes_nothing(
    place: Place, changes: dict[str, Any], refusal: type[Refused]
) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    await close(place, account_id, supply)
    before = await payers(supply)

    with pytest.raises(refusal):
        await reopen(place, account_id, **changes)

    assert await is_closed(account_id)
    assert await payers(supply) == before
    assert await fetch("select from journal where kind = 'REVERSAL'") == []


async def test_an_open_account_is_not_reopened(place: Place) -> None:
    with pytest.raises(NotClosed):
        await reopen(place, account_of(place))


async def test_the_account_of_another_company_is_not_there(place: Place) -> None:
    stranger = await make_place()

    with pytest.raises(NotThere):
        await reopen(place, account_of(stranger))


async def test_no_account_is_reopened_whose_points_others_have_taken(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    await close(place, account_id, supply)
    await open_account(place, {supply.point_id: 5_000}, supply.premises_id, opened_at=AT + HOUR)
    before = await payers(supply)

    with pytest.raises(PointPaidFor):
        await reopen(place, account_id)

    assert await is_closed(account_id)
    assert await payers(supply) == before


async def test_a_change_of_tenancy_is_not_taken_back(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    await closing.change_tenancy(
        company_id=place.company_id,
        account_id=account_id,
        expected_version=1,
        ending=ending(supply),
        successor=Successor(number="NEW", subscriber_id=place.subscriber_id),
        now=NOW,
    )

    with pytest.raises(PointPaidFor):
        await reopen(place, account_id)

    assert await is_closed(account_id)


async def test_a_point_that_is_not_what_it_was_keeps_its_account_closed(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    other = await add_supply(place, with_account=False)
    await close(place, account_id, supply)
    await points.move(
        company_id=place.company_id,
        point_id=supply.point_id,
        expected_version=1,
        premises_id=other.premises_id,
    )

    with pytest.raises(PointElsewhere) as moved:
        await reopen(place, account_id)

    assert moved.value.path == ("id",)
    assert await is_closed(account_id)


async def test_retired_premises_keep_their_accounts_closed(place: Place) -> None:
    tenant = await add_tenant(place, "A")
    ((shop),) = await fetch("select premises_id from account where id = $1", tenant)
    await close_without_points(place, tenant)
    await premises.set_active(
        company_id=place.company_id,
        premises_id=shop["premises_id"],
        expected_version=1,
        active=False,
    )

    with pytest.raises(ParentInactive):
        await reopen(place, tenant)

    assert await is_closed(tenant)


async def test_an_erased_subscriber_has_no_accounts_again(place: Place) -> None:
    account_id = account_of(place)
    await close(place, account_id, place.supplies[0])
    await erasure.erase(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        reason=ErasureReason.REQUESTED,
        now=NOW,
    )

    with pytest.raises(SubscriberErased):
        await reopen(place, account_id)

    assert await is_closed(account_id)
