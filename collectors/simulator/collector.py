"""A collector that is not there: it dials, identifies, and pushes what its meters show.

Nothing that it has read is given up before it is acked: what the central software acknowledged can
be compared, message by message, with what it kept.
"""

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from collectors.base import frame_digest
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD, Dialect
from collectors.protocols.mass.framing import FrameRejected
from collectors.protocols.mass.messages import MessageRejected, parse
from collectors.protocols.mass.readouts import Failure
from collectors.simulator.backlog import Backlog, BacklogFull, NotAnswered, Pending
from collectors.simulator.conversation import ConnectionLost, Conversation
from collectors.simulator.load import ZONE
from collectors.simulator.meter import SimulatedMeter

CONNECT_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 1.0
DEFAULT_HEARTBEAT: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Persistence:
    """How a collector insists; all in real time.

    retry_interval_s, retry_count: resending what is not acked; after that it dials again.
    backoff_s, backoff_max_s: pause before dialling again, doubled with each failure.
    """

    retry_interval_s: float = 10.0
    retry_count: int = 3
    backoff_s: float = 1.0
    backoff_max_s: float = 60.0

    def pause_s(self, failures: int, jitter: float) -> float:
        """Return the pause after failures in a row; jitter, 0 to 1, takes off up to half."""
        longest_s = min(self.backoff_max_s, self.backoff_s * 2.0 ** min(failures - 1, 30))
        return longest_s * (1 - jitter / 2)


DEFAULT_PERSISTENCE: Final = Persistence()


@dataclass(slots=True)
class Counters:
    """acked counts messages; skipped are readouts that no longer fitted into the backlog."""

    connected: int = 0
    queued: int = 0
    acked: int = 0
    refused: int = 0
    skipped: int = 0


class SimulatedCollector:
    """One collector and its meters.

    clock: the simulated now, aware; see FastClock.
    period: simulated time between two readouts of a meter.
    phase: simulated time before the first one, so that many collectors need not begin at once.
    speed: simulated seconds in a real one, as the clock has it.
    fragment_chars: longest piece of a readout in one message; None sends it whole.
    on_acked: gets reference id and digest of every frame that was acknowledged.
    jitter: a number from 0 to 1, anew at every call.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        flag: str,
        serial: str,
        token: str | None,
        meters: Sequence[SimulatedMeter],
        clock: Callable[[], datetime],
        period: timedelta,
        phase: timedelta = timedelta(0),
        speed: float = 1.0,
        heartbeat: timedelta = DEFAULT_HEARTBEAT,
        dialect: Dialect = STANDARD,
        fragment_chars: int | None = None,
        persistence: Persistence = DEFAULT_PERSISTENCE,
        on_acked: Callable[[str, bytes], None] | None = None,
        jitter: Callable[[], float] = random.random,
        new_reference: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.sender = build.Sender(flag, serial, dialect)
        self.token = token
        self.backlog = Backlog(
            retry_interval_s=persistence.retry_interval_s, retry_count=persistence.retry_count
        )
        self.news = asyncio.Event()
        self.new_reference = new_reference
        self.counters = Counters()
        self._host, self._port = host, port
        self._meters = {meter.serial: meter for meter in meters}
        self._clock, self._period, self._phase, self._speed = clock, period, phase, speed
        self._heartbeat_s = heartbeat.total_seconds() / speed
        self._fragment_chars = fragment_chars
        self._persistence, self._jitter = persistence, jitter
        self._on_acked = on_acked
        self._failures = 0
        self._all_acked = asyncio.Event()
        self._all_acked.set()

    async def run(self, *, rounds: int | None = None) -> None:
        """Push until cancelled; with `rounds`, until so many readouts of each meter are acked."""
        async with asyncio.TaskGroup() as tasks:
            connecting = tasks.create_task(self._stay_connected())
            await self._read_meters(rounds)
            await self._all_acked.wait()
            connecting.cancel()

    def device_at(self) -> datetime:
        """Return the collector's clock, naive and local."""
        return self._clock().astimezone(ZONE).replace(tzinfo=None)

    def connected(self) -> None:
        self._failures = 0
        self.counters.connected += 1

    def settled(self, pending: Pending, failed: Failure | None) -> None:
        if failed is not None:
            self.counters.refused += 1
        else:
            self.counters.acked += 1
            if self._on_acked is not None:
                for digest in pending.digests:
                    self._on_acked(pending.reference_id, digest)
        if not self.backlog:
            self._all_acked.set()

    def read_now(self, meter_serial: str | None, *, reference_id: str) -> bool:
        meter = self._meters.get(meter_serial or "")
        if meter is not None:
            self._queue_readout(meter, reference_id=reference_id)
        return meter is not None

    async def _read_meters(self, rounds: int | None) -> None:
        due_at = self._clock() + self._phase
        done = 0
        while rounds is None or done < rounds:
            await asyncio.sleep((due_at - self._clock()).total_seconds() / self._speed)
            for meter in self._meters.values():
                self._queue_readout(meter, reference_id=self.new_reference())
            due_at += self._period
            done += 1

    def _queue_readout(self, meter: SimulatedMeter, *, reference_id: str) -> None:
        text = meter.readout(self._clock()).decode("latin-1")
        size = self._fragment_chars or len(text)
        messages = build.readout(
            self.sender,
            reference_id=reference_id,
            texts=[text[start : start + size] for start in range(0, len(text), size)],
            meter_serial=meter.serial,
            read_at=self.device_at(),
        )
        try:
            self.backlog.add(Pending(reference_id, b"".join(messages), self._digests(messages)))
        except BacklogFull:
            self.counters.skipped += 1
            return
        self.counters.queued += 1
        self._all_acked.clear()
        self.news.set()

    def _digests(self, messages: Sequence[bytes]) -> tuple[bytes, ...]:
        if self._on_acked is None:
            return ()
        bodies = [message[1:-1] for message in messages]
        headers = [parse(body, self.sender.dialect).header for body in bodies]
        numbers = [header.packet or place for place, header in enumerate(headers)]
        return tuple(
            frame_digest(
                function=header.function, reference_id=header.reference_id, packet=number, body=body
            )
            for header, number, body in zip(headers, numbers, bodies, strict=True)
        )

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._converse()
            except* (OSError, ConnectionLost, NotAnswered, FrameRejected, MessageRejected):
                # Whatever went wrong, a collector in the field dials again.
                self._failures += 1
            await asyncio.sleep(self._persistence.pause_s(max(1, self._failures), self._jitter()))

    async def _converse(self) -> None:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            await Conversation(self, reader, writer, heartbeat_s=self._heartbeat_s).run()
        finally:
            self.backlog.disconnected()
            writer.close()
            with suppress(OSError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await writer.wait_closed()
