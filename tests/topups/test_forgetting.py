"""Whoever is erased has no cards any more: here at once, and at the provider in the end."""

from datetime import timedelta

import pytest

from db import access
from db.enums import ErasureReason
from domain.subscribers import erasure
from domain.topups.forgetting import forget_customers
from domain.topups.gateway import Gateways
from tests.stripe_twin.faults import Faults
from tests.topups.automatic import let
from tests.topups.shop import Shop
from tests.topups.stripe import nobody_there

MINUTE = timedelta(minutes=1)


async def erase(shop: Shop) -> None:
    await shop.end()
    for _ in range(2):
        await erasure.erase(
            company_id=shop.place.company_id,
            subscriber_id=shop.place.subscriber_id,
            reason=ErasureReason.REQUESTED,
            now=shop.now,
        )


async def forget(shop: Shop, gateways: Gateways | None = None) -> int:
    return await forget_customers(gateways=gateways or shop.gateways, now=shop.now)


async def test_an_erased_subscriber_has_no_cards_here_or_there(shop: Shop) -> None:
    await let(shop, await shop.saved_card())

    await erase(shop)
    forgotten = [await forget(shop), await forget(shop)]

    card, customer = await shop.row("saved_card"), await shop.row("payment_customer")
    assert (card["removed_at"], card["last4"], card["brand"]) == (shop.now, "0000", "forgotten")
    assert (await shop.row("automatic_top_up"))["active"] is False
    assert (customer["reference"], customer["forget_since"]) == (None, shop.now)
    assert forgotten == [1, 0]
    assert shop.twin.world.all("customer") == []
    assert [one["customer"] for one in shop.twin.world.all("payment_method")] == [None]


async def test_a_provider_that_is_away_forgets_later(shop: Shop) -> None:
    await shop.saved_card()
    await erase(shop)

    async with nobody_there() as gateway:
        away = await forget(shop, Gateways(gateway))
    soon = await forget(shop)
    shop.move(10 * MINUTE)

    assert (away, soon, await forget(shop)) == (0, 0, 1)
    assert shop.twin.world.all("customer") == []


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Faults(lost_responses=1), id="the answer is lost"),
        pytest.param(Faults(failures_before=1), id="nothing was done"),
    ],
)
async def test_forgetting_is_repeated_until_it_is_answered(shop: Shop, faults: Faults) -> None:
    await shop.saved_card()
    await erase(shop)
    shop.twin.webhooks.faults = faults

    first = await forget(shop)
    shop.move(10 * MINUTE)

    assert (first, await forget(shop)) == (0, 1)
    assert (await shop.row("payment_customer"))["forget_again_at"] is None


async def test_late_news_of_a_card_brings_nothing_back(shop: Shop) -> None:
    await shop.saved_card()
    attached = [one for one in shop.twin.world.events if one["type"].endswith(".attached")]
    await erase(shop)

    await shop.hear_of([{**one, "id": f"{one['id']}_2"} for one in attached])

    assert (await shop.row("saved_card"))["last4"] == "0000"


async def test_what_was_known_of_a_card_is_in_no_record(shop: Shop) -> None:
    await shop.saved_card("pm_card_mastercard")
    await erase(shop)

    async with access.system() as connection:
        told = await connection.fetchval(
            "select count(*) from daily_entry d where d::text ~ '4444|mastercard|cus_|pm_'"
        )

    assert told == 0
