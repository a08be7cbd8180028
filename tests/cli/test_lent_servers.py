"""Servers that are named by the settings, started below a home, or found running there."""

import json
import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from cli.embedded.apart import run_apart
from cli.endings import Unreachable
from cli.servers import (
    POSTGRES_NOTE,
    Addresses,
    completed,
    leave_note,
    living_note,
    servers,
    wait_for_database,
)
from db import access
from db.settings import Settings, Urls
from domain.health import is_ready
from tests import servers as test_servers
from tests.factories import DATA_KEY

NOWHERE = "postgresql://nobody:none@127.0.0.1:1/none"


def named(home: Path, database: Urls, redis_url: str) -> Settings:
    return Settings(
        home=home,
        database_owner_url=database.owner,
        database_app_url=database.app,
        database_system_url=database.system,
        redis_url=redis_url,
        token_secret="a-secret-of-thirty-two-bytes-or-more",  # noqa: S106
        data_key=DATA_KEY,
    )


def test_nothing_is_started_when_both_are_named(
    database: Urls, redis_url: str, tmp_path: Path
) -> None:
    with servers(named(tmp_path, database, redis_url)) as found:
        assert found == Addresses(database, redis_url)

    assert list(tmp_path.iterdir()) == []


def test_whoever_comes_second_finds_the_running_servers(open_folder: Path) -> None:
    settings = Settings(home=open_folder / "lent")

    with servers(settings) as first:
        with servers(settings) as second:
            ready = run_apart(_is_usable(second.urls))
        mode = (settings.home / POSTGRES_NOTE).stat().st_mode & 0o777
        wait_for_database(first.urls)

    assert (second, ready, mode) == (first, True, 0o600)
    assert not (settings.home / POSTGRES_NOTE).exists()


async def _is_usable(urls: Urls) -> bool:
    await access.connect(urls, pool_size=1)
    try:
        return await is_ready()
    finally:
        await access.close()


def test_a_note_of_somebody_who_died_counts_for_nothing(tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    note.write_text(json.dumps({"pid": _dead_pid(), "facts": {"url": "anywhere"}}))

    assert living_note(note) is None


def test_a_note_lasts_as_long_as_its_writer_wants(tmp_path: Path) -> None:
    note = tmp_path / "deeper" / "note.json"

    with ExitStack() as stack:
        leave_note(note, {"port": 7}, stack)
        told = living_note(note)

    assert told == {"port": 7}
    assert living_note(note) is None


def test_waiting_for_a_database_ends(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="has not answered for"):
        wait_for_database(Urls(NOWHERE, NOWHERE, NOWHERE), timeout_s=0.1)


def test_a_wrong_password_is_not_waited_for(servers: test_servers.Addresses) -> None:
    wrong = replace(servers.template, system=servers.admin.replace("://postgres:", "://postgres:x"))

    with pytest.raises(Unreachable, match="does not let us in"):
        wait_for_database(wrong, timeout_s=30)


def test_a_secret_for_tokens_is_made_once(tmp_path: Path, database: Urls, redis_url: str) -> None:
    settings = Settings(home=tmp_path / "home")
    found = Addresses(database, redis_url)

    first, second = completed(settings, found), completed(settings, found)

    assert first == second
    assert (first.databases, first.redis_url) == (database, redis_url)
    assert len(first.token_secret or "") >= 32


def _dead_pid() -> int:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    return pid
