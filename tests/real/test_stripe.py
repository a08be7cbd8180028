"""Stripe itself, in its test mode: WATTLEDGER_STRIPE_SECRET_KEY=sk_test_… in the environment.

What the twin is asked in other tests, asked of the real one. No money moves.
"""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from db.enums import PaymentStatus, PaymentWay, RefundState
from db.ids import CompanyId
from domain.topups.facts import PaymentFact, PaymentKey
from domain.topups.gateway import PaymentRequest, RefundRequest
from domain.topups.stripe import StripeGateway

KEY = os.environ.get("WATTLEDGER_STRIPE_SECRET_KEY", "")

pytestmark = pytest.mark.skipif(
    not KEY.startswith(("sk_test_", "rk_test_")),
    reason="no test key of Stripe's in WATTLEDGER_STRIPE_SECRET_KEY",
)


def request(way: PaymentWay) -> PaymentRequest:
    return PaymentRequest(
        key=PaymentKey(CompanyId(1), uuid4()),
        way=way,
        amount=Decimal("25.5"),
        currency="TRY",
        description="A test of Wattledger",
        lapses_at=datetime.now(UTC) + timedelta(hours=1),
        return_url="https://app.example.com/back",
        card="pm_card_visa" if way is PaymentWay.SAVED_CARD else None,
    )


async def test_stripe_takes_and_gives_back_what_its_twin_does() -> None:
    begun_at = datetime.now(UTC) - timedelta(minutes=1)
    gateway = StripeGateway(secret_key=KEY, webhook_secrets=(), clock=lambda: datetime.now(UTC))
    try:
        page = request(PaymentWay.CHECKOUT)
        offer = await gateway.begin(page)
        left = await gateway.cancel(page.key, checkout=offer.payment.checkout, reference=None)
        asked = request(PaymentWay.SAVED_CARD)
        paid, again = [(await gateway.begin(asked)).payment for _ in range(2)]
        refund = await gateway.refund(
            RefundRequest(
                key=uuid4(), payment=paid.reference or "", amount=Decimal(5), currency="TRY"
            )
        )
        listed = await gateway.listed(
            "payments",
            since=begun_at,
            until=datetime.now(UTC) + timedelta(minutes=1),
            after=None,
        )
    finally:
        await gateway.close()

    assert (offer.url or "").startswith("https://checkout.stripe.com/")
    assert left.status is PaymentStatus.CANCELLED
    assert (paid.status, paid.received) == (PaymentStatus.SUCCEEDED, Decimal("25.5"))
    assert again.reference == paid.reference
    assert refund.state in {RefundState.PENDING, RefundState.SUCCEEDED}
    facts = {fact.reference: fact for fact in listed.facts if isinstance(fact, PaymentFact)}
    assert facts[paid.reference].key == asked.key
