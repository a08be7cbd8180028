"""Stripe as a payment gateway, through Stripe's library and against its twin."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from db.enums import DisputeState, PaymentStatus, PaymentWay, RefundState
from domain.topups.facts import CardFact, DisputeFact, PaymentFact, PaymentKey, RefundFact
from domain.topups.gateway import NotGenuine, ProviderRefused, ProviderUnavailable, RefundRequest
from domain.topups.stripe import EVENT_AGE_MAX, EVENT_AHEAD_MAX, StripeGateway
from tests.stripe_twin.faults import Faults
from tests.stripe_twin.server import Twin
from tests.stripe_twin.webhooks import body_of, signed
from tests.topups.stripe import RETURN_URL, SECRETS, now_of, request, stripe_gateway

SECOND = timedelta(seconds=1)


@pytest.fixture
async def gateway(twin: Twin) -> AsyncIterator[StripeGateway]:
    twin.world.clock.stand_at(1_790_000_000)
    async with stripe_gateway(twin) as gateway:
        yield gateway


async def paid_by_card(twin: Twin, gateway: StripeGateway, card: str = "pm_card_visa") -> Any:
    asked = request(twin, PaymentWay.SAVED_CARD, card=card)
    return (await gateway.begin(asked)).payment


async def test_a_checkout_is_paid_on_its_page(twin: Twin, gateway: StripeGateway) -> None:
    asked = request(twin)

    offer = await gateway.begin(asked)
    checkout = offer.payment.checkout or ""
    twin.act("checkout.pay", id=checkout, card="pm_card_visa")
    after = await gateway.offer(asked.key, checkout=checkout, reference=None)

    assert (offer.payment.status, offer.payment.reference) == (PaymentStatus.OPEN, None)
    assert offer.url == f"{twin.world.url}/checkout/{checkout}"
    (session,) = twin.world.all("checkout.session")
    assert (session["amount_total"], session["success_url"]) == (2_550, RETURN_URL)
    assert (after.payment.key, after.payment.status) == (asked.key, PaymentStatus.SUCCEEDED)
    assert (after.payment.received, after.payment.currency) == (Decimal("25.5"), "TRY")
    assert after.url is None


async def test_a_card_form_gets_a_client_secret(twin: Twin, gateway: StripeGateway) -> None:
    offer = await gateway.begin(request(twin, PaymentWay.CARD_FORM))

    assert offer.client_secret is not None
    assert offer.client_secret.startswith(f"{offer.payment.reference}_secret_")
    assert offer.url is None


async def test_a_saved_card_pays_at_once(twin: Twin, gateway: StripeGateway) -> None:
    fact = await paid_by_card(twin, gateway)

    assert (fact.status, fact.received) == (PaymentStatus.SUCCEEDED, Decimal("25.5"))


async def test_a_declined_card_is_no_error(twin: Twin, gateway: StripeGateway) -> None:
    fact = await paid_by_card(twin, gateway, "pm_card_visa_chargeDeclined")

    assert (fact.status, fact.failure) == (PaymentStatus.OPEN, "card_declined")


async def test_a_payer_who_is_there_is_sent_to_3d_secure(
    twin: Twin, gateway: StripeGateway
) -> None:
    asked = request(twin, PaymentWay.SAVED_CARD, card="pm_card_authenticationRequired")

    offer = await gateway.begin(asked)

    assert offer.payment.status is PaymentStatus.OPEN
    assert offer.url == f"{twin.world.url}/3ds/{offer.payment.reference}"


async def test_a_payer_who_is_not_there_is_asked_nothing(
    twin: Twin, gateway: StripeGateway
) -> None:
    card = "pm_card_authenticationRequired"
    asked = request(twin, PaymentWay.SAVED_CARD, card=card, is_present=False)

    offer = await gateway.begin(asked)

    assert offer.payment.failure == "authentication_required"


async def test_the_same_request_begins_one_payment(twin: Twin, gateway: StripeGateway) -> None:
    asked = request(twin, PaymentWay.SAVED_CARD, card="pm_card_visa")
    twin.webhooks.faults = Faults(lost_responses=1)

    with pytest.raises(ProviderUnavailable):
        await gateway.begin(asked)
    offer = await gateway.begin(asked)

    assert offer.payment.status is PaymentStatus.SUCCEEDED
    assert len(twin.world.all("charge")) == 1


async def test_the_library_tries_again_by_itself(twin: Twin) -> None:
    twin.webhooks.faults = Faults(lost_responses=1, failures_before=1)

    async with stripe_gateway(twin, retries=2) as gateway:
        await paid_by_card(twin, gateway)

    assert len(twin.world.all("charge")) == 1


async def test_an_expired_page_cannot_be_paid(twin: Twin, gateway: StripeGateway) -> None:
    asked = request(twin)
    checkout = (await gateway.begin(asked)).payment.checkout

    fact = await gateway.cancel(asked.key, checkout=checkout, reference=None)
    again = await gateway.cancel(asked.key, checkout=checkout, reference=None)

    assert fact.status is again.status is PaymentStatus.CANCELLED


async def test_a_payment_that_came_about_is_not_cancelled(
    twin: Twin, gateway: StripeGateway
) -> None:
    paid = await paid_by_card(twin, gateway)

    fact = await gateway.cancel(paid.key, checkout=None, reference=paid.reference)

    assert fact.status is PaymentStatus.SUCCEEDED


async def test_money_is_given_back_once_for_a_key(twin: Twin, gateway: StripeGateway) -> None:
    paid = await paid_by_card(twin, gateway)
    asked = RefundRequest(
        key=uuid4(), payment=paid.reference, amount=Decimal("5.5"), currency="TRY"
    )

    fact, again = [await gateway.refund(asked) for _ in range(2)]

    assert (fact.key, fact.state, fact.amount) == (
        asked.key,
        RefundState.SUCCEEDED,
        Decimal("5.5"),
    )
    assert again.reference == fact.reference
    twin.act("refund.fail", id=fact.reference)
    failed = await gateway.refund_now(fact.reference)
    assert isinstance(failed, RefundFact)
    assert (failed.state, failed.failure) == (RefundState.FAILED, "lost_or_stolen_card")


async def test_more_than_was_paid_is_not_given_back(twin: Twin, gateway: StripeGateway) -> None:
    paid = await paid_by_card(twin, gateway)
    asked = RefundRequest(key=uuid4(), payment=paid.reference, amount=Decimal(26), currency="TRY")

    with pytest.raises(ProviderRefused):
        await gateway.refund(asked)

    assert twin.world.all("refund") == []


async def test_a_dispute_tells_what_moved(twin: Twin, gateway: StripeGateway) -> None:
    paid = await paid_by_card(twin, gateway)
    dispute = twin.act("dispute.open", payment_intent=paid.reference)
    twin.act("dispute.withdraw", id=dispute["id"])

    fact = await gateway.dispute_now(dispute["id"])

    assert isinstance(fact, DisputeFact)
    assert (fact.state, fact.payment) == (DisputeState.OPEN, paid.reference)
    assert (fact.withdrawn, fact.reinstated) == (Decimal("25.5"), Decimal(0))
    assert (fact.fee, fact.movements) == (Decimal(15), 1)


async def test_cards_are_saved_listed_and_forgotten(twin: Twin, gateway: StripeGateway) -> None:
    customer = await gateway.customer(key=uuid4(), described={"subscriber": "S1"})
    asked = request(twin, PaymentWay.CHECKOUT, customer=customer, save_card=True)
    checkout = (await gateway.begin(asked)).payment.checkout
    twin.act("checkout.pay", id=checkout, card="pm_card_mastercard")

    (card,) = await gateway.cards(customer)
    await gateway.forget_card(card.reference)
    await gateway.forget_card(card.reference)

    assert card == CardFact(
        reference=card.reference,
        customer=customer,
        brand="mastercard",
        last4="4444",
        expires_year=2034,
        expires_month=12,
    )
    assert await gateway.cards(customer) == []


async def test_objects_are_listed_page_by_page(twin: Twin, gateway: StripeGateway) -> None:
    since = now_of(twin)
    await paid_by_card(twin, gateway)
    twin.world.clock.move(60)
    paid = {(await paid_by_card(twin, gateway)).reference for _ in range(120)}
    twin.world.clock.move(60)
    await paid_by_card(twin, gateway)

    listed: list[PaymentFact] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = await gateway.listed(
            "payments", since=since + 60 * SECOND, until=since + 120 * SECOND, after=after
        )
        listed += [fact for fact in page.facts if isinstance(fact, PaymentFact)]
        after, pages = page.next, pages + 1

    assert {fact.reference for fact in listed} == paid
    assert (len(listed), pages) == (120, 2)


@pytest.mark.parametrize("name", ["refunds", "disputes"])
async def test_each_list_tells_of_its_objects(
    twin: Twin, gateway: StripeGateway, name: str
) -> None:
    paid = await paid_by_card(twin, gateway, "pm_card_createDispute")
    await gateway.refund(
        RefundRequest(key=uuid4(), payment=paid.reference, amount=Decimal(1), currency="TRY")
    )

    page = await gateway.listed(name, since=now_of(twin), until=now_of(twin) + SECOND, after=None)

    assert [getattr(fact, "payment", None) for fact in page.facts] == [paid.reference]


def event(twin: Twin) -> bytes:
    """Return the body of an event of the twin's."""
    twin.world.emit("customer.created", twin.world.add("customer", "cus"))
    return body_of(twin.world.events[-1])


