"""A simulated collector's side of one connection."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final, Protocol

from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import Function
from collectors.protocols.mass.framing import FrameSplitter
from collectors.protocols.mass.messages import Message, parse
from collectors.protocols.mass.readouts import Failure, failure
from collectors.simulator.backlog import Backlog, Pending

READ_BYTES: Final = 64 * 1024
IDENTIFY_TIMEOUT_S: Final = 30.0


class ConnectionLost(Exception):
    """The other side hung up, or refused us."""


class Owner(Protocol):
    """The collector that converses."""

    sender: build.Sender
    token: str | None
    backlog: Backlog
    news: asyncio.Event
    new_reference: Callable[[], str]

    def device_at(self) -> datetime:
        """Return the collector's clock, naive and local."""
        ...

    def connected(self) -> None:
        """Note that the central software has accepted us."""
        ...

    def settled(self, pending: Pending, failed: Failure | None) -> None:
        """Note that a message was acked, or refused with a reason."""
        ...

    def read_now(self, meter_serial: str | None, *, reference_id: str) -> bool:
        """Queue a readout that was asked for; False if there is no such meter."""
        ...


class Conversation:
    """heartbeat_s: real seconds between heartbeats."""

    def __init__(
        self,
        owner: Owner,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        heartbeat_s: float,
    ) -> None:
        self._owner = owner
        self._reader = reader
        self._writer = writer
        self._heartbeat_s = heartbeat_s
        self._identification_id = owner.new_reference()
        self._identified = asyncio.Event()

    async def run(self) -> None:
        """Identify, then send and answer.

        :raises ExceptionGroup: of what ended it: ConnectionLost, NotAnswered, OSError or the
            codec's rejections
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send())
            tasks.create_task(self._listen())

    async def _send(self) -> None:
        owner = self._owner
        data = build.identification(
            owner.sender, reference_id=self._identification_id, token=owner.token
        )
        await self._write(data)
        async with asyncio.timeout(IDENTIFY_TIMEOUT_S):
            await self._identified.wait()
        loop = asyncio.get_running_loop()
        beat_at_s = loop.time() + self._heartbeat_s
        while True:
            owner.news.clear()
            while (pending := owner.backlog.next_due(loop.time())) is not None:
                await self._write(pending.data)
            if loop.time() >= beat_at_s:
                beat_at_s = loop.time() + self._heartbeat_s
                await self._beat()
            await self._rest(until_s=beat_at_s)

    async def _rest(self, *, until_s: float) -> None:
        """Wait for something to send."""
        loop = asyncio.get_running_loop()
        idle_s = self._owner.backlog.idle_s(loop.time())
        if idle_s is not None:
            until_s = min(until_s, loop.time() + idle_s)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                await self._owner.news.wait()

    async def _beat(self) -> None:
        owner = self._owner
        await self._write(
            build.heartbeat(
                owner.sender, reference_id=owner.new_reference(), device_at=owner.device_at()
            )
        )

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def _listen(self) -> None:
        splitter = FrameSplitter()
        while data := await self._reader.read(READ_BYTES):
            for frame in splitter.feed(data):
                await self._on_message(parse(frame, self._owner.sender.dialect))
        raise ConnectionLost("the other side hung up")

    async def _on_message(self, message: Message) -> None:
        reference_id = message.header.reference_id
        match message.header.function:
            case Function.ACK:
                self._on_ack(reference_id, failure(message))
            case Function.HEARTBEAT:
                await self._accept(reference_id)
            case Function.IDENTIFICATION:
                await self._accept(reference_id)
                await self._write(
                    build.identification(
                        self._owner.sender, reference_id=reference_id, token=self._owner.token
                    )
                )
            case Function.READ | Function.READOUT:
                await self._on_read(message)
            case other:
                await self._refuse(reference_id, build.FAIL_NOT_SUPPORTED, f"no {other} here")

    def _on_ack(self, reference_id: str, failed: Failure | None) -> None:
        if reference_id == self._identification_id:
            if failed is not None:
                raise ConnectionLost(f"refused: {failed.description}")
            self._identified.set()
            self._owner.connected()
        elif (pending := self._owner.backlog.settle(reference_id)) is not None:
            self._owner.settled(pending, failed)

    async def _on_read(self, message: Message) -> None:
        reference_id, names = message.header.reference_id, message.dialect
        request = message.request if isinstance(message.request, Mapping) else {}
        meter = request.get(names.meter)
        serial = meter.get(names.serial_number) if isinstance(meter, Mapping) else None
        if self._owner.read_now(serial, reference_id=reference_id):
            await self._accept(reference_id)
        else:
            await self._refuse(reference_id, build.FAIL_METER_SERIAL_MISMATCH, "no such meter")

    async def _accept(self, reference_id: str) -> None:
        await self._write(build.ack(self._owner.sender, reference_id=reference_id))

    async def _refuse(self, reference_id: str, code: int, description: str) -> None:
        await self._write(
            build.failing_ack(
                self._owner.sender, reference_id=reference_id, code=code, description=description
            )
        )
