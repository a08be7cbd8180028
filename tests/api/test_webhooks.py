"""What payment providers post: kept as it came, once, and only if it is theirs."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Response

from api.webhooks.payments import BODY_BYTES_MAX
from db import access
from db.settings import Urls
from domain.topups.gateway import Gateways
from domain.topups.stripe import StripeGateway
from tests.api.web import Web, web
from tests.factories import NOW
from tests.stripe_twin.client import KEY
from tests.stripe_twin.webhooks import signed
from tests.topups.stripe import SECRETS

EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.created",
    "created": int(NOW.timestamp()),
    "data": {"object": {"object": "customer"}},
}
BODY = json.dumps(EVENT, indent=2).encode()


@pytest.fixture
async def selling(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    """Lend an API with a payment provider."""
    gateway = StripeGateway(
        secret_key=KEY, webhook_secrets=SECRETS, clock=lambda: datetime.now(UTC)
    )
    async with web(database, redis_url, gateways=Gateways(gateway)) as running:
        yield running


async def post(
    web: Web, body: bytes = BODY, *, secret: str = SECRETS[0], provider: str = "stripe"
) -> Response:
    header = signed(body, [secret], at_s=int(web.clock().timestamp()))
    return await web.http.post(
        f"/webhooks/{provider}", content=body, headers={"Stripe-Signature": header}
    )


async def kept() -> list[Any]:
    async with access.system() as connection:
        return await connection.fetch("select * from webhook_event")


async def test_an_event_is_kept_as_it_came(selling: Web) -> None:
    response = await post(selling)

    (row,) = await kept()
    assert (response.status_code, response.content) == (200, b"")
    assert (row["provider"], row["event_id"], row["kind"]) == (
        "stripe",
        "evt_1",
        "customer.created",
    )
    assert (bytes(row["body"]), row["state"], row["received_at"]) == (BODY, "WAITING", NOW)


async def test_an_event_that_comes_twice_is_kept_once(selling: Web) -> None:
    first, again = await post(selling), await post(selling, secret=SECRETS[1])

    assert (first.status_code, again.status_code) == (200, 200)
    assert len(await kept()) == 1


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param({"secret": "whsec_of_nobody"}, 400, id="not genuine"),
        pytest.param({"provider": "another"}, 404, id="no such provider"),
        pytest.param({"body": b"x" * (BODY_BYTES_MAX + 1)}, 413, id="too large"),
    ],
)
async def test_what_is_refused_is_not_kept(
    selling: Web, given: dict[str, Any], status: int
) -> None:
    response = await post(selling, **given)

    assert (response.status_code, response.content) == (status, b"")
    assert await kept() == []


async def test_an_old_event_is_refused(selling: Web) -> None:
    header = signed(BODY, SECRETS, at_s=int(NOW.timestamp()))
    selling.clock.move(timedelta(minutes=6))

    response = await selling.http.post(
        "/webhooks/stripe", content=BODY, headers={"Stripe-Signature": header}
    )

    assert response.status_code == 400
    assert await kept() == []


async def test_without_a_provider_nobody_listens(web: Web) -> None:
    assert (await post(web)).status_code == 404
    assert await kept() == []
