"""Stripe as a payment gateway, through Stripe's library and against its twin."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import PaymentStatus, PaymentWay
from domain.topups.facts import PaymentKey
from domain.topups.gateway import ProviderUnavailable
from domain.topups.stripe import StripeGateway
from tests.stripe_twin.faults import Faults
from tests.stripe_twin.server import Twin
from tests.topups.stripe import RETURN_URL, paid_by_card, request, stripe_gateway


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


def test_a_key_is_read_back(twin: Twin, gateway: StripeGateway) -> None:
    asked = request(twin).key

    assert PaymentKey(asked.company_id, asked.key) == asked
    assert gateway.keys_kept < timedelta(hours=24)
