"""Decoded batches stored, billed and told of, against plain COPY of the same rows."""

import asyncio
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import uvloop

from benchmarks.figures import Figure
from benchmarks.fleet import Fleet, Meter, seed
from benchmarks.servers import Servers, servers
from db import access
from db.enums import TimeSource
from db.ids import FrameId
from domain.readings import operations as readings
from domain.readings.batch import Read
from workers.ingest import BATCH_FRAMES_MAX

CONNECTIONS = 2
ROUNDS_OF_METERS = {10_000: 12, 100_000: 3}
PERIOD = timedelta(minutes=15)
REGISTERS = tuple(f"{code}.8.0" for code in range(1, 9))
COPY_PERCENT_MIN = 20
FALL_PERCENT_MAX = 15
COPY_TIMEOUT_S = 60

Batch = Sequence[Read]
Batches = Sequence[Batch]


@dataclass(slots=True)
class Spent:
    """Seconds, over all rounds."""

    storing_s: float = 0.0
    copying_s: float = 0.0


def run(*, now: datetime) -> Iterator[Figure]:
    """Measure with few and with many meters, and how much slower many are."""
    rates = []
    for meters, rounds in ROUNDS_OF_METERS.items():
        with servers() as running:
            spent = uvloop.run(_measure(running, meters=meters, rounds=rounds, now=now))
        stored, copied = meters * rounds / spent.storing_s, meters * rounds / spent.copying_s
        rates.append(stored)
        yield Figure(
            f"decoded batch → billed, {meters:,} meters",
            f"{stored:,.0f} reads/s",
            f"COPY: {copied:,.0f} rows/s",
            f"{100 * stored / copied:.0f} %",
            f"≥ {COPY_PERCENT_MIN} %",
            holds=100 * stored >= COPY_PERCENT_MIN * copied,
        )
    yield slowdown("decoded batch → billed", *rates)


def slowdown(what: str, few: float, many: float) -> Figure:
    """Compare rates with ten times the meters."""
    change = 100 * (many / few - 1)
    return Figure(
        f"{what}, ten times the meters",
        f"{many:,.0f} reads/s",
        f"{few:,.0f} reads/s",
        f"{change:+.0f} %",
        f"> -{FALL_PERCENT_MAX} %",
        holds=change > -FALL_PERCENT_MAX,
    )


async def _measure(running: Servers, *, meters: int, rounds: int, now: datetime) -> Spent:
    fleet = await seed(running.urls.owner, meters=meters, now=now)
    register_set_id = await _register_set(running.urls.owner, fleet)
    await access.connect(running.urls, pool_size=CONNECTIONS)
    copying = [await _copying(running.urls.owner) for _ in range(CONNECTIONS)]
    await copying[0].execute(COPIED)
    spent = Spent()
    for number in range(rounds):
        shares = _shares(fleet, register_set_id, number, now - PERIOD * (rounds - number))
        spent.copying_s += await _timed([_copy(c, s) for c, s in zip(copying, shares, strict=True)])
        spent.storing_s += await _timed([_store(share, now) for share in shares])
    await _check(copying[0], reads=meters * rounds, accounts=meters)
    for connection in copying:
        await connection.close()
    await access.close()
    return spent


async def _timed(works: Sequence[Awaitable[None]]) -> float:
    started_s = time.perf_counter()
    await asyncio.gather(*works)
    return time.perf_counter() - started_s


async def _store(batches: Batches, now: datetime) -> None:
    for batch in batches:
        async with access.system() as connection:
            await readings.store(connection, batch, now=now)


async def _copy(connection: asyncpg.Connection, batches: Batches) -> None:
    for batch in batches:
        await connection.copy_records_to_table(
            "copied_reading", records=map(_row, batch), columns=COLUMNS
        )


def _shares(
    fleet: Fleet, register_set_id: int, number: int, at: datetime
) -> list[list[list[Read]]]:
    """Return one round of readings: for each connection, batches of some collectors' meters."""
    shares = []
    for place in range(CONNECTIONS):
        reads = [
            _read(fleet, meter, register_set_id, number, at)
            for collector in fleet.collectors[place::CONNECTIONS]
            for meter in collector.meters
        ]
        shares.append(
            [reads[n : n + BATCH_FRAMES_MAX] for n in range(0, len(reads), BATCH_FRAMES_MAX)]
        )
    return shares


def _read(fleet: Fleet, meter: Meter, register_set_id: int, number: int, at: datetime) -> Read:
    index_wh = 100_000 + 250 * number + meter.meter_id % 100
    return Read(
        company_id=fleet.company_id,
        meter_id=meter.meter_id,
        field_id=meter.field_id,
        register_set_id=register_set_id,
        at=at,
        raw_index_wh=index_wh,
        values=[index_wh // divisor for divisor in range(1, len(REGISTERS) + 1)],
        time_source=TimeSource.METER,
        meter_at=at,
        collector_at=at,
        received_at=at,
        frame_id=FrameId(meter.meter_id),
    )


COLUMNS = (
    "company_id",
    "meter_id",
    "register_set_id",
    "ts",
    "index_wh",
    "quality",
    "time_source",
    "meter_at",
    "collector_at",
    "received_at",
    "frame_id",
    "values",
)


def _row(read: Read) -> tuple[object, ...]:
    return (
        read.company_id,
        read.meter_id,
        read.register_set_id,
        read.at,
        read.raw_index_wh,
        read.quality,
        read.time_source,
        read.meter_at,
        read.collector_at,
        read.received_at,
        read.frame_id,
        read.values,
    )


# Without policies: a table with them takes no COPY.
COPIED = """
    create table copied_reading (like reading including all) partition by range (ts);
    do $$
    declare
        day record;
    begin
        for day in
            select 'copied_' || c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
            from pg_inherits join pg_class c on c.oid = inhrelid
            where inhparent = 'reading'::regclass
        loop
            execute format('create table %I partition of copied_reading %s', day.name, day.bounds);
        end loop;
    end $$;
"""


async def _copying(owner_url: str) -> asyncpg.Connection:
    return await asyncpg.connect(owner_url, command_timeout=COPY_TIMEOUT_S)


async def _register_set(owner_url: str, fleet: Fleet) -> int:
    connection = await asyncpg.connect(owner_url)
    try:
        return int(
            await connection.fetchval(
                "insert into register_set (company_id, obis, scaler, unit)"
                " values ($1, $2, $3, $4) returning id",
                fleet.company_id,
                REGISTERS,
                [0] * len(REGISTERS),
                ["Wh" if code[0] in "12" else "varh" for code in REGISTERS],
            )
        )
    finally:
        await connection.close()


async def _check(connection: asyncpg.Connection, *, reads: int, accounts: int) -> None:
    """Fail unless every reading is stored and every account is charged."""
    stored = await connection.fetchval("select count(*) from reading")
    copied = await connection.fetchval("select count(*) from copied_reading")
    charged = await connection.fetchval(
        "select count(*) from account_balance where balance_micro < 0"
    )
    if (stored, copied, charged) != (reads, reads, accounts):
        raise RuntimeError(f"stored {stored}, copied {copied}, charged {charged} accounts")
