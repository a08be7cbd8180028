"""The invoices of a month, against plain inserts of the same rows."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import uvloop

from benchmarks.figures import Figure
from benchmarks.fleet import OPENED_BEFORE, seed
from benchmarks.servers import Servers, servers
from db import access
from domain.invoices import month_end
from domain.invoices.month_end import CHUNK_ACCOUNTS, CHUNKS_MAX

ACCOUNTS = 100_000
INSERTS_PERCENT_MIN = 20
TIMEOUT_S = 600
# Not measured: of a table that was empty, the planner has thought otherwise.
FIRST_CHUNKS = 10
# Istanbul's February 2026.
STARTS_AT = datetime(2026, 1, 31, 21, tzinfo=UTC)
ENDS_AT = datetime(2026, 2, 28, 21, tzinfo=UTC)
ISSUED_AT = ENDS_AT + timedelta(days=2)
# A register at each end of the month, and quarter hours before it as they come.
READINGS = """
    with registers as (
        insert into register_set (company_id, obis, scaler, unit)
        values ($1, '{1.8.0}', '{0}', '{Wh}') returning id
    )
    insert into reading (company_id, meter_id, register_set_id, ts, index_wh, quality, time_source,
        received_at, frame_id, "values")
    select m.company_id, m.id, r.id, at - before, index_wh, 'ACTUAL', 'METER', at, 0,
        array[index_wh]
    from meter m, registers r,
        unnest($2::timestamptz[], $3::int8[]) ends (at, index_wh),
        unnest(array['0', '15 minutes', '30 minutes', '45 minutes']::interval[]) before
    where m.company_id = $1
"""
# Each day charges ten kilowatt hours, rounded as one sum to the last digit.
ACCRUALS = """
    insert into accrual (company_id, account_id, local_date, charged_micro, posted_micro)
    select a.company_id, a.id, '2026-02-01'::date + n,
        round(2.345678901 * 10000000 * (n + 1)) - round(2.345678901 * 10000000 * n),
        round(2.345678901 * 10000000 * (n + 1)) - round(2.345678901 * 10000000 * n)
    from account a, generate_series(0, 27) n where a.company_id = $1
"""
# The books know the accounts: they have posted their energy for a month.
SIDES = """
    insert into ledger_account (company_id, kind, account_id, currency)
    select company_id, 'CREDIT', id, 'TRY' from account where company_id = $1
"""
TABLES = ("journal", "entry", "invoice", "invoice_line", "message", "message_event")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds."""

    issuing_s: float
    inserting_s: float
    issued: int
    inserted: int


def run(*, now: datetime) -> Iterator[Figure]:
    """Invoice a month that has long been over; `now` is not asked."""
    del now
    with servers() as running:
        spent = uvloop.run(_measure(running))
    issued, inserted = spent.issued / spent.issuing_s, spent.inserted / spent.inserting_s
    yield Figure(
        f"month-end invoices, {spent.issued:,} accounts in {spent.issuing_s:,.0f} s",
        f"{issued:,.0f} invoices/s",
        f"plain inserts of the same rows: {inserted:,.0f} invoices/s",
        f"{100 * issued / inserted:.0f} %",
        f"≥ {INSERTS_PERCENT_MIN} %",
        holds=100 * issued >= INSERTS_PERCENT_MIN * inserted,
    )


async def _measure(running: Servers) -> Spent:
    await _prepare(running)
    first = await _issue(running, chunks_max=FIRST_CHUNKS)
    await _look(running)
    began = time.perf_counter()
    issued = 0
    while made := await _issue(running):
        issued += made
    issuing_s = time.perf_counter() - began
    return Spent(issuing_s, await _insert_bare(running), issued, first + issued)


async def _issue(running: Servers, chunks_max: int = CHUNKS_MAX) -> int:
    await access.connect(running.urls, pool_size=2)
    try:
        return await month_end.work(now=ISSUED_AT, chunks_max=chunks_max)
    finally:
        await access.close()


async def _look(running: Servers) -> None:
    """Let the planner see tables with something in them, as they are but in the very first minute.

    What the disk has still to be told of all that was prepared is none of this benchmark's either.
    """
    for url, statement in ((running.urls.owner, "analyze"), (running.admin, "checkpoint")):
        connection = await asyncpg.connect(url, command_timeout=TIMEOUT_S)
        await connection.execute(statement)
        await connection.close()


async def _prepare(running: Servers) -> None:
    fleet = await seed(
        running.urls.owner, meters=ACCOUNTS, now=STARTS_AT + OPENED_BEFORE - timedelta(days=1)
    )
    owner = await asyncpg.connect(running.urls.owner, command_timeout=TIMEOUT_S)
    await owner.execute("select ensure_partitions($1, 40, 2)", ENDS_AT)
    await owner.execute("update account set billing_mode = 'POSTPAID'")
    await owner.execute("update account_mode set mode = 'POSTPAID'")
    await owner.execute(READINGS, fleet.company_id, [STARTS_AT, ENDS_AT], [0, 280_000])
    await owner.execute(ACCRUALS, fleet.company_id)
    await owner.execute(SIDES, fleet.company_id)
    await owner.execute("vacuum analyze")
    await owner.close()


async def _insert_bare(running: Servers) -> float:
    """Insert the rows that were made into tables like theirs, as many at a time as they were."""
    owner = await asyncpg.connect(running.urls.owner, command_timeout=TIMEOUT_S)
    rows: dict[str, Sequence[asyncpg.Record]] = {}
    for table in TABLES:
        rows[table] = await owner.fetch(f"select * from {table} order by 1, 2, 3")
        await owner.execute(f"create table bare_{table} (like {table} including all)")
    chunks = -(-len(rows["invoice"]) // CHUNK_ACCOUNTS)
    began = time.perf_counter()
    for chunk in range(chunks):
        async with owner.transaction():
            for table in TABLES:
                size = -(-len(rows[table]) // chunks)
                await _insert(owner, table, rows[table][chunk * size : (chunk + 1) * size])
    spent = time.perf_counter() - began
    await owner.close()
    return spent


async def _insert(
    owner: "asyncpg.Connection[asyncpg.Record]", table: str, rows: Sequence[asyncpg.Record]
) -> None:
    if rows:
        slots = ", ".join(f"${n}" for n in range(1, len(rows[0]) + 1))
        await owner.executemany(f"insert into bare_{table} values ({slots})", map(tuple, rows))
