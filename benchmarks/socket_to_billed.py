"""Frames on collectors' sockets stored, acknowledged, decoded and billed, against the codec alone.

Gateway, worker, PostgreSQL, Valkey and the sending process share the machine.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import orjson

from benchmarks.figures import Figure
from benchmarks.fleet import FLAG, Fleet, seed
from benchmarks.ingest import slowdown
from benchmarks.sender import Load, Sent, messages
from benchmarks.servers import Servers, servers
from cli.embedded.apart import run_apart
from collectors.base import DecodedFrame, Store
from collectors.drivers.mass.decode import decode as decode_mass
from collectors.drivers.mass.push import PushSession
from collectors.protocols.iec62056_21.readout import parse_readout
from collectors.protocols.iec62056_21.registers import decode
from collectors.protocols.mass import build
from tests.console import Console

ROUNDS_OF_METERS = {10_000: 6, 100_000: 1}
READS_PER_S_MIN = 11_000
PERIOD = timedelta(minutes=15)
CODEC_FRAMES = 20_000
CHUNK_BYTES = 64 * 1024
DRAINED_S_MAX = 120.0
LOOK_EVERY_S = 0.05


def run(*, now: datetime) -> Iterator[Figure]:
    """Measure with few and with many meters, and how much slower many are."""
    codec = codec_rate(now)
    rates = []
    for meters, rounds in ROUNDS_OF_METERS.items():
        rates.append(_rate(meters=meters, rounds=rounds, now=now))
        yield Figure(
            f"bytes on sockets → billed, {meters:,} meters",
            f"{rates[-1]:,.0f} reads/s",
            f"codec alone: {codec:,.0f} reads/s",
            f"{100 * rates[-1] / codec:.0f} %",
            f"≥ {READS_PER_S_MIN:,} reads/s",
            holds=rates[-1] >= READS_PER_S_MIN,
        )
    yield slowdown("bytes on sockets → billed", *rates)


def codec_rate(now: datetime) -> float:
    """Return how many readouts a second one process cuts, parses and decodes."""
    meters = [f"{number:08}" for number in range(CODEC_FRAMES)]
    load = Load("", 0, [("C0000000", meters)], "", 1, 0)
    data = b"".join(messages("C0000000", meters, now, load))
    session = PushSession()
    session.feed(build.identification(build.Sender(FLAG, "C0000000"), reference_id="hello"))
    session.identified(ok=True)
    started_s = time.perf_counter()
    decoded = sum(
        _registers(effect.frame.body)
        for start in range(0, len(data), CHUNK_BYTES)
        for effect in session.feed(data[start : start + CHUNK_BYTES])
        if isinstance(effect, Store)
    )
    spent_s = time.perf_counter() - started_s
    if decoded != 8 * CODEC_FRAMES:
        raise RuntimeError(f"{decoded} registers decoded")
    return CODEC_FRAMES / spent_s


def _registers(body: bytes) -> int:
    message = decode_mass([body])
    if not isinstance(message, DecodedFrame):
        raise TypeError(message.reason)
    return len(decode(parse_readout(message.readout)).registers)


def _rate(*, meters: int, rounds: int, now: datetime) -> float:
    with servers() as running, TemporaryDirectory() as logs, ExitStack() as processes:
        fleet = run_apart(seed(running.urls.owner, meters=meters, now=now))
        console = Console(Path(logs), urls=running.urls, redis_url=running.redis)
        processes.enter_context(console.gateway())
        processes.enter_context(console.worker())
        sent = _send(fleet, console.gateway_port, rounds, now)
        done_s = run_apart(_drained(running, reads=meters * rounds, accounts=meters))
    sys.stderr.write(
        f"acked after {sent.all_acked_s - sent.first_byte_s:.2f} s,"
        f" billed after {done_s - sent.first_byte_s:.2f} s\n"
    )
    return meters * rounds / (done_s - sent.first_byte_s)


def _send(fleet: Fleet, port: int, rounds: int, now: datetime) -> Sent:
    load = Load(
        host="127.0.0.1",
        port=port,
        collectors=[(c.serial, [meter.serial for meter in c.meters]) for c in fleet.collectors],
        first_at=(now - PERIOD * rounds).isoformat(),
        rounds=rounds,
        period_s=int(PERIOD.total_seconds()),
    )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sender"],
        check=True,
        input=orjson.dumps(asdict(load)),
        stdout=subprocess.PIPE,
    )
    return Sent(**orjson.loads(done.stdout))


async def _drained(running: Servers, *, reads: int, accounts: int) -> float:
    """Return when no frame waited any more; fail unless all are stored and billed by then."""
    connection = await asyncpg.connect(running.urls.owner)
    try:
        end_s = time.monotonic() + DRAINED_S_MAX
        while await connection.fetchval("select exists (select from pending_frame)"):
            if time.monotonic() > end_s:
                raise TimeoutError("frames still wait")
            await asyncio.sleep(LOOK_EVERY_S)
        done_s = time.monotonic()
        stored = await connection.fetchval("select count(*) from reading")
        charged = await connection.fetchval(
            "select count(*) from account_balance where balance_micro < 0"
        )
    finally:
        await connection.close()
    if (stored, charged) != (reads, accounts):
        raise RuntimeError(f"{stored} readings, {charged} accounts charged")
    return done_s
