"""Accounts that end while something is being paid: no money is lost, and none is taken after."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import PaymentWay, RefundWay
from domain.accounts import settling
from domain.accounts.settling import PaymentInFlight
from domain.accounts.suspension import AccountClosed
from domain.topups import looking
from domain.topups.wishes import PaymentUnavailable
from tests.stripe_twin.faults import Faults
from tests.topups.automatic import buy, let
from tests.topups.shop import Shop

D = Decimal


async def is_ended(shop: Shop) -> bool:
    row = await access.read_row("select closed_at from account where id = $1", shop.account_id)
    assert row is not None
    return row["closed_at"] is not None


async def look(shop: Shop) -> None:
    await looking.look_again(gateways=shop.gateways, now=shop.now)


async def test_a_payment_on_its_way_keeps_an_account_open(shop: Shop) -> None:
    await shop.paid(card="pm_card_slow")

    with pytest.raises(PaymentInFlight):
        await shop.end()

    assert not await is_ended(shop)
    assert await shop.standing() == {"in_flight": D("25.5")}


async def test_a_card_that_may_have_been_charged_keeps_an_account_open(shop: Shop) -> None:
    card_id = await shop.saved_card()
    shop.twin.webhooks.faults = Faults(lost_responses=1)
    wish: dict[str, Any] = {"way": PaymentWay.SAVED_CARD, "card_id": card_id, "key": "one"}
    with pytest.raises(PaymentUnavailable):
        await shop.start("40", **wish)

    with pytest.raises(PaymentInFlight):
        await shop.end()
    await shop.start("40", **wish)
    await shop.end()

    assert await is_ended(shop)
    assert (await shop.sides())["CASH"] == D("65.5")


async def test_a_page_that_nobody_has_paid_is_closed_with_the_account(shop: Shop) -> None:
    started = await shop.start()

    await shop.end()
    await look(shop)

    (session,) = shop.twin.world.all("checkout.session")
    assert await is_ended(shop)
    assert session["status"] == "expired"
    assert (await shop.top_up(started.top_up_id))["state"] == "LAPSED"


async def test_what_was_paid_in_the_last_moment_is_credited_and_settled(shop: Shop) -> None:
    started = await shop.start()
    shop.submit(started)

    await shop.end()
    await look(shop)
    credited = await shop.standing()
    await settling.settle_closed(
        company_id=shop.place.company_id,
        account_id=shop.account_id,
        refund_by=RefundWay.CASH,
        idempotency_key="one",
        now=shop.now,
    )

    assert (await shop.top_up(started.top_up_id))["state"] == "CREDITED"
    assert credited == {"balance": D("25.5")}
    assert await shop.standing() == {}
    assert await shop.sides() == {"CASH": D("25.5"), "PROVIDER_CLEARING": D("-25.5")}


async def test_a_start_beside_an_end_is_refused_or_lapses(shop: Shop) -> None:
    for _ in range(3):
        await shop.start()
    starting = [asyncio.create_task(shop.start()) for _ in range(3)]

    await shop.end()
    ended = await asyncio.gather(*starting, return_exceptions=True)
    await look(shop)

    refused = [one for one in ended if isinstance(one, AccountClosed)]
    assert await shop.count("top_up") == 6 - len(refused)
    async with access.system() as connection:
        states = await connection.fetch("select distinct state from top_up")
    assert [row["state"] for row in states] == ["LAPSED"]


async def test_nothing_buys_itself_for_an_account_that_has_ended(shop: Shop) -> None:
    await let(shop, await shop.saved_card())

    await shop.end()

    assert await buy(shop) == 0
    assert (await shop.row("automatic_top_up"))["active"] is False
