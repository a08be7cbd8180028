"""Folders and servers for the launcher's own tests."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cli.embedded.lodging import PASSABLE
from cli.embedded.postgres import Postgres
from db.settings import Urls
from tests.cli.command_line import database_settings
from tests.cli.demo_run import environment
from tests.cli.running_system import System, running_system
from tests.factories import DATA_KEY, NOW, Place, make_place
from tests.servers import Addresses, copied_database


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """Lend a folder that every account can enter, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="wattledger-cli-"))
    folder.chmod(PASSABLE)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[Postgres]:
    """Lend a PostgreSQL that runs; tests leave it running."""
    server = Postgres(open_folder / "shared", settings={"fsync": "off"})
    with server:
        yield server


@pytest.fixture
def env(database: Urls, redis_url: str, tmp_path: Path) -> dict[str, str]:
    own = {
        **database_settings(database),
        "REDIS_URL": redis_url,
        "WATTLEDGER_TOKEN_SECRET": "a-secret-of-thirty-two-bytes-or-more",
        "WATTLEDGER_DATA_KEY": DATA_KEY,
    }
    return {**environment(tmp_path), **own}


@pytest.fixture
async def empty_database(servers: Addresses, worker_number: int) -> AsyncIterator[Urls]:
    """Lend a database of our owner's in which nothing is, not even our schema."""
    name = f"empty_{worker_number}"
    async with copied_database(servers, name, template="template0") as urls:
        yield urls


@pytest.fixture
async def system(database: Urls, redis_url: str) -> AsyncIterator[System]:
    """Lend a gateway and a drain loop that files are imported through."""
    async with running_system(database, redis_url, NOW) as system:
        yield system


@pytest.fixture
async def place(system: System) -> Place:
    return await make_place()
