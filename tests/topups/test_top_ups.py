"""Buying credit from the twin: started once, credited once, whatever is heard and when."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import PaymentWay
from domain.accounts.suspension import AccountClosed
from domain.companies import settings
from domain.ledger.posting import IdempotencyConflict
from domain.refusals import InvalidValue, NotThere
from domain.topups import looking
from domain.topups.gateway import Gateways
from domain.topups.wishes import (
    WAITING_MAX,
    PaymentsNotSetUp,
    PaymentUnavailable,
    TooManyTopUps,
    TopUpAmountOutOfRange,
    TopUpLapsed,
)
from tests.stripe_twin.faults import Faults
from tests.topups.shop import Shop

D = Decimal
HOUR = timedelta(hours=1)


async def test_a_top_up_is_credited_when_the_provider_says_that_it_is_paid(shop: Shop) -> None:
    started = await shop.start()
    before = await shop.standing()
    shop.submit(started)
    shop.move(timedelta(minutes=2))
    await shop.hear()

    row = await shop.top_up(started.top_up_id)
    assert before == {}
    assert await shop.standing() == {"balance": D("25.5")}
    assert await shop.sides() == {"CREDIT": D("25.5"), "PROVIDER_CLEARING": D("-25.5")}
    assert (row["state"], row["credited_at"]) == ("CREDITED", shop.now)
    assert row["paid_at"] == shop.now - timedelta(minutes=2)


async def test_hearing_everything_again_credits_nothing(shop: Shop) -> None:
    await shop.paid()

    again = [{**event, "id": f"{event['id']}_2"} for event in shop.twin.world.events]
    await shop.hear_of([*shop.twin.world.events, *again])

    assert await shop.standing() == {"balance": D("25.5")}
    assert await shop.count("journal") == 1


async def test_the_same_key_starts_one_top_up(shop: Shop) -> None:
    first = await shop.start(key="one")
    again = await shop.start(key="one")
    with pytest.raises(IdempotencyConflict):
        await shop.start("30", key="one")

    assert first == again
    assert len(shop.twin.world.all("checkout.session")) == 1
    assert await shop.count("top_up") == 1


async def test_the_same_key_at_once_starts_one_top_up(shop: Shop) -> None:
    started = await asyncio.gather(*(shop.start(key="one") for _ in range(5)))

    assert len({one.top_up_id for one in started}) == 1
    assert await shop.count("top_up") == 1
    assert len(shop.twin.world.all("checkout.session")) == 1


async def test_a_lost_response_makes_one_charge(shop: Shop) -> None:
    card = await shop.saved_card()
    shop.twin.webhooks.faults = Faults(lost_responses=1)

    with pytest.raises(PaymentUnavailable):
        await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card, key="two")
    charged = len(shop.twin.world.all("charge"))
    again = await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card, key="two")

    assert charged == len(shop.twin.world.all("charge")) == 2
    assert (await shop.top_up(again.top_up_id))["state"] == "CREDITED"
    assert await shop.standing() == {"balance": D("65.5")}


async def test_a_lost_response_is_asked_for_again_without_anybody(shop: Shop) -> None:
    card = await shop.saved_card()
    shop.twin.webhooks.faults = Faults(lost_responses=1)
    with pytest.raises(PaymentUnavailable):
        await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card)

    shop.move(timedelta(minutes=2))
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert await shop.standing() == {"balance": D("65.5")}
    assert len(shop.twin.world.all("charge")) == 2


async def test_a_key_that_the_provider_may_have_forgotten_is_not_used_again(shop: Shop) -> None:
    card = await shop.saved_card()
    shop.twin.webhooks.faults = Faults(lost_responses=1)
    with pytest.raises(PaymentUnavailable):
        await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card, key="two")

    shop.move(25 * HOUR)
    with pytest.raises(TopUpLapsed):
        await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card, key="two")
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert len(shop.twin.world.all("charge")) == 2
    await shop.hear()
    assert await shop.standing() == {"balance": D("65.5")}


async def test_a_failure_that_the_provider_keeps_is_mended_by_its_event(shop: Shop) -> None:
    card = await shop.saved_card()
    shop.twin.webhooks.faults = Faults(failures_after=1)
    for _ in range(2):
        with pytest.raises(PaymentUnavailable):
            await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card, key="two")

    await shop.hear()

    assert await shop.standing() == {"balance": D("65.5")}
    assert (await shop.start("40", way=PaymentWay.SAVED_CARD, card_id=card, key="two")).url is None


async def test_a_payment_that_takes_days_is_in_flight(shop: Shop) -> None:
    top_up_id = await shop.paid(card="pm_card_slow")
    in_flight = (await shop.top_up(top_up_id))["state"], await shop.standing()
    (intent,) = shop.twin.world.all("payment_intent")

    shop.twin.act("intent.settle", id=intent["id"], succeeded=True)
    await shop.hear()

    assert in_flight == ("IN_FLIGHT", {"in_flight": D("25.5")})
    assert await shop.standing() == {"balance": D("25.5")}
    assert await shop.sides() == {"CREDIT": D("25.5"), "PROVIDER_CLEARING": D("-25.5")}


async def test_a_payment_that_does_not_come_about_leaves_nothing(shop: Shop) -> None:
    top_up_id = await shop.paid(card="pm_card_slow")
    (intent,) = shop.twin.world.all("payment_intent")

    shop.move(HOUR)
    shop.twin.act("intent.settle", id=intent["id"], succeeded=False)
    await shop.hear()

    assert (await shop.top_up(top_up_id))["failure"] == "payment_intent_payment_attempt_failed"
    assert await shop.standing() == {}
    assert await shop.sides() == {}


async def test_what_nobody_pays_lapses(shop: Shop) -> None:
    started = await shop.start()

    shop.move(HOUR)
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    row = await shop.top_up(started.top_up_id)
    (session,) = shop.twin.world.all("checkout.session")
    assert (row["state"], row["look_again_at"]) == ("LAPSED", None)
    assert session["status"] == "expired"


async def test_what_was_paid_at_the_last_moment_does_not_lapse(shop: Shop) -> None:
    started = await shop.start()
    shop.submit(started)

    shop.move(HOUR)
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert (await shop.top_up(started.top_up_id))["state"] == "CREDITED"
    assert await shop.standing() == {"balance": D("25.5")}


async def test_a_page_that_was_never_heard_of_lapses(shop: Shop) -> None:
    shop.twin.webhooks.faults = Faults(failures_before=1)
    with pytest.raises(PaymentUnavailable):
        await shop.start(key="one")

    shop.move(HOUR)
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    row = await access.read_row("select state from top_up")
    assert row is not None
    assert row["state"] == "LAPSED"


async def test_a_top_up_clears_what_is_owed_first(shop: Shop) -> None:
    await shop.owe(DEBT="8", CREDIT="3", EMERGENCY_CREDIT="10")

    await shop.paid("25.5")

    assert await shop.standing() == {"balance": D("4.5")}


async def test_a_share_goes_to_debt_up_to_its_cap_in_a_week(shop: Shop) -> None:
    await shop.owe(DEBT="100")
    share = {
        "debt_share_percent": D(10),
        "debt_share_cap": D(5),
        "debt_share_period": "WEEK",
    }
    await settings.update(company_id=shop.place.company_id, expected_version=1, changes=share)
    shop.move(timedelta(days=5))  # to Monday

    debts = []
    for _ in range(8):
        await shop.paid("10")
        debts.append((await shop.standing())["debt"])
        shop.move(timedelta(days=1))

    assert debts == [D(debt) for debt in (99, 98, 97, 96, 95, 95, 95, 94)]
    assert await shop.standing() == {"balance": D(74), "debt": D(94)}


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        pytest.param({"amount": "0.99"}, TopUpAmountOutOfRange, id="too little"),
        pytest.param({"amount": "10000.01"}, TopUpAmountOutOfRange, id="too much"),
        pytest.param({"amount": "10.005"}, InvalidValue, id="half a coin"),
        pytest.param({"return_url": "javascript:alert(1)"}, InvalidValue, id="no page"),
        pytest.param({"return_url": "http://example.com"}, InvalidValue, id="no https"),
        pytest.param({"return_url": None}, InvalidValue, id="nowhere to come back to"),
        pytest.param({"instalments": 2}, InvalidValue, id="instalments"),
        pytest.param({"way": PaymentWay.SAVED_CARD}, InvalidValue, id="no card"),
        pytest.param({"card_id": 5}, InvalidValue, id="a card for nothing"),
        pytest.param({"way": PaymentWay.SAVED_CARD, "card_id": 5}, NotThere, id="no such card"),
        pytest.param({"account_id": 5}, NotThere, id="no such account"),
    ],
)
async def test_what_cannot_be_bought_starts_nothing(
    shop: Shop, wish: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await shop.start(**wish)

    assert await shop.count("top_up") == 0
    assert shop.twin.world.all("checkout.session") == []


async def test_an_account_that_has_ended_buys_nothing(shop: Shop) -> None:
    async with access.system() as connection:
        await connection.execute("update account set closed_at = $1", shop.now)

    with pytest.raises(AccountClosed):
        await shop.start()

    assert await shop.count("top_up") == 0


async def test_without_a_provider_nothing_is_started(shop: Shop) -> None:
    with pytest.raises(PaymentsNotSetUp):
        await shop.start(by=Gateways())

    assert await shop.count("top_up") == 0


async def test_no_other_provider_is_asked_for_what_was_begun_at_one(shop: Shop) -> None:
    await shop.start(key="one")
    async with shop.system() as connection:
        await connection.execute("update top_up set provider = 'another'")

    with pytest.raises(PaymentsNotSetUp):
        await shop.start(key="one")

    assert await shop.count("top_up") == len(shop.twin.world.all("checkout.session")) == 1


async def test_only_so_many_top_ups_wait_to_be_paid(shop: Shop) -> None:
    for _ in range(WAITING_MAX):
        await shop.start()

    with pytest.raises(TooManyTopUps):
        await shop.start()
    assert await shop.count("top_up") == len(shop.twin.world.all("checkout.session")) == WAITING_MAX
    shop.move(HOUR)

    assert (await shop.start()).url is not None
