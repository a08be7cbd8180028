"""Money that Stripe gives back or takes away, and cards that it keeps."""

from decimal import Decimal
from uuid import uuid4

import pytest

from db.enums import DisputeState, PaymentWay, RefundState
from domain.topups.facts import CardFact, DisputeFact, RefundFact
from domain.topups.gateway import ProviderRefused, RefundRequest
from domain.topups.stripe import StripeGateway
from tests.stripe_twin.server import Twin
from tests.topups.stripe import paid_by_card, request


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
