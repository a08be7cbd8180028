"""Fixtures for tests that need Node, and a server to try it on."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from db import access
from db.settings import Urls
from tests.acceptance.client import add_administrator
from tests.console import Console
from tests.factories import Place, make_place
from tests.node.programs import Programs, installed

EMAIL = "deniz@example.com"


@pytest.fixture(scope="session")
def programs() -> Programs:
    return installed()


@dataclass(frozen=True, slots=True)
class Server:
    """The API's own process, and a company with an administrator in its database."""

    port: int
    place: Place
    now: datetime

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"


@pytest.fixture
def console(database: Urls, redis_url: str, tmp_path: Path, programs: Programs) -> Console:
    # It asks for the programs, so that nothing is started when they are missing.
    return Console(tmp_path, urls=database, redis_url=redis_url)


@pytest.fixture
def api_port(console: Console) -> Iterator[int]:
    with console.api():
        yield console.api_port


@pytest.fixture
async def server(database: Urls, api_port: int) -> AsyncIterator[Server]:
    now = datetime.now(UTC).replace(microsecond=0)
    owner = await asyncpg.connect(database.owner)
    await owner.execute("select ensure_partitions($1, 5, 2)", now)
    await owner.close()
    await access.connect(database, pool_size=2)
    place = await make_place(opened_at=now - timedelta(days=30))
    await add_administrator(place.company_id, EMAIL, now)
    yield Server(api_port, place, now)
    await access.close()
