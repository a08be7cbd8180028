"""Fixtures for tests of buying credit."""

from collections.abc import AsyncIterator

import pytest
import stripe

from domain.topups.stripe import StripeGateway
from tests.db.conftest import connected
from tests.stripe_twin.client import stripe_client
from tests.stripe_twin.running import running_twin
from tests.stripe_twin.server import Twin
from tests.topups.shop import Shop, open_shop
from tests.topups.stripe import stripe_gateway

__all__ = ["client", "connected", "gateway", "shop", "twin"]


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    async with running_twin() as twin:
        yield twin


@pytest.fixture
async def client(twin: Twin) -> AsyncIterator[stripe.StripeClient]:
    async with stripe_client(twin.world.url) as client:
        yield client


@pytest.fixture
async def gateway(twin: Twin) -> AsyncIterator[StripeGateway]:
    twin.world.clock.stand_at(1_790_000_000)
    async with stripe_gateway(twin) as gateway:
        yield gateway


@pytest.fixture
async def shop(connected: None, twin: Twin) -> AsyncIterator[Shop]:
    async with open_shop(twin) as shop:
        yield shop
