"""All that Wattledger runs on and with, in a folder of its own, each part to be killed alone."""

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
from tests.chaos.storm import Victim
from tests.console import Console, free_ports


@dataclass(frozen=True, slots=True)
class Site:
    """Where everything runs, and what can be killed. Every commit is flushed to the disk."""

    urls: Urls
    console: Console
    redis: Valkey
    victims: dict[str, Victim]


@contextmanager
def running_site() -> Iterator[Site]:
    """Lend PostgreSQL, Valkey, gateway, worker and API, running; all of them end with it."""
    with ExitStack() as running:
        folder = Path(tempfile.mkdtemp(prefix="wattledger-chaos-"))
        running.callback(shutil.rmtree, folder)
        folder.chmod(PASSABLE)
        # Those who use them know their ports, so that they have to come back on the same.
        postgres_port, redis_port = free_ports(2)
        postgres = Postgres(folder / "postgres", port=postgres_port)
        redis = Valkey(folder / "valkey", port=redis_port)
        urls = running.enter_context(postgres)
        redis_url = running.enter_context(redis)
        run_apart(migrate(urls.owner))
        console = Console(folder, urls=urls, redis_url=redis_url)
        gateway, worker = console.gateway(), console.worker()
        for process in (gateway, worker, console.api()):
            running.enter_context(process)
        victims: dict[str, Victim] = {
            "gateway": gateway,
            "worker": worker,
            "postgres": postgres,
            "redis": redis,
        }
        yield Site(urls, console, redis, victims)
