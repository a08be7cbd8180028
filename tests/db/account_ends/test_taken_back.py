"""A change of tenancy by mistake is taken back: as if nobody had taken over."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts import closing
from domain.accounts.closing import Successor
from domain.accounts.reopening import REOPENED_WITHIN, EndedTooLongAgo
from domain.accounts.returning import NotTakenOver
from domain.accounts.settling import NotClosed, PaymentInFlight
from domain.ledger import operations as ledger
from domain.refusals import InUse, NotThere
from tests.db.account_ends.ending import AT, books_agree, ending, owed, sides, take_over, top_up
from tests.db.account_ends.mistaken import balances, close, is_closed, own, reopen, take_back
from tests.db.exchanges import HOUR, fetch, store
from tests.db.shared_supplies.sharing import add_tenant, energy, payers, share
from tests.factories import NOW, Place, account_of, add_supply, make_place


async def state(place: Place) -> list[Any]:
    """Return all that a refused attempt must leave as it was."""
    return [
        await fetch("select id, closed_at, version from account order by id"),
        await fetch("select * from account_point order by account_id, point_id, started_at"),
        await fetch("select account_id, balance_micro, debt_micro from account_balance order by 1"),
        await fetch("select id from journal order by id"),
    ]


async def test_the_account_goes_on_and_the_successor_is_charged_nothing(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    before = await payers(supply)
    await top_up(place, 50)
    successor = await take_over(place, place.subscriber_id)
    await store(place, (supply, 3, 7_000))
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=successor,
        amount=Decimal(30),
        idempotency_key="successor",
        occurred_at=NOW - HOUR,
    )

    await take_back(place, account_id)

    await store(place, (supply, 1, 9_000), (supply, 2, 8_000))
    assert await payers(supply) == before
    assert await energy(place) == {account_id: 9_000}
    assert await balances(place, account_id, successor) == [Decimal(50 - 2 * 9), 0]
    assert [await is_closed(one) for one in (account_id, successor)] == [False, True]
    # 50 and 30 came in, and 30 went back to who paid them: 32 are left, and 18 are earned.
    assert (await sides(place))["CASH"] == -50
    assert await owed(successor) == 0
    await books_agree(place)


async def test_what_was_settled_is_reversed_with_its_reason(place: Place) -> None:
    account_id = account_of(place)
    await take_over(place, place.subscriber_id)
    assert await owed(account_id) == 10

    await take_back(place, account_id)

    assert await owed(account_id) == 0
    kinds = await fetch("select kind, reason from journal where kind in ('SETTLEMENT', 'REVERSAL')")
    assert [tuple(row.values()) for row in kinds] == [
        ("SETTLEMENT", None),
        ("REVERSAL", "The wrong shop"),
    ]
    await books_agree(place)


async def test_a_share_goes_back_as_well(place: Place) -> None:
    account_id = account_of(place)
    supply = await add_supply(place, with_account=False)
    other = await add_tenant(place, "OTHER")
    await share(place, supply, {account_id: 250_000, other: 750_000})
    before = await payers(supply)
    await closing.change_tenancy(
        company_id=place.company_id,
        account_id=account_id,
        expected_version=1,
        ending=ending(place.supplies[0], supply),
        successor=Successor(number="NEW", subscriber_id=place.subscriber_id),
        now=NOW,
    )
    await store(place, (supply, 3, 9_000))

    await take_back(place, account_id)

    assert await payers(supply) == before
    assert set(await energy(place)) == {account_id, other}
    await books_agree(place)


async def test_repeating_it_changes_nothing(place: Place) -> None:
    account_id = account_of(place)
    await take_over(place, place.subscriber_id)

    made = await asyncio.gather(*(take_back(place, account_id) for _ in range(3)))

    assert made == [account_id] * 3
    assert len(await fetch("select from journal where kind = 'REVERSAL'")) == 1


async def test_the_tenancy_may_change_again(place: Place) -> None:
    account_id = account_of(place)
    await take_over(place, place.subscriber_id)
    await take_back(place, account_id)

    again = await take_over(place, place.subscriber_id, version=3, number="RIGHT")

    assert [await is_closed(one) for one in (account_id, again)] == [True, False]
    await store(place, (place.supplies[0], 3, 7_000))
    assert await energy(place) == {account_id: 5_000, again: 2_000}
    await books_agree(place)


async def test_what_nobody_took_over_is_not_taken_back(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    opened = await state(place)
    with pytest.raises(NotClosed):
        await take_back(place, account_id, expected_version=1)
    assert await state(place) == opened
    await close(place, account_id, supply)
    closed = await state(place)

    with pytest.raises(NotTakenOver):
        await take_back(place, account_id)

    assert await state(place) == closed


async def test_a_successor_that_pays_for_more_does_not_end(place: Place) -> None:
    account_id = account_of(place)
    successor = await take_over(place, place.subscriber_id)
    supply = await add_supply(place, with_account=False)
    await share(place, supply, {successor: 1_000_000}, since=AT + HOUR)
    before = await state(place)

    with pytest.raises(InUse):
        await take_back(place, account_id)

    assert await state(place) == before


async def test_the_owner_of_premises_is_no_successor(place: Place) -> None:
    account_id = account_of(place)
    successor = await take_over(place, place.subscriber_id)
    await own(place, successor)
    before = await state(place)

    with pytest.raises(NotTakenOver):
        await take_back(place, account_id)

    assert await state(place) == before


async def test_a_successors_payment_in_flight_is_waited_for(place: Place) -> None:
    account_id = account_of(place)
    successor = await take_over(place, place.subscriber_id)
    await fetch(
        "update account_balance set in_flight_micro = 1 where account_id = $1 returning 1",
        successor,
    )
    before = await state(place)

    with pytest.raises(PaymentInFlight):
        await take_back(place, account_id)

    assert await state(place) == before


async def test_it_is_taken_back_within_a_month_and_within_the_company(place: Place) -> None:
    account_id = account_of(place)
    await take_over(place, place.subscriber_id)
    stranger = await make_place()
    before = await state(place)

    with pytest.raises(EndedTooLongAgo):
        await take_back(place, account_id, now=AT + REOPENED_WITHIN + HOUR)
    with pytest.raises(NotThere):
        await take_back(place, account_of(stranger))

    assert await state(place) == before


async def test_a_successor_that_has_ended_is_reopened_first(place: Place) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    successor = await take_over(place, place.subscriber_id)
    await close(place, successor, supply, at=AT + HOUR)
    before = await state(place)
    with pytest.raises(NotTakenOver):
        await take_back(place, account_id)
    assert await state(place) == before

    await reopen(place, successor)
    await take_back(place, account_id)

    assert [await is_closed(one) for one in (account_id, successor)] == [False, True]
