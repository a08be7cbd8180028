"""Stripe's own library, speaking with the twin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import stripe

KEY = "sk_test_of_the_twin"


@asynccontextmanager
async def stripe_client(url: str, *, retries: int = 0) -> AsyncIterator[stripe.StripeClient]:
    """Lend a client of the API at `url`."""
    http = stripe.HTTPXClient(timeout=60)
    try:
        yield stripe.StripeClient(
            KEY, base_addresses={"api": url}, max_network_retries=retries, http_client=http
        )
    finally:
        await http.close_async()  # type: ignore[no-untyped-call]
