"""The twin of Stripe, asked by Stripe's own library."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import stripe
from httpx import AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.stripe_twin.client import KEY, stripe_client
from tests.stripe_twin.faults import Faults
from tests.stripe_twin.server import Twin
from tests.stripe_twin.webhooks import Endpoint
from tests.topups.listening import listening

SECRETS = ("whsec_old", "whsec_new")
DAY_S = 24 * 3600


def money(**more: Any) -> Any:
    return {"amount": 1_000, "currency": "try", **more}


async def pay(client: stripe.StripeClient, card: str = "pm_card_visa", **more: Any) -> Any:
    params = money(payment_method=card, confirm=True, **more)
    return await client.v1.payment_intents.create_async(params)


def types(twin: Twin) -> list[str]:
    return [event["type"] for event in twin.world.events]


async def open_session(client: stripe.StripeClient) -> Any:
    return await client.v1.checkout.sessions.create_async(
        {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "try",
                        "unit_amount": 2_550,
                        "product_data": {"name": "Credit"},
                    },
                }
            ],
            "payment_intent_data": {"metadata": {"top_up": "7"}},
            "success_url": "https://app.example.com/done",
            "cancel_url": "https://app.example.com/back",
        }
    )


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


async def test_the_same_key_makes_one_intent_for_a_day(
    twin: Twin, client: stripe.StripeClient
) -> None:
    twin.world.clock.stand_at(1_000)
    options: Any = {"idempotency_key": "one"}

    first = await client.v1.payment_intents.create_async(money(), options)
    again = await client.v1.payment_intents.create_async(money(), options)
    with pytest.raises(stripe.IdempotencyError):
        await client.v1.payment_intents.create_async(money(amount=2), options)
    twin.world.clock.move(DAY_S)
    next_day = await client.v1.payment_intents.create_async(money(), options)

    assert first.id == again.id
    assert next_day.id != first.id
    assert len(twin.world.all("payment_intent")) == 2


async def test_a_lost_response_is_replayed_to_the_retry(twin: Twin) -> None:
    twin.webhooks.faults = Faults(lost_responses=1)

    async with stripe_client(twin.world.url, retries=2) as client:
        paid = await pay(client)

    assert [one["id"] for one in twin.world.all("payment_intent")] == [paid.id]
    assert len(twin.world.all("charge")) == 1


async def test_a_failure_after_the_fact_is_kept_for_the_key(
    twin: Twin, client: stripe.StripeClient
) -> None:
    twin.webhooks.faults = Faults(failures_after=1)
    options: Any = {"idempotency_key": "one"}

    for _ in range(2):
        with pytest.raises(stripe.APIError):
            await client.v1.payment_intents.create_async(money(), options)

    assert len(twin.world.all("payment_intent")) == 1


async def test_a_failure_before_the_fact_leaves_nothing(twin: Twin) -> None:
    twin.webhooks.faults = Faults(failures_before=1)

    async with stripe_client(twin.world.url, retries=1) as client:
        await pay(client)

    assert len(twin.world.all("payment_intent")) == 1


async def test_the_checkout_page_is_paid_by_a_form(twin: Twin, client: stripe.StripeClient) -> None:
    session = await open_session(client)

    async with AsyncClient(trust_env=False) as browser:
        page = await browser.get(session.url)
        declined = await browser.post(session.url, data={"card": "pm_card_visa_chargeDeclined"})
        asked = await browser.post(session.url, data={"card": "pm_card_authenticationRequired"})
        bank = f"{twin.world.url}{asked.headers['location']}"
        refused = await browser.post(bank, data={"answer": "no"})
        asked_again = await browser.post(
            refused.headers["location"], data={"card": "pm_card_authenticationRequired"}
        )
        passed = await browser.post(
            f"{twin.world.url}{asked_again.headers['location']}", data={"answer": "yes"}
        )

    found = await client.v1.checkout.sessions.retrieve_async(session.id)
    assert "Pay 25.50 TRY" in page.text
    assert "Your card was declined." in declined.text
    assert passed.headers["location"] == "https://app.example.com/done"
    assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
    (intent,) = twin.world.all("payment_intent")
    assert (intent["id"], intent["metadata"]) == (found.payment_intent, {"top_up": "7"})
    assert types(twin).count("payment_intent.payment_failed") == 2
    assert types(twin)[-1] == "checkout.session.completed"


async def test_an_expired_session_is_not_paid(twin: Twin, client: stripe.StripeClient) -> None:
    session = await open_session(client)
    await client.v1.checkout.sessions.expire_async(session.id)

    async with AsyncClient(trust_env=False) as browser:
        answer = await browser.post(session.url, data={"card": "pm_card_visa"})

    assert answer.status_code == 400
    assert twin.world.all("charge") == []


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


@asynccontextmanager
async def receiver(twin: Twin) -> AsyncIterator[list[tuple[bytes, str]]]:
    """Listen for events, and have the twin send them."""
    received: list[tuple[bytes, str]] = []

    async def take(request: Request) -> Response:
        received.append((await request.body(), request.headers["Stripe-Signature"]))
        return Response()

    async with listening(Starlette(routes=[Route("/", take, methods=["POST"])])) as url:
        twin.webhooks.endpoints = [Endpoint(url, SECRETS)]
        yield received
        twin.webhooks.release()
        await twin.webhooks.drained()


async def test_events_are_signed_with_each_secret(twin: Twin, client: stripe.StripeClient) -> None:
    async with receiver(twin) as received:
        await pay(client)
        await twin.webhooks.drained()

    for body, header in received:
        for secret in SECRETS:
            assert client.construct_event(body, header, secret).id
        with pytest.raises(stripe.SignatureVerificationError):
            client.construct_event(body + b" ", header, SECRETS[0])
    assert [json.loads(body)["type"] for body, _ in received] == types(twin)


async def test_events_are_lost_repeated_and_shuffled_as_planned(
    twin: Twin, client: stripe.StripeClient
) -> None:
    async with receiver(twin) as received:
        plan: Any = {"lost_events": 0.2, "duplicated_events": 0.3, "shuffled_events": 8, "seed": 5}
        twin.webhooks.faults = Faults.of(plan)
        await asyncio.gather(*(pay(client) for _ in range(10)))

    ids = [json.loads(body)["id"] for body, _ in received]
    told = [event["id"] for event in twin.world.events]
    lost = {event["id"] for event in twin.webhooks.lost}
    assert set(ids) == set(told) - lost
    assert 0 < len(lost) < len(told)
    assert len(ids) > len(set(ids))
    assert ids != [one for one in told if one in set(ids)]


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
