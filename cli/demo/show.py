"""One run of the demo: the company, the processes, the field, and the way back."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli.demo.children import Child, Command
from cli.demo.company import found_company
from cli.demo.field import FieldWork, SimulatedField
from cli.demo.listening import Listening
from cli.demo.memory import Memory
from cli.demo.payments import Twin, twin_of
from cli.demo.plan import FLAG
from cli.demo.sink import Sink, serving
from cli.demo.welcome import welcome
from cli.servers import Addresses, completed, data_key
from cli.surroundings import now
from db import access
from db.ids import CompanyId
from db.settings import Settings
from domain.hierarchy import by_name
from domain.subscribers.keyring import Keyring

POOL_SIZE: Final = 8
POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; see the command."""

    meters: int
    collectors: int
    history: timedelta
    speed: float | None
    period: timedelta


class Show:
    def __init__(
        self, settings: Settings, found: Addresses, options: Options, console: Console
    ) -> None:
        self._settings = completed(settings, found)
        self._found = found
        self._options = options
        self._console = console
        self._stop = asyncio.Event()
        self._began_s = monotonic()

    async def run(self) -> None:
        """Run until a signal. What is begun by then is ended in order: field, gateway, the rest."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        await access.connect(self._found.urls, pool_size=POOL_SIZE)
        try:
            memory, since = await self._company()
            if not self._stop.is_set():
                await self._run_processes(memory, since)
        finally:
            await access.close()

    async def _company(self) -> tuple[Memory, datetime]:
        """Return the company of an earlier start, or a new one; and since when to go on."""
        home = self._settings.home
        memory = Memory.of(home)
        if memory is not None and memory.company_id is not None and await _is_there(memory):
            self._console.print(f"{memory.plan.company_name} is there already and goes on.")
            newest_at = await by_name.newest_reading_at(company_id=CompanyId(memory.company_id))
            return memory, newest_at or now()
        attempt = 1 if memory is None else memory.attempt + 1
        memory = Memory(attempt, self._options.meters, self._options.collectors)
        memory.keep(home)
        began_at = now()
        opened_at = (began_at - self._options.history).replace(microsecond=0)
        with self._progress() as progress:
            making = progress.add_task("Making a company", total=memory.meter_count)
            company_id = await found_company(
                memory,
                keyring=Keyring(data_key(self._settings)),
                opened_at=opened_at,
                now=began_at,
                made=lambda: progress.advance(making),
            )
        memory = memory.completed(company_id)
        memory.keep(home)
        return memory, opened_at

    async def _run_processes(self, memory: Memory, since: datetime) -> None:
        ports = Listening.chosen(self._settings, self._console.print)
        twin = twin_of(self._settings, api_port=ports.api, port=ports.payments)
        async with self._mail(ports), self._children(ports, twin) as children:
            starting = asyncio.gather(*(child.ready() for child in children))
            if not await self._unless_stopped(starting):
                return
            await starting
            welcome(self._console, memory, ports.whereabouts(self._settings, twin))
            await self._run_field(memory, since, ports.gateway)

    async def _run_field(self, memory: Memory, since: datetime, port: int) -> None:
        settings, options, work = self._settings, self._options, FieldWork()
        field = SimulatedField(
            memory=memory,
            host=settings.gateway_host,
            port=port,
            clock=now,
            speed=options.speed,
            period=options.period,
        )
        running = asyncio.create_task(field.run(since=since, work=work))
        telling = asyncio.create_task(self._tell(memory, since, work))
        try:
            if await self._unless_stopped(running):
                await running
        finally:
            for task in (telling, running):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self._console.print("Stopping …")

    async def _tell(self, memory: Memory, since: datetime, work: FieldWork) -> None:
        """Say when the first reading is stored, and how the past gets on."""
        company_id = CompanyId(memory.company_id or 0)
        newest_at = None
        while newest_at is None or newest_at <= since:
            await asyncio.sleep(POLL_S)
            newest_at = await by_name.newest_reading_at(company_id=company_id)
        seconds = monotonic() - self._began_s
        self._console.print(f"The first reading is stored, {seconds:.1f} s after the start.")
        with self._progress() as progress:
            past = progress.add_task("Telling the past", total=work.total)
            while work.acknowledged < work.total:
                progress.update(past, completed=work.acknowledged)
                await asyncio.sleep(POLL_S)
            progress.update(past, completed=work.total)
        period_s = self._options.period.total_seconds()
        self._console.print(f"Now it is live: every meter is read each {period_s:g} s.")

    async def _unless_stopped(self, work: asyncio.Future[Any]) -> bool:
        """Return whether `work` ended before we were asked to stop; it is cancelled if not."""
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if work.done():
            return True
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        return False

    @asynccontextmanager
    async def _mail(self, ports: Listening) -> AsyncIterator[None]:
        """Take the mail that is sent, unless it goes to a server of somebody's own."""
        if self._settings.smtp_url is not None:
            yield
            return
        async with serving(Sink(), smtp_port=ports.smtp, page_port=ports.mail_page):
            yield

    @asynccontextmanager
    async def _children(self, ports: Listening, twin: Twin | None) -> AsyncIterator[list[Child]]:
        """Run the processes; they stop in the order in which work flows."""
        env = ports.environment(self._settings, self._found, twin)
        logs = self._settings.home / "logs"
        children = [
            Child(Command(name, env, logs / f"{name}.log", address), self._console.print)
            for name, address in ports.health(self._settings).items()
        ]
        if twin is not None:
            command = Command("payments", env, logs / "payments.log", twin.address, twin.line)
            children.append(Child(command, self._console.print))
        try:
            for child in children:
                child.start()
            yield children
        finally:
            for child in children:
                await child.stop()

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        return Progress(*columns, console=self._console, disable=not self._console.is_terminal)


async def _is_there(memory: Memory) -> bool:
    """Return whether the database is the one that the company was made in."""
    collector_id = await by_name.collector(
        company_id=CompanyId(memory.company_id or 0),
        flag=FLAG,
        serial=memory.plan.collector_serial(0),
    )
    return collector_id is not None
