"""The processes api, worker and gateway, each run to its end in this process."""

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from typing import Annotated, Any

import typer
import uvloop

from cli.endings import REFUSED
from cli.servers import Addresses, completed, data_key, leave_note, servers, wait_for_database
from cli.surroundings import now, read_settings
from db.settings import Settings
from domain.subscribers.keyring import Keyring

GATEWAY_NOTE = "gateway.json"
STOPPED = 0
# Longer than requests on their way may take to end.
CANCEL_AGAIN_S = 8.0
# A batch makes objects by the hundred thousand and no cycles; with the usual 700, looking for
# cycles among them took a quarter of the worker's time.
GC_THRESHOLD = 100_000

Work = Callable[[Settings, Addresses], Coroutine[Any, Any, None]]

Tied = Annotated[
    bool,
    typer.Option("--tied", hidden=True, help="Stop when standard input ends, as a child does."),
]

log = logging.getLogger(__name__)


def api(tied: Tied = False) -> None:
    """Serve the GraphQL API until Ctrl-C."""
    # What it needs takes a while to load, which the other commands need not wait for.
    from cli.api_server import serve  # noqa: PLC0415

    def work(settings: Settings, found: Addresses) -> Coroutine[Any, Any, None]:
        return serve(completed(settings, found), clock=now)

    _run("api", work, tied=tied)


def worker(tied: Tied = False) -> None:
    """Decode, store and charge what collectors deliver, and run recurring jobs, until Ctrl-C."""
    from workers import main as worker_process  # noqa: PLC0415 - likewise

    def work(settings: Settings, found: Addresses) -> Coroutine[Any, Any, None]:
        complete = completed(settings, found)
        return worker_process.run(
            complete,
            found.urls,
            found.redis_url,
            keyring=Keyring(data_key(complete)),
            clock=now,
        )

    _run("worker", work, tied=tied)


def gateway(tied: Tied = False) -> None:
    """Let collectors dial in, and keep what they deliver, until Ctrl-C."""
    from collectors import main as gateway_process  # noqa: PLC0415 - likewise

    with ExitStack() as noted:

        def work(settings: Settings, found: Addresses) -> Coroutine[Any, Any, None]:
            def listening(host: str, port: int) -> None:
                log.info("gateway.listening", extra={"host": host, "port": port})
                leave_note(settings.home / GATEWAY_NOTE, {"host": host, "port": port}, noted)

            return gateway_process.run(
                settings, found.urls, found.redis_url, clock=now, listening=listening
            )

        _run("gateway", work, tied=tied)


def _run(name: str, work: Work, *, tied: bool) -> None:
    """Work until a signal, or the end of standard input if `tied`, asks to stop.

    PostgreSQL may be away at the start for a while; what is embedded is started.
    """
    # What Ctrl-C can interrupt, before the loop is there to catch it, SIGTERM can as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = read_settings()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    with servers(settings) as found:
        wait_for_database(found.urls)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            code = runner.run(_until_stopped(name, lambda: work(settings, found), tied=tied))
    raise typer.Exit(code)


async def _until_stopped(
    name: str, work: Callable[[], Coroutine[Any, Any, None]], *, tied: bool
) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if tied:
        threading.Thread(target=_await_end_of_input, args=(loop, stop), daemon=True).start()
    working = asyncio.create_task(work())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        log.error("process.failed", extra={"command": name}, exc_info=working.exception())
        return REFUSED
    await _end(name, working)
    log.info("process.stopped", extra={"command": name})
    return STOPPED


async def _end(name: str, working: asyncio.Task[None]) -> None:
    """Cancel the work, and again when a library swallows that."""
    working.cancel()
    while not (await asyncio.wait({working}, timeout=CANCEL_AGAIN_S))[0]:
        log.warning("process.slow_to_stop", extra={"command": name})
        working.cancel()
    if not working.cancelled() and (error := working.exception()) is not None:
        log.warning("process.stopped_badly", extra={"command": name}, exc_info=error)


def _await_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # A parent that is killed cannot say goodbye, but its pipe ends.
    while os.read(0, 1):
        pass
    with suppress(RuntimeError):  # the loop is closed: we are stopping anyway
        loop.call_soon_threadsafe(stop.set)
