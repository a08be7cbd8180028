"""What is sent of a file, and the collector that sends it."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cli.endings import Unreachable
from cli.replay.readout_file import ReadoutFile
from collectors.base import frame_digest
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import Function
from collectors.protocols.mass.framing import FrameRejected
from collectors.protocols.mass.messages import MessageRejected
from collectors.protocols.mass.readouts import Failure
from collectors.simulator.backlog import Backlog, NotAnswered, Pending
from collectors.simulator.conversation import ConnectionLost, Conversation
from db.ids import MeterId
from domain.frames.operations import DIGEST_BYTES

# A message may be a megabyte; escaped, a character may take six bytes.
FRAGMENT_CHARS: Final = 4_000
RETRY_INTERVAL_S: Final = 10.0
RETRY_COUNT: Final = 3
HEARTBEAT_S: Final = 60.0
CONNECT_TIMEOUT_S: Final = 5.0
CLOSE_TIMEOUT_S: Final = 1.0
CONNECTIONS_MAX: Final = 3
RECONNECT_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file on its way. serial, serial_from: of which meter, and who says so.

    read_at: what the collector claims as the time of reading (UTC); time_from: who says so.
    meter_id: None when nobody knows the meter.
    """

    file: ReadoutFile
    serial: str | None
    serial_from: str | None
    read_at: datetime | None
    time_from: str | None
    meter_id: MeterId | None
    created_meter: bool

    @property
    def reference_id(self) -> str:
        """The message's key: the same for the same file, so that a repetition is one."""
        said = f"{self.serial}\0{self.read_at}\0".encode() + self.file.raw
        return str(uuid.uuid5(uuid.NAMESPACE_OID, said.hex()))

    def message(self, sender: build.Sender) -> Pending:
        """Return the message, in fragments if it is long, with the digest of its last frame."""
        text = self.file.raw.decode("latin-1")
        messages = build.readout(
            sender,
            reference_id=self.reference_id,
            texts=[
                text[start : start + FRAGMENT_CHARS]
                for start in range(0, len(text), FRAGMENT_CHARS)
            ],
            meter_serial=self.serial,
            read_at=self.read_at,
        )
        digest = frame_digest(
            function=Function.READ,
            reference_id=self.reference_id,
            packet=len(messages) - 1,
            body=messages[-1][1:-1],
        )
        return Pending(self.reference_id, b"".join(messages), (digest[:DIGEST_BYTES],))


class ImportingCollector:
    """A collector that delivers what it is given, and has no meters of its own.

    clock: the time, aware.
    """

    def __init__(
        self, sender: build.Sender, token: str | None, *, clock: Callable[[], datetime]
    ) -> None:
        self.sender = sender
        self.token = token
        self.backlog = Backlog(retry_interval_s=RETRY_INTERVAL_S, retry_count=RETRY_COUNT)
        self.news = asyncio.Event()
        self.new_reference: Callable[[], str] = lambda: str(uuid.uuid4())
        self._clock = clock
        self._done = asyncio.Event()
        self._answers: dict[str, Failure | None] = {}
        self._told: Callable[[], None] = lambda: None

    async def deliver(
        self, messages: Sequence[Pending], *, host: str, port: int, told: Callable[[], None]
    ) -> dict[str, Failure | None]:
        """Return how each message was answered, by reference id; None is an ack.

        told: is called for every answer.

        :raises Unreachable: the gateway is not there, or does not let this collector in
        """
        self._done.clear()
        self._told = told
        for message in messages:
            self.backlog.add(message)
        self.news.set()
        await self._insist(host, port)
        return self._answers

    def device_at(self) -> datetime:
        return self._clock()

    def connected(self) -> None:
        """Nothing to do: what waits is sent anyway."""

    def settled(self, pending: Pending, failed: Failure | None) -> None:
        self._answers[pending.reference_id] = failed
        self._told()
        if not self.backlog:
            self._done.set()

    def read_now(self, meter_serial: str | None, *, reference_id: str) -> bool:
        del meter_serial, reference_id
        return False

    async def _insist(self, host: str, port: int) -> None:
        for attempt in range(1, CONNECTIONS_MAX + 1):
            try:
                await self._converse(host, port)
            except* (OSError, ConnectionLost, NotAnswered, FrameRejected, MessageRejected) as lost:
                if attempt == CONNECTIONS_MAX:
                    raise Unreachable(_sentence(host, port, lost)) from lost
            if self._done.is_set():
                return
            await asyncio.sleep(RECONNECT_PAUSE_S * attempt)

    async def _converse(self, host: str, port: int) -> None:
        """Deliver until everything is answered."""
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
        talking = asyncio.create_task(
            Conversation(self, reader, writer, heartbeat_s=HEARTBEAT_S).run()
        )
        finishing = asyncio.create_task(self._done.wait())
        try:
            await asyncio.wait({talking, finishing}, return_when=asyncio.FIRST_COMPLETED)
            finishing.cancel()
            if talking.done():
                await talking
        finally:
            talking.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await talking
            self.backlog.disconnected()
            writer.close()
            with suppress(OSError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await writer.wait_closed()


def _sentence(host: str, port: int, lost: BaseExceptionGroup[Exception]) -> str:
    first: BaseException = lost
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    why = str(first) or repr(first)
    return (
        f"Nothing could be delivered to the gateway at {host}:{port}: {why}.\n"
        "`wattledger demo`, or `wattledger gateway` and `wattledger worker`, have to run; a"
        " collector has to prove itself by its --token."
    )
