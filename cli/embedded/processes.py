"""Server processes: started apart from our terminal, ended by a ladder of signals."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cli.embedded.accounts import Account, credentials

LOG_BYTES_MAX = 16 * 1024 * 1024
LOG_TAIL_BYTES = 2_000
POLL_S = 0.01

PROCESSES = Path("/proc")  # Linux; elsewhere `ps` knows

Ladder = Sequence[tuple[signal.Signals, float]]
"""Signals to send in turn, each with the seconds that its effect may take."""


class ServerFailed(Exception):
    """A server did not start or did not end; the message says why."""


def spawn(
    command: Sequence[str], *, log: Path, account: Account | None = None
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own: a Ctrl-C in our terminal is not meant for it."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_name(f"{log.name}.1"))
    # Logs quote statements, and with them people's data.
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "ab") as output:
        return subprocess.Popen(  # noqa: S603 -- our own commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            **credentials(account),
        )


def end_child(process: subprocess.Popen[bytes], ladder: Ladder) -> None:
    """End a server that we started; one that is gone already is no error.

    :raises ServerFailed: it outlived the whole ladder
    """
    _climb(process.pid, ladder, lambda: process.poll() is not None)


def end_left_behind(pid_file: Path, *, marker: str, ladder: Ladder) -> None:
    """End the server that a killed launcher left running, if there is one.

    marker: text in its command line that no other process has, such as its data folder.

    :raises ServerFailed: it outlived the whole ladder
    """
    pid = _pid_in(pid_file)
    if pid is None:
        return
    if marker in command_of(pid):
        _climb(pid, ladder, lambda: marker not in command_of(pid))
    elif _exists(pid):
        # The number went to another process since, and the server would take that one for itself.
        pid_file.unlink(missing_ok=True)


def command_of(pid: int) -> str:
    """Return a process's command line; empty for one that is gone or waits to be reaped."""
    if (PROCESSES / "self").exists():
        try:
            raw = (PROCESSES / str(pid) / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return raw.replace(b"\0", b" ").decode(errors="replace")
    asked = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    done = subprocess.run(asked, check=False, capture_output=True, text=True)  # noqa: S603 -- a number
    return done.stdout


def tail_of(log: Path, *, start: int = 0) -> str:
    """Return the end of what was logged from byte `start` on."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(start, size - LOG_TAIL_BYTES))
        return file.read().decode(errors="replace").strip()


def holds_within(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until `condition` holds; return whether it did in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(POLL_S)
    return True


def _climb(pid: int, ladder: Ladder, gone: Callable[[], bool]) -> None:
    for step, patience_s in ladder:
        if gone():
            return
        try:
            os.kill(pid, step)
        except ProcessLookupError:
            return
        if holds_within(gone, seconds=patience_s):
            return
    raise ServerFailed(f"Process {pid} does not end, not even after SIGKILL.")


def _pid_in(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