@pytest.mark.parametrize("secret", SECRETS)
def test_each_of_the_secrets_is_good(twin: Twin, gateway: StripeGateway, secret: str) -> None:
    body = event(twin)
    headers = {"stripe-signature": signed(body, [secret], at_s=twin.world.clock())}

    found = gateway.verified(body, headers, now=now_of(twin))

    assert (found.id, found.kind) == (json.loads(body)["id"], "customer.created")


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(EVENT_AGE_MAX, id="as old as may be"),
        pytest.param(-EVENT_AHEAD_MAX, id="as far ahead as may be"),
    ],
)
def test_clocks_may_differ_a_little(twin: Twin, gateway: StripeGateway, late: timedelta) -> None:
    body = event(twin)
    headers = {"stripe-signature": signed(body, SECRETS, at_s=twin.world.clock())}

    assert gateway.verified(body, headers, now=now_of(twin) + late).kind == "customer.created"


@pytest.mark.parametrize(
    ("header", "late"),
    [
        pytest.param("{genuine}", EVENT_AGE_MAX + SECOND, id="too old"),
        pytest.param("{genuine}", -EVENT_AHEAD_MAX - SECOND, id="from the future"),
        pytest.param("{genuine},t={now}", EVENT_AGE_MAX + SECOND, id="a second time"),
        pytest.param("", timedelta(), id="no signature"),
        pytest.param("nonsense", timedelta(), id="no header of theirs"),
        pytest.param("t=x,v1=y", timedelta(), id="no time"),
        pytest.param("t={now},v1=ğ", timedelta(), id="no digest"),
        pytest.param("t={now},v0={digest}", timedelta(), id="another scheme"),
        pytest.param("t={now},v1=" + "0" * 64, timedelta(), id="another digest"),
    ],
)
def test_what_is_not_genuine_is_refused(
    twin: Twin, gateway: StripeGateway, header: str, late: timedelta
) -> None:
    body, now = event(twin), now_of(twin) + late
    genuine = signed(body, SECRETS[:1], at_s=twin.world.clock())
    given = header.format(
        genuine=genuine, now=int(now.timestamp()), digest=genuine.partition("v1=")[2]
    )

    with pytest.raises(NotGenuine):
        gateway.verified(body, {"stripe-signature": given}, now=now)


