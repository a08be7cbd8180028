"""The processes and the small commands, each in a process of its own, on servers that are named."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from cli.demo.children import is_ready
from cli.endings import MISCONFIGURED, REFUSED
from cli.migrate import make_usable
from cli.processes import GATEWAY_NOTE
from cli.servers import living_note
from db import access
from db.enums import Role
from db.settings import Urls
from domain.identity.passwords import Passwords
from domain.identity.queries import memberships
from domain.identity.sessions import prove
from domain.ledger.queries import DIFFERENCES_MAX
from tests.cli.command_line import database_settings, run
from tests.cli.demo_run import PATIENCE_S, POLL_S
from tests.factories import KEYRING, NOW, make_place

HOST = "127.0.0.1"
MORE_ACCOUNTS = """
    with made as (
        insert into account
        select (jsonb_populate_record(a, jsonb_build_object('id', -n, 'number', 'X' || n))).*
        from account a, generate_series(1, $1::int) n
        returning company_id, id
    )
    insert into account_balance (company_id, account_id, balance_micro, changed_at)
    select company_id, id, 5, now() from made
"""


@contextmanager
def running(env: dict[str, str], *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "cli.main", *arguments],
        env=env,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_line(process: "subprocess.Popen[bytes]", event: str) -> None:
    """Read its log until the event."""
    assert process.stderr is not None
    for line in process.stderr:
        if json.loads(line)["message"].startswith(event):
            return
    raise AssertionError(f"it ended without {event}")


@pytest.mark.parametrize(
    ("name", "event"),
    [
        pytest.param("api", "Uvicorn running", id="api"),
        pytest.param("worker", "Starting worker", id="worker"),
        pytest.param("gateway", "gateway.listening", id="gateway"),
    ],
)
def test_a_process_stops_cleanly_when_it_is_asked_to(
    env: dict[str, str], name: str, event: str
) -> None:
    with running(env, name) as process:
        wait_for_line(process, event)

        process.send_signal(signal.SIGTERM)

        assert process.wait(PATIENCE_S) == 0


def test_a_child_stops_when_its_parent_is_gone(env: dict[str, str]) -> None:
    with running(env, "gateway", "--tied") as process:
        wait_for_line(process, "gateway.listening")
        assert process.stdin is not None

        process.stdin.close()

        assert process.wait(PATIENCE_S) == 0


def test_a_gateway_tells_others_where_it_listens(env: dict[str, str], tmp_path: Path) -> None:
    note = tmp_path / GATEWAY_NOTE

    with running(env, "gateway") as process:
        wait_for_line(process, "gateway.listening")
        end = time.monotonic() + PATIENCE_S
        while (told := living_note(note)) is None and time.monotonic() < end:
            time.sleep(POLL_S)
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)

    assert told is not None
    assert (told["host"], told["port"] > 0) == (HOST, True)
    assert not note.exists()


async def test_nobody_is_ready_where_nobody_listens() -> None:
    assert not await is_ready(HOST, 1)


def test_settings_that_cannot_be_used_are_named(env: dict[str, str]) -> None:
    done = run({**env, "WATTLEDGER_API_PORT": "many"}, "worker")

    assert done.returncode == MISCONFIGURED
    assert "WATTLEDGER_API_PORT: expected a whole number" in done.stderr
    assert "Traceback" not in done.stderr


async def test_migrating_makes_an_empty_database_usable_at_once(
    env: dict[str, str], empty_database: Urls
) -> None:
    done = run({**env, **database_settings(empty_database)}, "migrate")

    connection = await asyncpg.connect(empty_database.owner)
    partitions = await connection.fetchval(
        "select count(*) from pg_inherits where inhparent = 'reading'::regclass"
    )
    await connection.close()
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")
    assert partitions == 103


async def test_a_user_is_made_who_can_sign_in(env: dict[str, str], database: Urls) -> None:
    await make_usable(database, keyring=KEYRING, now=NOW)
    await access.connect(database, pool_size=2)
    passwords = Passwords()
    try:
        await make_place(meters=0)
        made = run(
            env, "user", "create", "a@b.example", "--role", "operator", said="a long password\n"
        )
        again = run(
            env, "user", "create", "a@b.example", "--role", "operator", said="a long password\n"
        )
        weak = run(env, "user", "create", "c@b.example", "--role", "operator", said="weak\n")
        proven = await prove(
            email="a@b.example",
            password="a long password",  # noqa: S106
            passwords=passwords,
        )
        joined = await memberships(user_id=proven.user_id)
    finally:
        passwords.close()
        await access.close()

    assert (made.returncode, again.returncode, weak.returncode) == (0, REFUSED, REFUSED)
    assert "There is a user a@b.example already." in again.stderr
    assert "The password is too weak" in weak.stderr
    assert [one.role for one in joined] == [Role.OPERATOR]


async def test_books_that_are_wrong_are_told_of(env: dict[str, str], database: Urls) -> None:
    await make_usable(database, keyring=KEYRING, now=NOW)
    await access.connect(database, pool_size=2)
    try:
        place = await make_place()
        right = run(env, "ledger", "verify")
        async with access.system() as connection:
            await connection.execute("update account_balance set balance_micro = 5")
        wrong = run(env, "ledger", "verify", "--json")
    finally:
        await access.close()

    (difference,) = json.loads(wrong.stdout)
    assert (right.returncode, wrong.returncode) == (0, REFUSED)
    assert difference == {
        "company_id": place.company_id,
        "what": "balance",
        "account_id": place.supplies[0].account_id,
        "stored": "0.000005",
        "rebuilt": "0.000000",
    }


async def test_every_difference_in_the_books_is_told(env: dict[str, str], database: Urls) -> None:
    await make_usable(database, keyring=KEYRING, now=NOW)
    await access.connect(database, pool_size=2)
    try:
        await make_place()
        async with access.system() as connection:
            await connection.execute(MORE_ACCOUNTS, DIFFERENCES_MAX + 1)
        wrong = run(env, "ledger", "verify", "--json")
    finally:
        await access.close()

    told = [one["account_id"] for one in json.loads(wrong.stdout) if one["what"] == "balance"]
    assert wrong.returncode == REFUSED
    assert len(set(told)) == len(told) == DIFFERENCES_MAX + 1


@pytest.mark.parametrize("name", ["schema.graphql", "frontend-contract/permissions.json"])
def test_a_generated_file_that_is_out_of_date_is_found(
    env: dict[str, str], tmp_path: Path, name: str
) -> None:
    folder = ("--folder", str(tmp_path))
    run(env, "schema", "--write", *folder)
    (tmp_path / name).write_text("type Query\n")

    stale = run(env, "schema", "--check", *folder)
    written = run(env, "schema", "--write", *folder)
    fresh = run(env, "schema", "--check", *folder)

    assert (stale.returncode, written.returncode, fresh.returncode) == (REFUSED, 0, 0)
    assert f"{name} is out of date: `wattledger schema --write` writes it anew." in stale.stderr
