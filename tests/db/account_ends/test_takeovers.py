"""Somebody else takes over where an account ends, once."""

import asyncio

import pytest

from db.enums import BillingMode
from domain.accounts.suspension import AccountClosed
from domain.ledger.queries import balance_of
from tests.db.account_ends.ending import AT, books_agree, close, newcomer, owed, take_over, top_up
from tests.db.exchanges import PRICE, fetch, store
from tests.factories import Place, account_of


async def test_a_new_subscriber_takes_over_at_the_same_index_without_debt(place: Place) -> None:
    supply = place.supplies[0]
    await store(place, (supply, 8, 3_000))

    taken = await take_over(place, await newcomer(place))
    await store(place, (supply, 1, 9_000))

    assert await owed(account_of(place)) == 5 * PRICE
    assert await owed(taken) == 0
    assert await balance_of(company_id=place.company_id, account_id=taken) == -4 * PRICE
    ((made),) = await fetch(
        "select tariff_id, billing_mode, premises_id, opened_at from account where id = $1", taken
    )
    assert made == {
        "tariff_id": place.tariff_id,
        "billing_mode": BillingMode.PREPAID,
        "premises_id": supply.premises_id,
        "opened_at": AT,
    }
    await books_agree(place)


async def test_repeating_an_end_changes_nothing(place: Place) -> None:
    await top_up(place, 100)
    new = await newcomer(place)

    first = await take_over(place, new)
    again = await take_over(place, new)
    with pytest.raises(AccountClosed):
        await close(place, version=2, index_wh=6_000)
    with pytest.raises(AccountClosed):
        await take_over(place, new, number="OTHER")

    assert again == first
    assert len(await fetch("select from account")) == 2
    assert len(await fetch("select from journal where kind = 'SETTLEMENT'")) == 1


async def test_of_two_who_take_over_at_once_one_does(place: Place) -> None:
    new = await newcomer(place)

    found = await asyncio.gather(
        *(take_over(place, new, number=f"N{number}") for number in range(5)),
        return_exceptions=True,
    )

    assert (
        sorted(type(one).__name__ for one in found if isinstance(one, Exception))
        == ["AccountClosed"] * 4
    )
    assert len(await fetch("select from account")) == 2
