"""Processes that others started, and ports and secrets that are kept."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.embedded.ports import PortTaken, choose_port
from cli.embedded.processes import ServerFailed, command_of, end_left_behind, holds_within
from cli.embedded.secret_files import kept_secret, write_secret

LADDER = ((signal.SIGTERM, 60.0),)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["/bin/sleep", "60"])
    # For a moment after its start a process has no command line.
    assert holds_within(lambda: "sleep 60" in command_of(process.pid), seconds=60)
    yield process
    process.kill()
    process.wait()


def test_a_process_that_carries_the_marker_is_ended(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(f"{sleeper.pid}\n")

    end_left_behind(pid_file, marker="sleep 60", ladder=LADDER)

    assert sleeper.wait(timeout=60) == -signal.SIGTERM


def test_a_process_that_only_inherited_the_number_goes_on(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(f"{sleeper.pid}\n/some/data\n")

    end_left_behind(pid_file, marker="/some/data", ladder=LADDER)

    assert sleeper.poll() is None
    assert not pid_file.exists()


def test_a_process_that_outlives_the_ladder_is_reported(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(f"{sleeper.pid}\n")

    with pytest.raises(ServerFailed):
        end_left_behind(pid_file, marker="sleep 60", ladder=((signal.SIGCONT, 0.05),))


@pytest.mark.parametrize("text", ["", "no number\n"])
def test_a_file_without_a_number_names_nobody(tmp_path: Path, text: str) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(text)

    end_left_behind(pid_file, marker="", ladder=LADDER)

    assert pid_file.read_text() == text


def test_a_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    first = choose_port(tmp_path / "port")

    assert choose_port(tmp_path / "port") == first


def test_a_kept_port_that_is_taken_gives_way(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (tmp_path / "port").write_text(f"{taken}\n")

        port = choose_port(tmp_path / "port")

    assert port != taken
    assert (tmp_path / "port").read_text() == f"{port}\n"


def test_a_fixed_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken):
        choose_port(tmp_path / "port", fixed=other.getsockname()[1])

    assert not (tmp_path / "port").exists()


def test_a_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "secret")

    assert kept_secret(tmp_path / "secret") == first
    assert len(first) == 43
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_secret_is_replaced_whole_even_after_a_crash(tmp_path: Path) -> None:
    (tmp_path / "secret.draft").write_text("half of")

    write_secret(tmp_path / "secret", "new")

    assert [file.name for file in tmp_path.iterdir()] == ["secret"]
    assert (tmp_path / "secret").read_text() == "new"
