"""Where credit is bought, and who works there."""

from collections.abc import AsyncIterator

import pytest

from db.enums import Role
from db.settings import Urls
from domain.topups.gateway import Gateways
from tests.api.top_ups.buying import Till
from tests.api.web import User, web
from tests.factories import NOW, make_place
from tests.stripe_twin.running import running_twin
from tests.topups.stripe import stripe_gateway


@pytest.fixture
async def till(database: Urls, redis_url: str) -> AsyncIterator[Till]:
    async with running_twin() as twin, stripe_gateway(twin) as gateway:
        twin.world.clock.stand_at(NOW.timestamp())
        gateways = Gateways(gateway)
        async with web(database, redis_url, gateways=gateways) as running:
            place = await make_place()
            subscriber = await running.user(
                place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
            )
            yield Till(running, twin, gateways, place, subscriber)


@pytest.fixture
async def staff(till: Till) -> User:
    return await till.web.user(till.place.company_id)
