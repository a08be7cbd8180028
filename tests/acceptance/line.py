"""A collector's end of a connection, byte for byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Register
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import Function
from collectors.protocols.mass.framing import FrameSplitter
from collectors.protocols.mass.messages import parse
from domain.readings.rules import clock_zone
from tests.factories import TOKEN, Place
from tests.waiting import PATIENCE_S

READ_BYTES = 4096


class Line:
    """An open connection; every message sent on it waits for its ack."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._splitter = FrameSplitter()

    async def send(self, message: bytes) -> str:
        """Send one message and return the reference id that is acknowledged."""
        self._writer.write(message)
        async with asyncio.timeout(PATIENCE_S):
            while not (frames := self._splitter.feed(await self._reader.read(READ_BYTES))):
                assert not self._reader.at_eof(), "the gateway hung up"
        (answer,) = (parse(frame) for frame in frames)
        assert answer.header.function is Function.ACK
        assert answer.response is None, "the gateway refused"
        return answer.header.reference_id


@asynccontextmanager
async def identified_line(port: int, place: Place) -> AsyncIterator[Line]:
    """Dial in as the place's collector."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        line = Line(reader, writer)
        sender = build.Sender("WTL", place.collector_serial)
        await line.send(build.identification(sender, reference_id="hello", token=TOKEN))
        yield line
    finally:
        writer.close()
        await writer.wait_closed()


def readout_message(place: Place, *, reference_id: str, at: datetime, index_wh: int) -> bytes:
    """Return what the collector sends of the first meter's readout with two registers."""
    supply = place.supplies[0]
    local = at.astimezone(clock_zone("+03:00")).replace(tzinfo=None)
    text = build_readout(
        serial=supply.serial,
        clock=MeterClock(local, None),
        registers=[
            Register("1.8.0", index_wh, 0, "Wh", 6),
            Register("5.8.0", 1_500, 0, "varh", 6),
        ],
    )
    (message,) = build.readout(
        build.Sender("WTL", place.collector_serial),
        reference_id=reference_id,
        texts=[text.decode("latin-1")],
        meter_serial=supply.serial,
        read_at=local,
    )
    return message
