"""The demo's own processes: started, started again when they die, and stopped in order."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.embedded.processes import tail_of

BACKOFF_S: Final = 0.5
BACKOFF_S_MAX: Final = 30.0
# Who has lived this long begins with a short pause again.
HEALTHY_AFTER_S: Final = 60.0
STOP_TIMEOUT_S: Final = 15.0
READY_TIMEOUT_S: Final = 60.0
ANSWER_TIMEOUT_S: Final = 2.0
POLL_S: Final = 0.1
LOG_BYTES_MAX: Final = 16 * 1024 * 1024

log = logging.getLogger(__name__)


class NotReady(Exception):
    """A child did not become ready in time; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command to keep running. health: where it says that it is ready. line: None for ours."""

    name: str
    env: Mapping[str, str]
    log: Path
    health: tuple[str, int]
    line: Sequence[str] | None = None


class Child:
    """One command, kept running until it is stopped. said: is told of deaths, for people."""

    def __init__(self, command: Command, said: Callable[[str], None]) -> None:
        self.command = command
        self._said = said
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._keeping = asyncio.create_task(self._keep())

    async def ready(self) -> None:
        """Wait until it serves.

        :raises NotReady: it did not in time
        """
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                while not await is_ready(*self.command.health):  # noqa: ASYNC110 - it cannot tell us
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            tail = tail_of(self.command.log)
            raise NotReady(f"The {self.command.name} does not start: {tail}") from error

    async def stop(self) -> None:
        """Let it end, by force if it takes too long, and do not start it again."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = BACKOFF_S
        while True:
            started_s = loop.time()
            code = await self._run_once()
            if loop.time() - started_s > HEALTHY_AFTER_S:
                pause_s = BACKOFF_S
            name = self.command.name
            log.warning("demo.child_died", extra={"command": name, "code": code})
            self._said(f"The {name} ended ({code}) and is started again; see {self.command.log}.")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, BACKOFF_S_MAX)

    async def _run_once(self) -> int:
        """Run the command to its end, which comes when we are cancelled, and return its code."""
        process = await self._spawn()
        try:
            return await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise

    async def _spawn(self) -> asyncio.subprocess.Process:
        path = self.command.log
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_name(f"{path.name}.1"))
        with path.open("ab") as output:
            # In a session of its own, a Ctrl-C in the terminal reaches us alone; and its standard
            # input ends with us, however we end.
            return await asyncio.create_subprocess_exec(
                *(self.command.line or command_line(self.command.name)),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=dict(self.command.env),
                start_new_session=True,
            )


def command_line(name: str) -> Sequence[str]:
    return (sys.executable, "-m", "cli.main", name, "--tied")


async def is_ready(host: str, port: int) -> bool:
    """Return whether a process says over HTTP that it can serve."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(
                    f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
                )
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split(b" ")[1:2] == [b"200"]


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
