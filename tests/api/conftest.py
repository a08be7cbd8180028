"""Fixtures for tests of the API over HTTP."""

from collections.abc import AsyncIterator

import pytest

from db.settings import Urls
from tests.api.web import Web
from tests.api.web import web as running_web


@pytest.fixture
async def web(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    """Lend an API with a database of its own."""
    async with running_web(database, redis_url) as web:
        yield web
