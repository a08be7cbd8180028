"""The gateway of Stripe, with the twin behind it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from db.enums import PaymentWay
from db.ids import CompanyId
from domain.topups.facts import PaymentKey
from domain.topups.gateway import PaymentRequest
from domain.topups.stripe import StripeGateway
from tests.stripe_twin.client import KEY
from tests.stripe_twin.server import Twin

SECRETS = ("whsec_of_the_twin", "whsec_of_the_next")
SECOND = timedelta(seconds=1)
RETURN_URL = "https://app.example.com/back"


@asynccontextmanager
async def stripe_gateway(
    twin: Twin, *, clock: Callable[[], datetime] | None = None, retries: int = 0
) -> AsyncIterator[StripeGateway]:
    """Lend a gateway; its clock is the twin's unless another is given."""
    gateway = StripeGateway(
        secret_key=KEY,
        webhook_secrets=SECRETS,
        clock=clock or (lambda: now_of(twin)),
        api_url=twin.world.url,
        retries=retries,
    )
    try:
        yield gateway
    finally:
        await gateway.close()


@asynccontextmanager
async def nobody_there() -> AsyncIterator[StripeGateway]:
    """Lend a gateway whose provider does not answer."""
    gateway = StripeGateway(
        secret_key=KEY,
        webhook_secrets=SECRETS,
        clock=lambda: datetime.now(UTC),
        api_url="http://127.0.0.1:1",
        retries=0,
    )
    try:
        yield gateway
    finally:
        await gateway.close()


def now_of(twin: Twin) -> datetime:
    return datetime.fromtimestamp(twin.world.clock(), UTC)


def request(twin: Twin, way: PaymentWay = PaymentWay.CHECKOUT, **changes: Any) -> PaymentRequest:
    """Return a request for 25.50 TRY."""
    asked = {
        "key": PaymentKey(CompanyId(3), uuid4()),
        "way": way,
        "amount": Decimal("25.5"),
        "currency": "TRY",
        "description": "Credit for A1",
        "lapses_at": now_of(twin) + timedelta(hours=1),
        "return_url": RETURN_URL,
        **changes,
    }
    return PaymentRequest(**asked)


async def paid_by_card(twin: Twin, gateway: StripeGateway, card: str = "pm_card_visa") -> Any:
    asked = request(twin, PaymentWay.SAVED_CARD, card=card)
    return (await gateway.begin(asked)).payment
