"""The embedded Valkey, really started."""

import socket
from pathlib import Path
from typing import Any

import pytest
import redis

from cli.embedded.processes import command_of
from cli.embedded.valkey import Valkey
from tests.cli.launcher_killed import leave_behind


def ask(url: str, *command: str) -> Any:
    with redis.Redis.from_url(url, socket_timeout=60, decode_responses=True) as client:
        return client.execute_command(*command)


def test_a_second_start_keeps_data_and_address(tmp_path: Path) -> None:
    with Valkey(tmp_path) as first:
        ask(first, "SET", "kept", "7")

    with Valkey(tmp_path) as second:
        kept = ask(second, "GET", "kept")

    assert kept == "7"
    assert second == first


def test_a_start_after_a_crash_keeps_what_was_on_disk(tmp_path: Path) -> None:
    server = Valkey(tmp_path, settings={"appendfsync": "always"})
    ask(server.start(), "SET", "kept", "7")

    server.kill()
    kept = ask(server.start(), "GET", "kept")
    server.stop()

    assert kept == "7"
    assert not server.running


def test_a_server_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    leave_behind(Valkey, tmp_path)
    left_behind = int((tmp_path / "valkey.pid").read_text())

    with Valkey(tmp_path) as url:
        answer = ask(url, "PING")
        successor = int((tmp_path / "valkey.pid").read_text())

    assert answer is True
    assert successor != left_behind
    assert command_of(left_behind) == ""


@pytest.mark.parametrize("password", ["", ":wrong@"])
def test_every_connection_needs_the_password(tmp_path: Path, password: str) -> None:
    with Valkey(tmp_path) as url:
        address = url.partition("@")[2]

        with pytest.raises(redis.AuthenticationError):
            ask(f"redis://{password}{address}", "GET", "any")


def test_nothing_listens_but_one_loopback_address(tmp_path: Path) -> None:
    with Valkey(tmp_path):
        port = int((tmp_path / "port").read_text())

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("maxmemory-policy", "noeviction"),
        ("bind", "127.0.0.1"),
    ],
)
def test_it_keeps_what_it_is_told(tmp_path: Path, name: str, expected: str) -> None:
    with Valkey(tmp_path) as url:
        assert ask(url, "CONFIG", "GET", name) == [name, expected]


def test_its_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with Valkey(tmp_path):
        pass

    assert (tmp_path / "valkey.conf").stat().st_mode & 0o777 == 0o600