@pytest.mark.parametrize("tail", [b" ", b"\xff"])
def test_another_body_is_refused(twin: Twin, gateway: StripeGateway, tail: bytes) -> None:
    body = event(twin)
    headers = {"stripe-signature": signed(body, SECRETS, at_s=twin.world.clock())}

    with pytest.raises(NotGenuine):
        gateway.verified(body + tail, headers, now=now_of(twin))


async def test_events_say_what_their_objects_say(twin: Twin, gateway: StripeGateway) -> None:
    paid = await paid_by_card(twin, gateway, "pm_card_createDispute")
    asked = request(twin)
    checkout = (await gateway.begin(asked)).payment.checkout
    twin.act("checkout.expire", id=checkout)

    facts = [fact for one in twin.world.events for fact in gateway.facts(body_of(one))]

    assert [type(fact) for fact in facts] == [PaymentFact, PaymentFact, DisputeFact, PaymentFact]
    created, succeeded, _, expired = facts
    assert isinstance(created, PaymentFact)
    assert (created.status, created.at) == (PaymentStatus.OPEN, now_of(twin))
    assert isinstance(succeeded, PaymentFact)
    assert (succeeded.key, succeeded.reference) == (paid.key, paid.reference)
    assert isinstance(expired, PaymentFact)
    assert (expired.key, expired.status) == (asked.key, PaymentStatus.CANCELLED)


def test_payments_of_others_have_no_key(gateway: StripeGateway) -> None:
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "amount_received": 5,
        "currency": "jpy",
        "metadata": {"order": "12"},
        "status": "succeeded",
    }
    body = {"type": "payment_intent.succeeded", "created": 1, "data": {"object": intent}}

    (fact,) = gateway.facts(json.dumps(body).encode())

    assert isinstance(fact, PaymentFact)
    assert (fact.key, fact.received, fact.currency) == (None, Decimal(5), "JPY")


def test_a_key_is_read_back(twin: Twin, gateway: StripeGateway) -> None:
    asked = request(twin).key

    assert PaymentKey(asked.company_id, asked.key) == asked
    assert gateway.keys_kept < timedelta(hours=24)
