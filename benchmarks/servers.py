"""Servers of a benchmark: durable, in a folder that goes when they stop."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.apart import run_apart
from cli.embedded.lodging import PASSABLE
from cli.embedded.postgres import Postgres
from cli.embedded.valkey import Valkey
from cli.migrate import migrate
from db.settings import Urls


@dataclass(frozen=True, slots=True)
class Servers:
    """How to reach them. admin: PostgreSQL's superuser."""

    admin: str
    urls: Urls
    redis: str


@contextmanager
def servers() -> Iterator[Servers]:
    """Lend an empty, migrated database and a Valkey, both with the settings of `wattledger demo`.

    Every commit is flushed to the disk of the temporary folder.
    """
    with ExitStack() as running:
        folder = Path(tempfile.mkdtemp(prefix="wattledger-bench-"))
        running.callback(shutil.rmtree, folder)
        folder.chmod(PASSABLE)
        postgres = Postgres(folder / "postgres")
        urls = running.enter_context(postgres)
        redis = running.enter_context(Valkey(folder / "valkey"))
        run_apart(migrate(urls.owner))
        yield Servers(postgres.admin_url, urls, redis)
