"""PostgreSQL from a wheel, for the demo and the tests: loopback only, passwords always."""

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from cli.embedded.accounts import credentials
from cli.embedded.apart import run_apart
from cli.embedded.binaries import postgres_programs
from cli.embedded.lodging import Lodging, lodging_for
from cli.embedded.ports import LOOPBACK, choose_port
from cli.embedded.processes import (
    ServerFailed,
    end_child,
    end_left_behind,
    holds_within,
    spawn,
    tail_of,
)
from cli.embedded.secret_files import kept_secret, write_secret
from cli.embedded.server import Server
from cli.roles import ROLES, ensure_database, ensure_roles
from db.settings import Urls

ADMIN = "postgres"
DATABASE = "wattledger"
CREATE_TIMEOUT_S = 120
START_TIMEOUT_S = 60.0  # with the recovery after a crash
OBSTACLE_TIMEOUT_S = 30.0
OBSTACLE_PAUSE_S_FIRST = 0.05
OBSTACLE_PAUSE_S_MAX = 1.0

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "wal_compression": "on",
        "max_connections": "200",
        "jit": "off",
        "huge_pages": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
)

# Lines of postmaster.pid, from zero.
PID_LINE = 0
STATE_LINE = 7

OBSTACLES = (
    # Backends that outlived a killed postmaster; they notice within moments.
    "pre-existing shared memory block",
    'lock file "postmaster.pid" already exists',
    # Somebody took the port after we had found it free.
    "could not create any TCP/IP sockets",
)

log = logging.getLogger(__name__)


class _Obstacle(Exception):
    """The server stopped at something that passes."""


class Postgres(Server[Urls]):
    """A PostgreSQL with our three roles and our database.

    settings: server settings (`fsync`, say) beside and above `SETTINGS`.
    port: the port to use; by default the last one if it is free, else any.
    """

    ladder = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 10.0))

    def __init__(
        self,
        home: Path,
        *,
        settings: Mapping[str, str] = MappingProxyType({}),
        port: int | None = None,
    ) -> None:
        super().__init__(home)
        self._settings = {**SETTINGS, **settings}
        self._fixed_port = port
        self._port: int | None = None

    @property
    def admin_url(self) -> str:
        """The superuser's URL: for administration and tests, not for the application."""
        return self._url(ADMIN, ADMIN)

    @property
    def data(self) -> Path:
        """Where the data stands: below `home`, unless root's account cannot enter that."""
        return lodging_for(self.home).data

    def _launch(self) -> Urls:
        lodging = lodging_for(self.home)
        if lodging.place != self.home:
            facts = {"home": str(self.home), "place": str(lodging.place)}
            log.warning("postgres.lodged_elsewhere", extra=facts)
        programs = postgres_programs(lodging.place, lodging.account)
        self._discard_orphaned_data(lodging)
        if not lodging.data.exists():
            self._create(lodging, programs)
        self._run(lodging, programs)
        passwords = {role: kept_secret(self._password_file(role)) for role in ROLES}
        run_apart(ensure_roles(self.admin_url, passwords))
        run_apart(ensure_database(self.admin_url, DATABASE))
        return Urls(*(self._url(role, DATABASE) for role in ROLES))

    def _end_left_behind(self) -> None:
        data = lodging_for(self.home).data
        end_left_behind(data / "postmaster.pid", marker=str(data), ladder=self.ladder)

    def _discard_orphaned_data(self, lodging: Lodging) -> None:
        """Refuse data whose passwords are gone, or forget it where its home was deleted."""
        if not lodging.data.exists() or self._password_file(ADMIN).exists():
            return
        if lodging.place == self.home:
            raise ServerFailed(
                f"The passwords in {self.home} are missing: put them back, or remove the folder."
            )
        log.warning("postgres.orphaned_data_removed", extra={"place": str(lodging.place)})
        shutil.rmtree(lodging.data)

    def _create(self, lodging: Lodging, programs: Path) -> None:
        # Renamed when complete: a crash on the way leaves nothing that looks like a cluster.
        draft = lodging.place / "data.draft"
        password = lodging.place / "initdb.password"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        write_secret(password, kept_secret(self._password_file(ADMIN)))
        if lodging.account is not None:
            lodging.account.give(draft)
            lodging.account.give(password)
        try:
            self._initdb(lodging, programs, draft=draft, password=password)
        finally:
            password.unlink()
        draft.rename(lodging.data)

    def _initdb(self, lodging: Lodging, programs: Path, *, draft: Path, password: Path) -> None:
        options = [f"--pgdata={draft}", f"--username={ADMIN}", f"--pwfile={password}"]
        options += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        # Unlike libc's C, this one knows the letters beyond ASCII, and is the same everywhere.
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self._settings.get("fsync") == "off":
            options.append("--no-sync")
        done = subprocess.run(  # noqa: S603 -- a wheel's program, no input from outside
            [str(programs / "initdb"), *options],
            check=False,
            capture_output=True,
            text=True,
            timeout=CREATE_TIMEOUT_S,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            **credentials(lodging.account),
        )
        if done.returncode != 0:
            raise ServerFailed(f"initdb failed: {done.stderr.strip()}")

    def _run(self, lodging: Lodging, programs: Path) -> None:
        end = time.monotonic() + OBSTACLE_TIMEOUT_S
        pause_s = OBSTACLE_PAUSE_S_FIRST
        while True:
            try:
                return self._try_to_run(lodging, programs)
            except _Obstacle as obstacle:
                if time.monotonic() >= end:
                    raise ServerFailed(str(obstacle)) from None
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, OBSTACLE_PAUSE_S_MAX)

    def _try_to_run(self, lodging: Lodging, programs: Path) -> None:
        self._port = choose_port(self.home / "port", fixed=self._fixed_port)
        log_start = lodging.log.stat().st_size if lodging.log.exists() else 0
        command = [str(programs / "postgres"), "-D", str(lodging.data), *self._options(self._port)]
        process = self._process = spawn(command, log=lodging.log, account=lodging.account)
        holds_within(
            lambda: process.poll() is not None or _is_ready(lodging.data, process.pid),
            seconds=START_TIMEOUT_S,
        )
        if process.poll() is None and _is_ready(lodging.data, process.pid):
            return
        end_child(process, self.ladder)
        said = tail_of(lodging.log, start=log_start)
        if any(obstacle in said for obstacle in OBSTACLES):
            raise _Obstacle(said)
        raise ServerFailed(f"PostgreSQL does not start: {said}")

    def _options(self, port: int) -> list[str]:
        fixed = {
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": "",
        }
        settings = {**self._settings, **fixed}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _password_file(self, role: str) -> Path:
        return self.home / f"{role}.password"

    def _url(self, role: str, database: str) -> str:
        password = kept_secret(self._password_file(role))
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self._port}/{database}"


def _is_ready(data: Path, pid: int) -> bool:
    """Return whether the postmaster says so in its file."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    if len(lines) <= STATE_LINE or lines[PID_LINE] != str(pid):
        return False
    return lines[STATE_LINE].strip() == "ready"
