"""Fixtures for every test: one pair of servers a run, a database and a clean Redis a test.

With pytest-xdist the controller starts the servers and tells its workers; without, the first test
that needs them does.
"""

import gc
import os
from collections.abc import AsyncIterator
from dataclasses import asdict
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis
from tortoise import Tortoise

from db import access
from db.settings import Urls
from tests.known_types import remember_types
from tests.servers import (
    REDIS_DATABASES,
    ROOMY_TEMPLATE,
    TEMPLATE,
    Addresses,
    Servers,
    copied_database,
)

SERVERS = pytest.StashKey[Servers]()
names = count(1)

# The same examples in every run, so that none fails by a new one that has nothing to do with what
# was changed, and as much time for each as it takes. `make chaos` looks for new ones.
settings.load_profile("ci")
settings.register_profile(
    "random",
    settings.get_profile("default"),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def pytest_configure(config: pytest.Config) -> None:
    # The servers speak no TLS, and what is needed to find that out takes a while to make.
    os.environ["PGSSLMODE"] = "disable"
    remember_types()
    # Nothing that is imported or collected goes again, and looking for garbage in it takes long.
    gc.disable()
    config.stash[SERVERS] = Servers()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Use one worker more than there are cores: each waits for the servers now and then."""
    return min((os.cpu_count() or 1) + 1, REDIS_DATABASES)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the servers are."""
    node.workerinput["addresses"] = asdict(node.config.stash[SERVERS].start())


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SERVERS].stop()


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Addresses:
    """Return how to reach the run's servers."""
    told = getattr(request.config, "workerinput", None)
    if told is not None:
        return Addresses(**told["addresses"])
    return request.config.stash[SERVERS].start()


@pytest.fixture
def room() -> None:
    """Ask for a `database` with room for readings from January to the middle of April 2026."""


@pytest.fixture
async def database(
    request: pytest.FixtureRequest, servers: Addresses, worker_number: int
) -> AsyncIterator[Urls]:
    """Lend the test a database of its own: migrated, with partitions around NOW, and empty."""
    template = ROOMY_TEMPLATE if "room" in request.fixturenames else TEMPLATE
    name = f"test_{worker_number}_{next(names)}"
    async with copied_database(servers, name, template=template) as urls:
        yield urls
        # A test that failed with its pools open must not fail all tests after it.
        if Tortoise.is_inited():
            await access.close()


@pytest.fixture
async def redis_url(servers: Addresses, worker_number: int) -> str:
    """Return an emptied Redis database; channels, however, are shared with other workers."""
    url = f"{servers.redis}/{worker_number}"
    async with Redis.from_url(url) as client:
        await client.flushdb()
    return url


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    """Return the number of this worker of pytest-xdist; 0 without it."""
    told = getattr(request.config, "workerinput", {"workerid": "gw0"})
    number = int(told["workerid"].removeprefix("gw"))
    assert number < REDIS_DATABASES, "more workers than Redis databases"
    return number
