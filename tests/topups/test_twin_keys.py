"""The twin answers a retry as Stripe does, whatever was lost."""

from typing import Any

import pytest
import stripe

from tests.stripe_twin.client import stripe_client
from tests.stripe_twin.faults import Faults
from tests.stripe_twin.server import Twin
from tests.topups.paying import money, pay

DAY_S = 24 * 3600


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
