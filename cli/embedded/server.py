"""What PostgreSQL and Valkey have in common: one home, one launcher at a time, one process."""

import fcntl
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from cli.embedded.processes import Ladder, end_child

KILL_TIMEOUT_S = 10.0

Address = TypeVar("Address")


class HomeInUse(Exception):
    """Another process runs a server from this home."""


class Server(ABC, Generic[Address]):
    """A server that lives in a folder of its own and ends with the process that started it.

    Use it as a context manager, or call `stop` on every way out. What a killed process left
    running is ended by the next start from the same home.
    """

    ladder: Ladder

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    @abstractmethod
    def _launch(self) -> Address:
        """Start the process, store it in `_process`, and return once the server answers."""

    @abstractmethod
    def _end_left_behind(self) -> None:
        """End the server that a killed launcher left running, if there is one."""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Address:
        """Start the server and return how to reach it.

        :raises HomeInUse: a server runs from this home; it goes on undisturbed
        :raises ServerFailed: nothing is left running
        """
        self._hold_home()
        try:
            self._end_left_behind()
            return self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server gently, by force if it takes too long. Safe to repeat."""
        self._end(self.ladder)

    def kill(self) -> None:
        """End the server as a crash would: nothing is flushed, nothing is tidied up."""
        self._end([(signal.SIGKILL, KILL_TIMEOUT_S)])

    def end_left_behind(self) -> None:
        """End what a killed launcher left running in this home, and start nothing.

        :raises HomeInUse: the launcher lives, and so does its server
        """
        self._hold_home()
        try:
            self._end_left_behind()
        finally:
            self._release_home()

    def __enter__(self) -> Address:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _end(self, ladder: Ladder) -> None:
        try:
            if self._process is not None:
                end_child(self._process, ladder)
                self._process = None
        finally:
            self._release_home()

    def _hold_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise HomeInUse(f"Another process runs a server from {self.home}.") from None
        self._lock = lock

    def _release_home(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
