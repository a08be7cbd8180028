"""Where PostgreSQL and Redis are: named by the settings, or embedded ones below the home.

Whoever comes first starts the embedded servers and holds them until it ends. Others of the same
home find them by the notes that it leaves there.
"""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from rich.console import Console

from cli.embedded.apart import run_apart
from cli.embedded.postgres import Postgres
from cli.embedded.secret_files import kept_secret, write_secret
from cli.embedded.server import HomeInUse, Server
from cli.embedded.valkey import Valkey
from cli.endings import Unreachable
from cli.migrate import make_usable
from cli.surroundings import now
from db.access import DatabaseUnavailable
from db.settings import Settings, Urls
from domain.subscribers.keyring import Keyring

# The holder may be at its very first start.
NOTE_TIMEOUT_S = 60.0
DATABASE_TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 5
POLL_S = 0.2

POSTGRES_NOTE = "postgres.json"
REDIS_NOTE = "redis.json"

Address = TypeVar("Address")


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach the servers."""

    urls: Urls
    redis_url: str = field(repr=False)


@contextmanager
def servers(settings: Settings) -> Iterator[Addresses]:
    """Lend the servers; those that are embedded and started here end with the context.

    An embedded database that is started here has the newest schema.

    :raises ServerFailed, OutOfReach, Unreachable: nothing that was started is left running
    """
    with ExitStack() as stack:
        urls = settings.databases or _embedded_postgres(settings, stack)
        redis_url = settings.redis_url or _embedded_redis(settings.home, stack)
        yield Addresses(urls, redis_url)


def completed(settings: Settings, found: Addresses) -> Settings:
    """Return the settings with the servers' addresses and the secrets, given or kept."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return replace(
        settings,
        database_owner_url=found.urls.owner,
        database_app_url=found.urls.app,
        database_system_url=found.urls.system,
        redis_url=found.redis_url,
        token_secret=settings.token_secret or kept_secret(settings.home / "token.secret"),
        data_key=data_key(settings),
    )


def data_key(settings: Settings) -> str:
    """Return the master key of people's data, given or kept."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return settings.data_key or kept_secret(settings.home / "data.key")


def wait_for_database(urls: Urls, *, timeout_s: float = DATABASE_TIMEOUT_S) -> None:
    """Wait until PostgreSQL lets us in.

    :raises Unreachable: it did not in time, or said that it never will
    """
    run_apart(_wait_for_database(urls.system, timeout_s))


async def _wait_for_database(url: str, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S)
        except (
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InvalidCatalogNameError,
        ) as error:
            raise Unreachable(f"PostgreSQL does not let us in: {error}") from error
        except DatabaseUnavailable as error:
            if time.monotonic() >= end:
                raise Unreachable(
                    f"PostgreSQL has not answered for {timeout_s:g} s: {error}"
                ) from error
        else:
            await connection.close()
            return
        await asyncio.sleep(POLL_S)


def _embedded_postgres(settings: Settings, stack: ExitStack) -> Urls:
    note = settings.home / POSTGRES_NOTE
    with _progress("Starting PostgreSQL …"):
        urls = _started(Postgres(settings.home / "postgres"), stack)
        if urls is None:
            return Urls(**_read_note(note))
        run_apart(make_usable(urls, keyring=Keyring(data_key(settings)), now=now()))
    leave_note(note, asdict(urls), stack)
    return urls


def _embedded_redis(home: Path, stack: ExitStack) -> str:
    note = home / REDIS_NOTE
    url = _started(Valkey(home / "valkey"), stack)
    if url is None:
        return str(_read_note(note)["url"])
    leave_note(note, {"url": url}, stack)
    return url


def _started(server: Server[Address], stack: ExitStack) -> Address | None:
    """Start a server until the stack ends; None if somebody else holds it."""
    try:
        return stack.enter_context(server)
    except HomeInUse:
        return None


def leave_note(note: Path, facts: dict[str, Any], stack: ExitStack) -> None:
    """Tell other processes something, until the stack ends; only our own account can read it."""
    note.parent.mkdir(parents=True, exist_ok=True)
    write_secret(note, json.dumps({"pid": os.getpid(), "facts": facts}))
    stack.callback(note.unlink, missing_ok=True)


def living_note(note: Path) -> dict[str, Any] | None:
    """Return what a note says, if there is one and its writer lives."""
    try:
        text = json.loads(note.read_text())
        os.kill(text["pid"], 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    facts: dict[str, Any] = text["facts"]
    return facts


def _read_note(note: Path) -> dict[str, Any]:
    end = time.monotonic() + NOTE_TIMEOUT_S
    while (facts := living_note(note)) is None:
        if time.monotonic() >= end:
            raise Unreachable(f"Another process holds {note.parent} and does not say where it is.")
        time.sleep(POLL_S)
    return facts


@contextmanager
def _progress(sentence: str) -> Iterator[None]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(sentence):
        yield
