"""Fixtures for tests of the domain on a database."""

from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from db import access
from db.settings import Urls
from domain.identity.passwords import Passwords
from domain.longwork.jobs import Asker
from tests.factories import Place, make_place, make_register_set
from tests.imports import make_asker


@pytest.fixture
async def connected(database: Urls) -> AsyncIterator[None]:
    """Open this process's pools on the test's database."""
    await access.connect(database, pool_size=4)
    yield
    await access.close()


@pytest.fixture
async def place(connected: None) -> Place:
    """Make a place with one meter; tests of others make their own."""
    return await make_place()


@pytest.fixture
async def registers(place: Place) -> int:
    """Make the set of registers that a test's own `place` is read by."""
    return await make_register_set(place.company_id)


@pytest.fixture
async def room(connected: None) -> None:
    """Open the pools on a `database` with room for readings of months."""


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield passwords
    passwords.close()


@pytest.fixture
async def asker(place: Place, passwords: Passwords) -> Asker:
    """Make a member of the test's own `place` who may do everything."""
    return await make_asker(place.company_id, passwords)
