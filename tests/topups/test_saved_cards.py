"""Cards are saved if their owners want it, pay without a page, and can be removed."""

from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import PaymentWay
from domain.refusals import NotThere
from domain.subscribers import operations as subscribers
from domain.topups import cards
from domain.topups.wishes import PaymentRefused, PaymentUnavailable
from tests.factories import KEYRING
from tests.stripe_twin.faults import Faults
from tests.topups.automatic import let, refuse
from tests.topups.shop import Shop

D = Decimal


async def test_a_card_is_saved_with_a_payment_if_the_payer_wants(shop: Shop) -> None:
    await shop.paid()
    unsaved = await shop.count("saved_card")

    await shop.saved_card("pm_card_mastercard")
    await shop.hear_of(shop.twin.world.events)

    card = await shop.row("saved_card")
    assert unsaved == 0
    assert (card["brand"], card["last4"], card["expires_year"]) == ("mastercard", "4444", 2034)
    assert card["subscriber_id"] == shop.place.subscriber_id


async def test_a_saved_card_pays_without_a_page(shop: Shop) -> None:
    card_id = await shop.saved_card()

    started = await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card_id)

    assert (started.url, started.client_secret) == (None, None)
    assert (await shop.top_up(started.top_up_id))["state"] == "CREDITED"
    assert await shop.standing() == {"balance": D("65.5")}


async def test_a_saved_card_that_asks_sends_its_owner_to_the_bank(shop: Shop) -> None:
    card_id = await shop.saved_card()
    refuse(shop, "asks for 3-D Secure")

    started = await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card_id)
    assert started.url is not None
    shop.twin.act("intent.authenticate", id=started.url.rpartition("/")[2], passed=True)
    await shop.hear()

    assert await shop.standing() == {"balance": D("65.5")}


async def test_a_saved_card_that_is_declined_fails_for_good(shop: Shop) -> None:
    card_id = await shop.saved_card()
    refuse(shop)

    started = await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card_id)
    await shop.hear()

    row = await shop.top_up(started.top_up_id)
    assert (row["state"], row["failure"]) == ("FAILED", "card_declined")
    assert await shop.standing() == {"balance": D("25.5")}


async def test_a_card_is_removed_here_and_there(shop: Shop) -> None:
    card_id = await shop.saved_card()

    for _ in range(2):
        await cards.remove(
            company_id=shop.place.company_id, card_id=card_id, gateways=shop.gateways, now=shop.now
        )
    await shop.hear_of(shop.twin.world.events)

    assert (await shop.row("saved_card"))["removed_at"] == shop.now
    assert [one["customer"] for one in shop.twin.world.all("payment_method")] == [None]
    with pytest.raises(NotThere):
        await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card_id)
    assert await shop.count("top_up") == len(shop.twin.world.all("charge")) == 1


async def test_a_card_that_the_provider_removed_is_gone(shop: Shop) -> None:
    card_id = await shop.saved_card()
    await let(shop, card_id)

    await shop.gateway.forget_card(shop.twin.world.all("payment_method")[0]["id"])
    await shop.hear()

    assert (await shop.row("saved_card"))["removed_at"] == shop.now
    assert (await shop.row("automatic_top_up"))["active"] is False


async def test_the_card_of_somebody_else_does_not_pay(shop: Shop) -> None:
    card_id = await shop.saved_card()
    other = await subscribers.create(
        company_id=shop.place.company_id,
        reference="another",
        contact={"name": "Can", "email": "can@example.com", "phone": "+905550000001"},
        keyring=KEYRING,
    )
    async with access.system() as connection:
        await connection.execute("update saved_card set subscriber_id = $1", other)

    with pytest.raises(NotThere):
        await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card_id)
    with pytest.raises(NotThere):
        await let(shop, card_id)

    assert await shop.count("top_up") == len(shop.twin.world.all("charge")) == 1
    assert await shop.count("automatic_top_up") == 0


async def test_a_card_that_is_removed_before_it_pays_is_refused(shop: Shop) -> None:
    card_id = await shop.saved_card()
    shop.twin.webhooks.faults = Faults(failures_before=1)
    wish: dict[str, Any] = {"way": PaymentWay.SAVED_CARD, "card_id": card_id, "key": "one"}
    with pytest.raises(PaymentUnavailable):
        await shop.start("40", **wish)
    async with access.system() as connection:
        await connection.execute("update saved_card set removed_at = now()")

    with pytest.raises(PaymentRefused):
        await shop.start("40", **wish)

    assert len(shop.twin.world.all("charge")) == 1
