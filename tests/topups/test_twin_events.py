"""The twin's events are signed as Stripe's are, and get lost when that is wanted."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import pytest
import stripe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.stripe_twin.faults import Faults
from tests.stripe_twin.server import Twin
from tests.stripe_twin.webhooks import Endpoint
from tests.topups.listening import listening
from tests.topups.paying import pay, types

SECRETS = ("whsec_old", "whsec_new")


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


async def test_events_come_late_as_planned(twin: Twin, client: stripe.StripeClient) -> None:
    async with receiver(twin) as received:
        twin.webhooks.faults = Faults.of({"delay_s": 0.2})
        begun_at = monotonic()

        await pay(client)
        await twin.webhooks.drained()

        late_s = monotonic() - begun_at

    assert len(received) == len(twin.world.events) > 1
    # One after another, each held back.
    assert late_s >= 0.19 * len(received)
