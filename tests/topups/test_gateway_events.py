"""Events of Stripe are believed when they are genuine, and say what their objects say."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import PaymentStatus
from domain.topups.facts import DisputeFact, PaymentFact
from domain.topups.gateway import NotGenuine
from domain.topups.stripe import EVENT_AGE_MAX, EVENT_AHEAD_MAX, StripeGateway
from tests.stripe_twin.server import Twin
from tests.stripe_twin.webhooks import body_of, signed
from tests.topups.stripe import SECOND, SECRETS, now_of, paid_by_card, request


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
