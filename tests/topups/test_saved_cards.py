"""Saved cards, and credit that buys itself with them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import BillingMode, PaymentWay
from db.ids import SavedCardId
from domain.accounts import operations, suspension
from domain.accounts.suspension import AccountClosed
from domain.refusals import AlreadyExists, NotThere, StaleVersion
from domain.subscribers import operations as subscribers
from domain.topups import automatic, cards, starting
from domain.topups.applying import AUTOMATIC_FAILURES_MAX
from domain.topups.wishes import (
    AccountSuspended,
    PaymentRefused,
    PaymentUnavailable,
    TopUpAmountOutOfRange,
)
from tests.factories import KEYRING
from tests.stripe_twin.faults import Faults
from tests.topups.shop import Shop

D = Decimal
HOUR = timedelta(hours=1)


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

    assert len(shop.twin.world.all("charge")) == 1


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


def refuse(shop: Shop, outcome: str = "declined") -> None:
    for method in shop.twin.world.all("payment_method"):
        method["metadata"]["twin"] = outcome


async def let(shop: Shop, card_id: SavedCardId, **changes: Any) -> int:
    asked = {"threshold": D(30), "amount": D(50), "active": True, "expected_version": None}
    return await automatic.set_automatic(
        company_id=shop.place.company_id,
        account_id=shop.account_id,
        card_id=card_id,
        **{**asked, **changes},
    )


async def buy(shop: Shop) -> int:
    bought = await automatic.buy_due(gateways=shop.gateways, now=shop.now)
    await shop.hear()
    return bought


async def test_credit_buys_itself_when_it_is_low(shop: Shop) -> None:
    await let(shop, await shop.saved_card())

    first, again = await buy(shop), await buy(shop)

    assert (first, again) == (1, 0)
    assert await shop.standing() == {"balance": D("75.5")}
    row = await access.read_row("select way, automatic from top_up order by id desc limit 1")
    assert row is not None
    assert tuple(row) == ("SAVED_CARD", True)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"threshold": D("25.49")}, id="credit is above"),
        pytest.param({"active": False}, id="switched off"),
    ],
)
async def test_nothing_buys_itself_otherwise(shop: Shop, changes: dict[str, Any]) -> None:
    await let(shop, await shop.saved_card(), **changes)

    assert await buy(shop) == 0
    assert await shop.standing() == {"balance": D("25.5")}


async def test_nothing_buys_itself_for_a_suspended_account(shop: Shop) -> None:
    await let(shop, await shop.saved_card())
    account: Any = {"company_id": shop.place.company_id, "account_id": shop.account_id}
    await suspension.suspend(**account, expected_version=1, reason="dispute", now=shop.now)
    wish = shop.wish("50", way=PaymentWay.SAVED_CARD, card_id=await card_of(shop), is_present=False)

    bought = await buy(shop)
    with pytest.raises(AccountSuspended):
        await starting.start(
            company_id=shop.place.company_id,
            wish=wish,
            idempotency_key="automatic/1/1",
            gateways=shop.gateways,
            now=shop.now,
        )

    assert bought == 0
    assert len(shop.twin.world.all("charge")) == 1
    await suspension.resume(**account, expected_version=2)
    assert await buy(shop) == 1


async def test_nothing_buys_itself_for_who_pays_afterwards(shop: Shop) -> None:
    await let(shop, await shop.saved_card())
    account: Any = {
        "company_id": shop.place.company_id,
        "account_id": shop.account_id,
        "now": shop.now,
    }
    await operations.update(
        **account, expected_version=1, changes={"billing_mode": BillingMode.POSTPAID}
    )
    before = await shop.standing(), len(shop.twin.world.all("charge"))

    assert await buy(shop) == 0
    assert (await shop.standing(), len(shop.twin.world.all("charge"))) == before

    await operations.update(
        **account, expected_version=2, changes={"billing_mode": BillingMode.PREPAID}
    )
    assert await buy(shop) == 1


async def card_of(shop: Shop) -> SavedCardId:
    return SavedCardId((await shop.row("saved_card"))["id"])


async def test_an_account_that_has_ended_is_not_let_buy(shop: Shop) -> None:
    card_id = await shop.saved_card()
    async with access.system() as connection:
        await connection.execute("update account set closed_at = $1", shop.now)

    with pytest.raises(AccountClosed):
        await let(shop, card_id)

    assert await shop.count("automatic_top_up") == 0


async def test_a_card_is_charged_once_an_hour_at_the_most(shop: Shop) -> None:
    await let(shop, await shop.saved_card(), threshold=D(1000))

    bought = []
    for _ in range(4):
        bought.append(await buy(shop))
        shop.move(HOUR / 2)

    assert bought == [1, 0, 1, 0]


async def test_a_lost_answer_buys_once(shop: Shop) -> None:
    await let(shop, await shop.saved_card())
    shop.twin.webhooks.faults = Faults(lost_responses=1)

    bought = [await buy(shop), await buy(shop)]
    shop.move(2 * HOUR)
    bought.append(await buy(shop))

    assert bought == [1, 0, 0]
    assert await shop.standing() == {"balance": D("75.5")}


async def test_a_card_that_fails_again_and_again_is_let_alone(shop: Shop) -> None:
    await let(shop, await shop.saved_card())
    refuse(shop)

    bought = []
    for _ in range(AUTOMATIC_FAILURES_MAX + 2):
        bought.append(await buy(shop))
        shop.move(HOUR)

    row = await shop.row("automatic_top_up")
    assert bought == [1] * AUTOMATIC_FAILURES_MAX + [0, 0]
    assert (row["active"], row["failures"]) == (False, AUTOMATIC_FAILURES_MAX)
    await let(shop, row["saved_card_id"], expected_version=row["version"])
    refuse(shop, "succeeds")
    assert await buy(shop) == 1
    assert (await shop.row("automatic_top_up"))["failures"] == 0


async def test_whoever_changes_it_has_to_have_seen_it(shop: Shop) -> None:
    card_id = await shop.saved_card()
    await let(shop, card_id)

    with pytest.raises(AlreadyExists):
        await let(shop, card_id, amount=D(60))
    with pytest.raises(StaleVersion):
        await let(shop, card_id, amount=D(60), expected_version=7)
    with pytest.raises(TopUpAmountOutOfRange):
        await let(shop, card_id, amount=D("0.5"), expected_version=1)

    assert (await shop.row("automatic_top_up"))["amount_micro"] == 50_000_000
    await let(shop, card_id, amount=D(60), expected_version=1)
    assert (await shop.row("automatic_top_up"))["amount_micro"] == 60_000_000
