"""A process that is many collectors: renders their messages first, then sends them.

Reads one JSON object (see `Load`) from standard input; writes one (see `Sent`) when everything is
acknowledged.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import orjson
import uvloop

from benchmarks.fleet import FLAG, TOKEN
from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Register
from collectors.protocols.mass import build
from collectors.simulator.load import ZONE

READ_BYTES = 256 * 1024
REGISTERS = tuple(f"{code}.8.0" for code in range(1, 9))


@dataclass(frozen=True, slots=True)
class Load:
    """What to send.

    collectors: serial, and the serials of its meters; each is a connection.
    first_at: ISO 8601; the first of `rounds` readouts of each meter, `period_s` apart.
    """

    host: str
    port: int
    collectors: Sequence[tuple[str, Sequence[str]]]
    first_at: str
    rounds: int
    period_s: int


@dataclass(frozen=True, slots=True)
class Sent:
    """By the clock that all processes of a machine share: seconds of `time.monotonic`."""

    first_byte_s: float
    all_acked_s: float


def messages(collector: str, meters: Sequence[str], first_at: datetime, load: Load) -> list[bytes]:
    """Return a collector's messages, in the order in which it reads its meters."""
    sender = build.Sender(FLAG, collector)
    return [
        _message(sender, meter, first_at + timedelta(seconds=load.period_s) * number, number)
        for number in range(load.rounds)
        for meter in meters
    ]


def _message(sender: build.Sender, meter: str, at: datetime, number: int) -> bytes:
    local = at.astimezone(ZONE).replace(microsecond=0, tzinfo=None)
    total = 100_000 + 250 * number + int(meter) % 100
    text = build_readout(
        serial=meter,
        identification="SIM5\\2EIGHT-REGISTERS",
        clock=MeterClock(local, None),
        registers=[
            Register(obis, total // divisor, 0, "Wh" if obis[0] in "12" else "varh", 6)
            for divisor, obis in enumerate(REGISTERS, start=1)
        ],
    )
    (message,) = build.readout(
        sender,
        reference_id=f"{meter}-{number}",
        texts=[text.decode("latin-1")],
        meter_serial=meter,
        read_at=local,
    )
    return message


async def _send(load: Load, collector: str, data: bytes, acks: int) -> None:
    reader, writer = await asyncio.open_connection(load.host, load.port)
    writer.write(
        build.identification(build.Sender(FLAG, collector), reference_id="hello", token=TOKEN)
    )
    await reader.readuntil(b"$")
    writer.write(data)
    while acks > 0:
        answer = await reader.read(READ_BYTES)
        if not answer:
            raise ConnectionError(f"{collector}: hung up with {acks} acks to come")
        acks -= answer.count(b"#")
    writer.close()


async def _send_all(load: Load, rendered: Sequence[tuple[str, list[bytes]]]) -> Sent:
    first_byte_s = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for collector, parts in rendered:
            tasks.create_task(_send(load, collector, b"".join(parts), len(parts)))
    return Sent(first_byte_s, time.monotonic())


def main() -> None:
    load = Load(**orjson.loads(sys.stdin.buffer.read()))
    first_at = datetime.fromisoformat(load.first_at)
    rendered = [
        (collector, messages(collector, meters, first_at, load))
        for collector, meters in load.collectors
    ]
    sys.stdout.write(orjson.dumps(asdict(uvloop.run(_send_all(load, rendered)))).decode())


if __name__ == "__main__":
    main()
