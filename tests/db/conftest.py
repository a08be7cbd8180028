"""Fixtures for tests of the domain on a database."""

from collections.abc import AsyncIterator

import pytest

from db import access
from db.settings import Urls


@pytest.fixture
async def connected(database: Urls) -> AsyncIterator[None]:
    """Open this process's pools on the test's database."""
    await access.connect(database, pool_size=4)
    yield
    await access.close()
