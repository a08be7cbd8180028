"""The command that shows everything at work, from nothing."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from cli.demo.plan import COLLECTORS_MAX, METERS_MAX
from cli.demo.show import Options, Show
from cli.durations import duration
from cli.embedded.apart import run_apart
from cli.endings import Refused
from cli.migrate import make_usable
from cli.servers import data_key, servers, wait_for_database
from cli.surroundings import now, read_settings
from domain.subscribers.keyring import Keyring


def demo(
    meters: Annotated[
        int, typer.Option(min=1, max=METERS_MAX, help="How many meters; at the first start only.")
    ] = 200,
    collectors: Annotated[
        int, typer.Option(min=1, max=COLLECTORS_MAX, help="Behind how many collectors; likewise.")
    ] = 4,
    history: Annotated[
        str, typer.Option(help="How far back the story begins: 90m, 6h, 3d; likewise.")
    ] = "2d",
    speed: Annotated[
        float | None,
        typer.Option(
            min=1, help="How much faster the past goes by; what the machine can by default."
        ),
    ] = None,
    period: Annotated[
        str, typer.Option(help="Between two readouts of a meter, once the past is told.")
    ] = "15s",
) -> None:
    """Start everything with a small company and a simulated field, until Ctrl-C.

    Time begins two days ago, so that yesterday is whole, goes by fast, and goes on as the world's
    once it has caught up.
    A second start keeps the data, the users and their passwords.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = Options(
        meters=meters,
        collectors=min(collectors, meters),
        history=duration(history),
        speed=speed,
        period=duration(period),
    )
    settings = read_settings()
    console = Console()
    with _only_demo(settings.home), servers(settings) as found:
        wait_for_database(found.urls)
        if settings.databases is not None:
            keyring = Keyring(data_key(settings))
            run_apart(make_usable(found.urls, keyring=keyring, now=now()))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(Show(settings, found, options, console).run())
        # Whoever is impatient now would leave a server behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    console.print("Everything has stopped.")


@contextmanager
def _only_demo(home: Path) -> Iterator[None]:
    """Hold the home's demo; two of them would be the same collectors twice.

    :raises Refused: another one runs
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refused(f"A demo runs from {home} already.") from None
    finally:
        os.close(lock)
