"""Fixtures for tests of the API over HTTP."""

from collections.abc import AsyncIterator

import pytest

from db.settings import Urls
from tests.api.sockets import LiveApi, live_api
from tests.api.web import User, Web
from tests.api.web import web as running_web
from tests.factories import Place, make_place


@pytest.fixture
async def web(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    """Lend an API with a database of its own."""
    async with running_web(database, redis_url) as web:
        yield web


@pytest.fixture
async def place(web: Web) -> Place:
    """Make a place with one meter; tests of others make their own."""
    return await make_place()


@pytest.fixture
async def administrator(web: Web, place: Place) -> User:
    """Make somebody who may do everything at the test's `place`."""
    return await web.user(place.company_id)


@pytest.fixture
async def api(database: Urls) -> AsyncIterator[LiveApi]:
    """Lend an API that is served on a port, for sockets."""
    async with live_api(database) as api:
        yield api
