"""Wattledger's processes as users start them: by the console command and the environment."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Self

from db.settings import Urls
from tests.factories import DATA_KEY

COMMAND = Path(sys.executable).with_name("wattledger")
REPOSITORY = Path(__file__).parents[1]
READY_S_MAX = 60.0
END_S_MAX = 30.0
RUN_S_MAX = 60.0
LOOK_EVERY_S = 0.02
LOG_TAIL_CHARS = 4_000
TOKEN_SECRET = "a-secret-of-tests-that-is-long-enough"  # noqa: S105 - a test's own


class DidNotStart(Exception):
    """The process ended or did not become ready; the message ends with its log."""


class Process:
    """One `wattledger` command, ready when it has started and gone when the context ends.

    It ends with us however we end, for it is tied to a pipe of ours.

    environment: all that it sees.
    address: answers 200 at /readyz once the process does its work.
    """

    def __init__(
        self, *arguments: str, environment: Mapping[str, str], address: str, log: Path
    ) -> None:
        self._command = [str(COMMAND), *arguments, "--tied"]
        self._environment = environment
        self._address = address
        self._log = log
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._running is None:
            raise RuntimeError("the process is not started")
        return self._running.pid

    def start(self) -> None:
        """Start it and return once it is ready.

        :raises DidNotStart: nothing is left running
        """
        with self._log.open("ab") as output:
            self._running = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env=self._environment,
                start_new_session=True,
            )
        end_s = time.monotonic() + READY_S_MAX
        while not self._is_ready():
            if self._running.poll() is not None or time.monotonic() > end_s:
                self.kill()
                log = self._log.read_text(errors="replace")[-LOG_TAIL_CHARS:]
                raise DidNotStart(f"{' '.join(self._command)}: {log}")
            time.sleep(LOOK_EVERY_S)

    def stop(self) -> int | None:
        """End it as an operator would, by force if it takes too long; return its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as the kernel would, out of memory. Safe to repeat."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _is_ready(self) -> bool:
        # A client for HTTPS would take more of the processor than what it waits for.
        connection = HTTPConnection(self._address, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _end(self, how: signal.Signals) -> int | None:
        running, self._running = self._running, None
        if running is None:
            return None
        running.send_signal(how)
        try:
            return running.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            running.kill()
            return running.wait()
        finally:
            assert running.stdin is not None
            running.stdin.close()


class Console:
    """Starts processes on one database and Redis, on ports of their own, with logs in `folder`.

    settings: more of the environment that the processes see.
    """

    def __init__(
        self, folder: Path, *, urls: Urls, redis_url: str, settings: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "DATABASE_URL": urls.owner,
            "DATABASE_APP_URL": urls.app,
            "DATABASE_SYSTEM_URL": urls.system,
            "REDIS_URL": redis_url,
            "WATTLEDGER_TOKEN_SECRET": TOKEN_SECRET,
            "WATTLEDGER_DATA_KEY": DATA_KEY,
            "WATTLEDGER_HOME": str(folder / "home"),
            "WATTLEDGER_LOG_FORMAT": "json",
            **{name: str(port) for name, port in self._ports.items()},
            **(settings or {}),
        }

    @property
    def gateway_port(self) -> int:
        return self._ports["WATTLEDGER_GATEWAY_PORT"]

    @property
    def api_port(self) -> int:
        return self._ports["WATTLEDGER_API_PORT"]

    def gateway(self) -> Process:
        return self._process("gateway", "WATTLEDGER_GATEWAY_HEALTH_PORT")

    def worker(self) -> Process:
        return self._process("worker", "WATTLEDGER_WORKER_HEALTH_PORT")

    def api(self) -> Process:
        return self._process("api", "WATTLEDGER_API_PORT")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command that ends by itself."""
        return subprocess.run(  # noqa: S603 - our own command
            [str(COMMAND), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_S_MAX,
            cwd=REPOSITORY,
            env=self._environment,
        )

    def log_of(self, command: str) -> Path:
        return self._folder / f"{command}.log"

    def _process(self, command: str, health: str) -> Process:
        return Process(
            command,
            environment=self._environment,
            address=f"127.0.0.1:{self._ports[health]}",
            log=self.log_of(command),
        )


PORTS = (
    "WATTLEDGER_API_PORT",
    "WATTLEDGER_GATEWAY_PORT",
    "WATTLEDGER_GATEWAY_HEALTH_PORT",
    "WATTLEDGER_WORKER_HEALTH_PORT",
)


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody uses now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
