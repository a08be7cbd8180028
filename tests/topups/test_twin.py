"""The twin of Stripe, asked by Stripe's own library."""

import pytest
import stripe
from httpx import AsyncClient

from tests.stripe_twin.client import KEY
from tests.stripe_twin.server import Twin
from tests.topups.paying import money, pay, types


async def test_an_intent_is_created_confirmed_and_retrieved(
    twin: Twin, client: stripe.StripeClient
) -> None:
    made = await client.v1.payment_intents.create_async(money(metadata={"top_up": "7"}))
    await client.v1.payment_intents.confirm_async(made.id, {"payment_method": "pm_card_visa"})
    found = await client.v1.payment_intents.retrieve_async(made.id)

    assert (made.status, made.amount_received) == ("requires_payment_method", 0)
    assert (found.status, found.amount_received) == ("succeeded", 1_000)
    assert found.metadata["top_up"] == "7"
    assert types(twin) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


async def test_a_declined_card_leaves_the_intent_open(
    twin: Twin, client: stripe.StripeClient
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        await pay(client, "pm_card_visa_chargeDeclined")

    assert declined.value.code == "card_declined"
    (intent,) = twin.world.all("payment_intent")
    assert (intent["status"], intent["amount_received"]) == ("requires_payment_method", 0)


async def test_a_card_that_asks_is_declined_when_nobody_is_there(
    client: stripe.StripeClient,
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        await pay(client, "pm_card_authenticationRequired", off_session=True)

    assert declined.value.code == "authentication_required"


async def test_an_intent_can_be_cancelled_until_it_is_paid(client: stripe.StripeClient) -> None:
    open_one = await client.v1.payment_intents.create_async(money())
    paid = await pay(client)

    cancelled = await client.v1.payment_intents.cancel_async(open_one.id)
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.payment_intents.cancel_async(paid.id)

    assert cancelled.status == "canceled"


async def test_intents_are_listed_page_by_page_from_a_time(
    twin: Twin, client: stripe.StripeClient
) -> None:
    twin.world.clock.stand_at(1_000)
    await client.v1.payment_intents.create_async(money())
    twin.world.clock.move(60)
    newer = [(await client.v1.payment_intents.create_async(money())).id for _ in range(5)]

    first = await client.v1.payment_intents.list_async({"limit": 2, "created": {"gte": 1_060}})
    listed = [one.id async for one in first.auto_paging_iter()]

    assert listed == newer[::-1]
    assert first.has_more


async def test_a_saved_card_pays_without_its_owner(client: stripe.StripeClient) -> None:
    customer = await client.v1.customers.create_async({"metadata": {"subscriber": "3"}})
    first = await pay(client, customer=customer.id, setup_future_usage="off_session")
    cards = await client.v1.payment_methods.list_async({"customer": customer.id})

    later = await pay(client, cards.data[0].id, customer=customer.id, off_session=True)

    assert [card.card.last4 for card in cards.data if card.card] == ["4242"]
    assert (first.status, later.status) == ("succeeded", "succeeded")


async def test_a_refund_can_fail_after_it_succeeded(
    twin: Twin, client: stripe.StripeClient
) -> None:
    paid = await pay(client)
    refund = await client.v1.refunds.create_async({"payment_intent": paid.id, "amount": 400})
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.refunds.create_async({"payment_intent": paid.id, "amount": 601})

    twin.act("refund.fail", id=refund.id)

    found = await client.v1.refunds.retrieve_async(refund.id)
    assert (refund.status, found.status) == ("succeeded", "failed")
    assert twin.world.get("charge", paid.latest_charge)["amount_refunded"] == 0


async def test_a_dispute_withdraws_gives_back_and_ends(
    twin: Twin, client: stripe.StripeClient
) -> None:
    paid = await pay(client)

    dispute = twin.act("dispute.open", payment_intent=paid.id)
    twin.act("dispute.withdraw", id=dispute["id"])
    twin.act("dispute.reinstate", id=dispute["id"])
    twin.act("dispute.close", id=dispute["id"], status="won")

    found = await client.v1.disputes.retrieve_async(dispute["id"])
    assert [(entry.amount, entry.fee) for entry in found.balance_transactions] == [
        (-1_000, 1_500),
        (1_000, -1_500),
    ]
    assert found.status == "won"
    assert types(twin)[-4:] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


async def test_everything_is_steered_over_http(twin: Twin, client: stripe.StripeClient) -> None:
    paid = await pay(client)

    async with AsyncClient(base_url=twin.world.url, trust_env=False) as http:
        clock = await http.post("/_twin/clock", json={"at_s": 5_000, "by_s": 60})
        await http.post("/_twin/faults", json={"failures_before": 3})
        await http.post("/_twin/webhooks", json=[{"url": "http://localhost:1", "secrets": ["s"]}])
        opened = await http.post("/_twin/acts/dispute.open", json={"payment_intent": paid.id})
        refused = await http.post("/_twin/acts/refund.fail", json={"id": "re_none"})

    assert clock.json() == {"now_s": 5_060}
    assert twin.webhooks.faults.failures_before == 3
    assert twin.webhooks.endpoints[0].secrets == ["s"]
    assert opened.json()["created"] == 5_060
    assert refused.status_code == 404


async def test_a_live_key_is_refused(twin: Twin) -> None:
    async with AsyncClient(base_url=twin.world.url, trust_env=False) as http:
        live = KEY.replace("test", "live")
        answer = await http.get("/v1/payment_intents", headers={"Authorization": f"Bearer {live}"})

    assert answer.status_code == 401
