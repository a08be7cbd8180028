"""The embedded PostgreSQL, really started."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from cli.embedded.lodging import lodging_for, stand_in
from cli.embedded.ports import PortTaken
from cli.embedded.postgres import Postgres
from cli.embedded.server import HomeInUse
from tests.cli.launcher_killed import leave_behind
from tests.waiting import LOOK_EVERY_S, until

NO_FSYNC = {"fsync": "off"}


@pytest.fixture
def home(open_folder: Path, request: pytest.FixtureRequest) -> Path:
    return open_folder / str(request.node.name)


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """Lend a folder that only we can enter."""
    tmp_path.chmod(0o700)
    yield tmp_path
    if stand_in(tmp_path / "home").exists():
        stand_in(tmp_path / "home").rmdir()


async def fetch_value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_second_start_keeps_data_and_addresses(home: Path) -> None:
    with Postgres(home, settings=NO_FSYNC) as first:
        await fetch_value(first.owner, "CREATE TABLE kept AS SELECT 7 AS seven")

    with Postgres(home, settings=NO_FSYNC) as second:
        kept = await fetch_value(second.owner, "SELECT seven FROM kept")

    assert kept == 7
    assert second == first


async def test_a_start_after_a_crash_keeps_what_was_committed(home: Path) -> None:
    server = Postgres(home, settings=NO_FSYNC)
    urls = server.start()
    busy = await asyncpg.connect(urls.owner)
    await busy.execute("CREATE TABLE kept AS SELECT 7 AS seven")

    server.kill()
    urls = server.start()

    assert await fetch_value(urls.owner, "SELECT seven FROM kept") == 7
    busy.terminate()
    server.stop()


async def test_a_start_waits_for_what_a_crash_left_in_memory(home: Path) -> None:
    server = Postgres(home, settings=NO_FSYNC)
    urls = server.start()
    busy = await asyncpg.connect(urls.owner)
    await busy.execute("SET statement_timeout = 0")
    await busy.execute("SET transaction_timeout = 0")
    # Unlike a waiting backend, one that computes does not notice that its postmaster is gone.
    endless = asyncio.create_task(busy.execute("SELECT count(*) FROM generate_series(1, 1e12)"))
    computing = f"SELECT state FROM pg_stat_activity WHERE pid = {busy.get_server_pid()}"
    while await fetch_value(server.admin_url, computing) != "active":  # noqa: ASYNC110
        await asyncio.sleep(LOOK_EVERY_S)

    server.kill()
    starting = asyncio.create_task(asyncio.to_thread(server.start))
    log = server.data.parent / "server.log"
    await until(lambda: "pre-existing shared memory block" in log.read_text())
    os.kill(busy.get_server_pid(), signal.SIGKILL)
    urls = await starting

    assert await fetch_value(urls.owner, "SELECT 1") == 1
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await endless
    busy.terminate()
    server.stop()


def test_a_server_that_was_left_behind_is_replaced(home: Path) -> None:
    leave_behind(Postgres, home)
    left_behind = postmaster_of(Postgres(home))

    with Postgres(home, settings=NO_FSYNC) as urls:
        answer = asyncio.run(fetch_value(urls.app, "SELECT 1"))
        successor = postmaster_of(Postgres(home))

    assert answer == 1
    assert successor != left_behind


async def test_a_home_in_use_is_refused_and_its_server_goes_on(postgres: Postgres) -> None:
    with pytest.raises(HomeInUse):
        Postgres(postgres.home).start()

    assert await fetch_value(postgres.admin_url, "SELECT 1") == 1


@pytest.mark.parametrize("password", ["", "wrong"])
async def test_every_connection_needs_its_password(postgres: Postgres, password: str) -> None:
    port = int((postgres.home / "port").read_text())

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1", port=port, user="postgres", password=password, timeout=60
        )


async def test_nothing_listens_but_one_loopback_address(postgres: Postgres) -> None:
    port = int((postgres.home / "port").read_text())

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=1)

    assert await fetch_value(postgres.admin_url, "SHOW listen_addresses") == "127.0.0.1"
    assert await fetch_value(postgres.admin_url, "SHOW unix_socket_directories") == ""


def test_passwords_are_for_their_owner_alone(postgres: Postgres) -> None:
    modes = {file.stat().st_mode & 0o777 for file in postgres.home.glob("*.password")}

    assert modes == {0o600}


def test_a_key_press_for_us_does_not_reach_the_server(postgres: Postgres) -> None:
    assert os.getpgid(postmaster_of(postgres)) != os.getpgid(0)


async def test_our_database_is_utf8_and_sorts_by_code_point(postgres: Postgres) -> None:
    query = """
        SELECT format('%s %s %s', pg_encoding_to_char(encoding), datlocale, datdba::regrole)
        FROM pg_database WHERE datname = 'wattledger'
    """

    assert await fetch_value(postgres.admin_url, query) == "UTF8 C.UTF-8 wattledger_owner"


def test_a_fixed_port_that_is_taken_starts_nothing(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = Postgres(home, settings=NO_FSYNC, port=other.getsockname()[1])

        with pytest.raises(PortTaken):
            server.start()

    assert not server.running


def test_root_lodges_a_server_elsewhere_where_its_account_cannot_enter(closed_folder: Path) -> None:
    home = closed_folder / "home"
    home.mkdir()

    lodging = lodging_for(home)

    assert lodging.place == (stand_in(home) if os.geteuid() == 0 else home)
    assert lodging.account is None or lodging.account.enters(lodging.place)
    assert closed_folder.stat().st_mode & 0o777 == 0o700


def postmaster_of(server: Postgres) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])
