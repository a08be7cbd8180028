"""Readouts of meters, as the frames that they come in."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any

from collectors.base import RawFrame
from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Register
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD
from db import access
from db.ids import FrameId
from domain.frames import operations as frames
from domain.frames.operations import DIGEST_BYTES, IncomingFrame
from domain.readings.rules import clock_zone
from tests.factories import NOW, Place
from workers.ingest import Drain

references = count(1)


def readout(serial: str, index_wh: int, *, at: datetime | None = NOW) -> bytes:
    clock = None
    if at is not None:
        clock = MeterClock(at.astimezone(clock_zone("+03:00")).replace(tzinfo=None), None)
    registers = [Register("1.8.0", index_wh, 0, "Wh", 6), Register("5.8.0", 7, 0, "varh", 6)]
    return build_readout(serial=serial, registers=registers, clock=clock)


def frames_of(
    place: Place,
    text: bytes,
    *,
    meter_serial: str | None = None,
    function: str = "read",
    received_at: datetime = NOW,
    read_at: datetime | None = NOW,
) -> IncomingFrame:
    reference_id = f"ref-{next(references)}"
    sender = build.Sender("WTL", place.collector_serial, STANDARD)
    (message,) = build.readout(
        sender,
        reference_id=reference_id,
        texts=[text.decode("latin-1")],
        meter_serial=meter_serial,
        read_at=read_at,
    )
    return stored_as(place, function, reference_id, message[1:-1], received_at=received_at)


def stored_as(
    place: Place, function: str, reference_id: str, body: bytes, *, received_at: datetime = NOW
) -> IncomingFrame:
    raw = RawFrame.of(function=function, reference_id=reference_id, body=body)
    return IncomingFrame(
        id=FrameId(1_000_000 + next(references)),
        company_id=place.company_id,
        collector_id=place.collector_id,
        received_at=received_at,
        function=function,
        reference_id=reference_id,
        packet=0,
        digest=raw.digest[:DIGEST_BYTES],
        body=body,
        bucket=3,
    )


async def fetch(query: str) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query)]


async def drained(drain: Drain, incoming: Sequence[IncomingFrame]) -> None:
    await frames.store(incoming)
    while await drain.drain_once():
        pass
