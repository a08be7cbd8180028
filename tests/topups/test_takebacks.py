"""Refunds and disputes of top-ups: what they take from accounts, and when it comes back."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.companies import settings
from domain.ledger import reversal
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.reversal import NotReversible
from domain.refusals import InvalidValue, Refused
from domain.topups import looking
from domain.topups.gateway import Gateways
from domain.topups.refunds import NotRefundable, RefundTooLarge
from tests.topups.shop import Shop
from tests.topups.stripe import nobody_there

D = Decimal
PAID = {"balance": D("25.5")}


async def test_a_refund_is_taken_from_the_account_at_once_and_once(shop: Shop) -> None:
    top_up_id = await shop.paid()

    first = await shop.refund(top_up_id, "10", key="one")
    again = await shop.refund(top_up_id, "10", key="one")
    await shop.hear()
    with pytest.raises(IdempotencyConflict):
        await shop.refund(top_up_id, "11", key="one")

    assert first == again
    assert await shop.standing() == {"balance": D("15.5")}
    assert await shop.sides() == {"CREDIT": D("15.5"), "PROVIDER_CLEARING": D("-15.5")}
    refund, top_up = await shop.row("top_up_refund"), await shop.top_up(top_up_id)
    assert (refund["state"], refund["reason"]) == ("SUCCEEDED", "moved away")
    assert (top_up["state"], top_up["refunded_micro"]) == ("CREDITED", 10_000_000)
    assert len(shop.twin.world.all("refund")) == 1


async def test_all_that_is_left_is_given_back(shop: Shop) -> None:
    top_up_id = await shop.paid()
    await shop.refund(top_up_id, "10")

    await shop.refund(top_up_id)

    assert (await shop.top_up(top_up_id))["state"] == "REFUNDED"
    assert await shop.standing() == {}
    with pytest.raises(RefundTooLarge) as refused:
        await shop.refund(top_up_id, "0.01")
    assert refused.value.left == 0
    assert await shop.count("top_up_refund") == len(shop.twin.world.all("refund")) == 2


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        pytest.param("25.51", RefundTooLarge, id="more than was paid"),
        pytest.param("0", InvalidValue, id="nothing"),
        pytest.param("-1", InvalidValue, id="less than nothing"),
        pytest.param("1.005", InvalidValue, id="half a coin"),
    ],
)
async def test_what_cannot_be_given_back_changes_nothing(
    shop: Shop, amount: str, refusal: type[Refused]
) -> None:
    top_up_id = await shop.paid()

    with pytest.raises(refusal) as refused:
        await shop.refund(top_up_id, amount)

    assert refused.value.path == ("amount",)
    assert await shop.standing() == PAID
    assert await shop.count("top_up_refund") == len(shop.twin.world.all("refund")) == 0


async def test_what_was_not_paid_is_not_given_back(shop: Shop) -> None:
    started = await shop.start()

    with pytest.raises(NotRefundable):
        await shop.refund(started.top_up_id)

    assert await shop.count("top_up_refund") == 0


async def test_a_refund_that_fails_weeks_later_comes_back(shop: Shop) -> None:
    top_up_id = await shop.paid()
    await shop.refund(top_up_id)
    await shop.hear()

    shop.move(timedelta(days=20))
    shop.twin.act("refund.fail", id=shop.twin.world.all("refund")[0]["id"])
    await shop.hear()

    assert await shop.standing() == PAID
    assert (await shop.row("top_up_refund"))["failure"] == "lost_or_stolen_card"
    assert (await shop.top_up(top_up_id))["state"] == "CREDITED"
    await shop.refund(top_up_id)
    assert await shop.standing() == {}


async def test_a_failure_that_nobody_tells_of_is_found(shop: Shop) -> None:
    await shop.refund(await shop.paid())
    shop.twin.act("refund.fail", id=shop.twin.world.all("refund")[0]["id"])

    shop.move(timedelta(days=7))
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert await shop.standing() == PAID
    assert (await shop.row("top_up_refund"))["look_again_at"] is None


async def test_a_refund_that_stays_good_is_let_alone_after_a_month(shop: Shop) -> None:
    await shop.refund(await shop.paid())

    for _ in range(6):
        shop.move(timedelta(days=7))
        await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert (await shop.row("top_up_refund"))["look_again_at"] is None


async def test_a_provider_that_does_not_answer_is_asked_sooner(shop: Shop) -> None:
    await dispute(shop)
    await shop.refund(await shop.paid())
    shop.move(timedelta(days=8))

    async with nobody_there() as gateway:
        await looking.look_again(gateways=Gateways(gateway), now=shop.now)

    soon = shop.now + looking.SOON
    assert (await shop.row("top_up_dispute"))["look_again_at"] == soon
    assert (await shop.row("top_up_refund"))["look_again_at"] == soon


async def test_a_refund_that_the_provider_refuses_comes_back(shop: Shop) -> None:
    top_up_id = await shop.paid()
    charge = shop.twin.world.all("charge")[0]
    charge["amount_refunded"] = charge["amount"]

    await shop.refund(top_up_id, "10")

    assert (await shop.row("top_up_refund"))["state"] == "FAILED"
    assert (await shop.row("top_up_refund"))["failure"] == "charge_already_refunded"
    assert await shop.standing() == PAID


async def test_a_refund_at_the_providers_desk_counts_too(shop: Shop) -> None:
    await shop.paid()
    (intent,) = shop.twin.world.all("payment_intent")
    await shop.gateway._api.refunds.create_async({"payment_intent": intent["id"], "amount": 500})

    await shop.hear()

    refund = await shop.row("top_up_refund")
    assert (refund["state"], refund["idempotency_key"]) == ("SUCCEEDED", None)
    assert await shop.standing() == {"balance": D("20.5")}


async def dispute(shop: Shop) -> str:
    await shop.paid()
    (intent,) = shop.twin.world.all("payment_intent")
    opened = shop.twin.act("dispute.open", payment_intent=intent["id"])
    await shop.hear()
    return str(opened["id"])


async def test_an_open_dispute_holds_the_credit(shop: Shop) -> None:
    await dispute(shop)

    assert await shop.standing() == {}
    assert await shop.sides() == {"DISPUTED": D("25.5"), "PROVIDER_CLEARING": D("-25.5")}
    assert (await shop.row("top_up"))["state"] == "DISPUTED"


async def test_withdrawn_is_not_lost(shop: Shop) -> None:
    dispute_id = await dispute(shop)

    shop.twin.act("dispute.withdraw", id=dispute_id)
    await shop.hear()

    assert (await shop.row("top_up"))["state"] == "DISPUTED"
    assert await shop.standing() == {}
    assert await shop.sides() == {"PROVIDER_FEES": D(-15), "PROVIDER_CLEARING": D(15)}


async def test_a_dispute_that_is_won_gives_back_what_was_reinstated(shop: Shop) -> None:
    dispute_id = await dispute(shop)
    shop.twin.act("dispute.withdraw", id=dispute_id)
    shop.twin.act("dispute.close", id=dispute_id, status="won")
    await shop.hear()
    won = await shop.standing()

    shop.twin.act("dispute.reinstate", id=dispute_id)
    await shop.hear()

    assert won == {}
    assert await shop.standing() == PAID
    assert await shop.sides() == {"CREDIT": D("25.5"), "PROVIDER_CLEARING": D("-25.5")}
    assert (await shop.row("top_up"))["state"] == "CREDITED"


async def test_a_dispute_that_is_lost_claws_back(shop: Shop) -> None:
    dispute_id = await dispute(shop)
    shop.twin.act("dispute.withdraw", id=dispute_id)
    shop.twin.act("dispute.close", id=dispute_id, status="lost")
    await shop.hear()

    assert await shop.standing() == {}
    assert await shop.sides() == {"PROVIDER_FEES": D(-15), "PROVIDER_CLEARING": D(15)}
    row = await shop.row("top_up")
    assert (row["state"], row["held_micro"]) == ("CHARGED_BACK", 25_500_000)
    with pytest.raises(NotRefundable):
        await shop.refund(row["id"])
    assert await shop.count("top_up_refund") == len(shop.twin.world.all("refund")) == 0
    assert (await shop.row("top_up_dispute"))["look_again_at"] is None


async def test_an_inquiry_that_is_closed_gives_all_back(shop: Shop) -> None:
    dispute_id = await dispute(shop)

    shop.twin.act("dispute.close", id=dispute_id, status="warning_closed")
    await shop.hear()

    assert await shop.standing() == PAID


async def test_a_dispute_that_nobody_tells_of_is_looked_at(shop: Shop) -> None:
    dispute_id = await dispute(shop)
    shop.twin.act("dispute.withdraw", id=dispute_id)
    shop.twin.act("dispute.close", id=dispute_id, status="lost")

    shop.move(timedelta(hours=12))
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert (await shop.row("top_up"))["state"] == "CHARGED_BACK"


async def test_a_dispute_that_is_heard_of_before_its_payment_waits_for_it(shop: Shop) -> None:
    started = await shop.start()
    shop.submit(started, "pm_card_createDispute")
    events = shop.twin.world.events
    (disputed,) = [one for one in events if one["type"] == "charge.dispute.created"]

    await shop.hear_of([disputed])
    waiting = (await shop.row("webhook_event"))["state"], await shop.standing()
    shop.move(timedelta(minutes=1))
    await shop.hear_of([one for one in events if one is not disputed])

    assert waiting == ("WAITING", {})
    assert await shop.standing() == {}
    assert await shop.sides() == {"DISPUTED": D("25.5"), "PROVIDER_CLEARING": D("-25.5")}


async def test_what_a_provider_was_paid_is_not_reversed_by_hand(shop: Shop) -> None:
    top_up = await shop.top_up(await shop.paid())
    async with shop.tenant() as connection:
        with pytest.raises(NotReversible):
            await reversal.reverse(
                connection,
                company_id=shop.place.company_id,
                journal_id=top_up["journal_id"],
                reason="a mistake",
                now=shop.now,
            )

    assert await shop.standing() == PAID


async def test_a_currency_that_was_paid_in_stays(shop: Shop) -> None:
    await shop.start()

    with pytest.raises(settings.CurrencyFixed):
        await settings.update(
            company_id=shop.place.company_id, expected_version=1, changes={"currency": "EUR"}
        )

    assert (await shop.row("top_up"))["currency"] == "TRY"
