"""Folders and servers for the launcher's own tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.embedded.lodging import PASSABLE
from cli.embedded.postgres import Postgres
from db.settings import Urls
from tests.cli.demo_run import environment
from tests.factories import DATA_KEY


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
        "DATABASE_URL": database.owner,
        "DATABASE_APP_URL": database.app,
        "DATABASE_SYSTEM_URL": database.system,
        "REDIS_URL": redis_url,
        "WATTLEDGER_TOKEN_SECRET": "a-secret-of-thirty-two-bytes-or-more",
        "WATTLEDGER_DATA_KEY": DATA_KEY,
    }
    return {**environment(tmp_path), **own}
