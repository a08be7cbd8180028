"""Fixtures for tests of the domain on a database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from db import access
from db.settings import Urls
from tests.factories import NOW


@pytest.fixture
async def connected(database: Urls) -> AsyncIterator[None]:
    """Open this process's pools on the test's database, with partitions around NOW."""
    owner = await asyncpg.connect(database.owner)
    await owner.execute("select ensure_partitions($1, 5, 2)", NOW)
    await owner.close()
    await access.connect(database, pool_size=4)
    yield
    await access.close()
