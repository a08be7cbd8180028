"""The servers of a test run, and the database that every test's own is copied from."""

import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from cli.embedded.apart import run_apart
from cli.embedded.lodging import PASSABLE
from cli.embedded.postgres import Postgres
from cli.embedded.server import HomeInUse
from cli.embedded.valkey import Valkey
from cli.migrate import migrate
from cli.roles import APP, OWNER, SYSTEM
from db.settings import Urls
from tests.factories import NOW

TEMPLATE = "wattledger_template"
ROOMY_TEMPLATE = "wattledger_roomy_template"
# Days back and ahead of NOW. Most tests read a meter now; those of months need January to April.
PARTITION_DAYS = {TEMPLATE: (2, 2), ROOMY_TEMPLATE: (76, 24)}
FOLDER_PREFIX = "wattledger-tests-"
CONNECT_TIMEOUT_S = 60
REDIS_DATABASES = 256
START_S_MAX = 120.0

# Copying a database takes a tenth of the time in memory. Docker's 64 MB are too few, though.
MEMORY = Path("/dev/shm")  # noqa: S108 -- the folder in it is made by mkdtemp
MEMORY_BYTES_MIN = 2 * 1024**3

# A test run has nothing to lose in a power cut, and its databases are gone before they need care.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "512MB",
    "autovacuum": "off",
    # Whoever signs in, which is done ten times a test, computes a hash as often as this.
    "scram_iterations": "1",
}
# A busy machine may take longer for what is no fault of the code.
PATIENT_ROLES = {
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "transaction_timeout": "60s",
}
# Half as much work as reading and writing every file.
CLONING = {"file_copy_method": "clone"}
VALKEY_SETTINGS = {"appendfsync": "no", "databases": str(REDIS_DATABASES)}


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach a run's servers, in words that pass from one process to another.

    admin: PostgreSQL's superuser, in a database that is not ours.
    owner, app, system: our roles, in the template that nobody may connect to.
    redis: without the number of a database.
    """

    admin: str
    owner: str
    app: str
    system: str
    redis: str

    @property
    def template(self) -> Urls:
        return Urls(self.owner, self.app, self.system)


class Servers:
    """PostgreSQL with a migrated template, and Valkey, in a folder that goes when they stop."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self._addresses: Addresses | None = None

    def start(self) -> Addresses:
        """Return how to reach the servers; only the first call starts them."""
        if self._addresses is None:
            parent = _parent()
            remove_left_behind(parent, now_s=time.time())
            with ExitStack() as starting:
                self._addresses = _start(parent, starting)
                self._running = starting.pop_all()
        return self._addresses

    def stop(self) -> None:
        self._running.close()
        self._addresses = None


def _start(parent: Path, running: ExitStack) -> Addresses:
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=parent))
    running.callback(shutil.rmtree, folder)
    # As root, PostgreSQL runs as somebody else, who has to pass through here.
    folder.chmod(PASSABLE)
    settings = POSTGRES_SETTINGS | (CLONING if _clones_files(folder) else {})
    postgres = Postgres(folder / "postgres", settings=settings)
    valkey = Valkey(folder / "valkey", settings=VALKEY_SETTINGS)
    urls = running.enter_context(postgres).of(TEMPLATE)
    redis = running.enter_context(valkey)
    run_apart(_build_templates(postgres.admin_url, urls))
    return Addresses(
        admin=postgres.admin_url,
        owner=urls.owner,
        app=urls.app,
        system=urls.system,
        redis=redis.removesuffix("/0"),
    )


def remove_left_behind(parent: Path, *, now_s: float) -> None:
    """Stop the servers of runs that were killed before they could, and remove their folders.

    now_s: seconds since 1970; a folder that is younger than a start takes is let alone.
    """
    for folder in parent.glob(f"{FOLDER_PREFIX}*"):
        if now_s - folder.stat().st_mtime < START_S_MAX:
            continue
        try:
            Valkey(folder / "valkey").end_left_behind()
            Postgres(folder / "postgres").end_left_behind()
        except (HomeInUse, PermissionError):
            continue  # a run that goes on, or somebody else's
        shutil.rmtree(folder, ignore_errors=True)


def _parent() -> Path:
    """Return memory's folder if it can hold a run and its programs, else the temporary folder."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        found = os.statvfs(MEMORY)
        room_bytes = found.f_bavail * found.f_frsize
        if room_bytes >= MEMORY_BYTES_MIN and not found.f_flag & os.ST_NOEXEC:
            return MEMORY
    return Path(tempfile.gettempdir())


def _clones_files(folder: Path) -> bool:
    """Return whether the kernel copies a file in this folder by itself, as not every one does."""
    original, copy = folder / "original", folder / "copy"
    original.write_bytes(b"content")
    try:
        with original.open("rb") as source, copy.open("wb") as target:
            os.copy_file_range(source.fileno(), target.fileno(), len(b"content"))
        return copy.read_bytes() == b"content"
    except (AttributeError, OSError):
        return False  # there is no such function on a Mac


async def _build_templates(admin_url: str, template: Urls) -> None:
    await _administer(admin_url, f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}")
    await migrate(template.owner)
    await _administer(admin_url, _copying(ROOMY_TEMPLATE, TEMPLATE))
    for role in (APP, SYSTEM):
        for name, value in PATIENT_ROLES.items():
            await _administer(admin_url, f"ALTER ROLE {role} SET {name} = '{value}'")
    for name, days in PARTITION_DAYS.items():
        await _make_partitions(template.of(name), *days)
        # A connection to it would keep everybody from copying it.
        await _administer(admin_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")


async def _make_partitions(template: Urls, days_back: int, days_ahead: int) -> None:
    """Make those around NOW: in every test's own database it takes far longer than copying it."""
    owner = await asyncpg.connect(template.owner, timeout=CONNECT_TIMEOUT_S)
    try:
        await owner.execute("select ensure_partitions($1, $2, $3)", NOW, days_back, days_ahead)
    finally:
        await owner.close()


@asynccontextmanager
async def copied_database(
    addresses: Addresses, name: str, *, template: str = TEMPLATE
) -> AsyncIterator[Urls]:
    """Lend a database of its own: our schema of today, partitions around NOW, and no rows.

    template: what to copy instead. The database is dropped at the end.
    """
    await _administer(addresses.admin, _copying(name, template))
    try:
        yield addresses.template.of(name)
    finally:
        await _administer(addresses.admin, f"DROP DATABASE {name} WITH (FORCE)")


def _copying(name: str, template: str) -> str:
    return f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY FILE_COPY"


async def _administer(admin_url: str, statement: str) -> None:
    connection = await asyncpg.connect(admin_url, timeout=CONNECT_TIMEOUT_S)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
