"""Chaining daily entries behind the writers, so that no writer waits for another."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from db import access
from db.access import Connection
from domain.audit.chain import COLUMNS, Head, Seal, digest, linked

BATCH_MAX = 1_000
BATCHES_MAX = 20
LOCK = "select pg_advisory_xact_lock(hashtext('daily_entry_seal'))"
ENTRY_COLUMNS = ", ".join(
    f"e.{name}::text as {name}" if name in {"before", "after"} else f"e.{name}" for name in COLUMNS
)
# Only what is committed is seen here, whatever order it was written in.
UNSEALED = f"""
    select {ENTRY_COLUMNS}
    from unsealed_entry u join daily_entry e on e.company_id = u.company_id and e.id = u.entry_id
    order by u.company_id, u.entry_id limit $1
"""
HEADS = """
    select distinct on (company_id) company_id, number, hash from daily_entry_seal
    where company_id = any($1::int4[]) order by company_id, number desc
"""
SEALED = """
    delete from unsealed_entry
    where (company_id, entry_id) in (select * from unnest($1::int4[], $2::int8[]))
"""


async def seal(*, now: datetime) -> int:
    """Chain committed entries that are in no chain yet; return how many.

    Repeatable; of several at once, each waits for the other. At most 20,000 in a call.
    """
    sealed = 0
    for _ in range(BATCHES_MAX):
        async with access.system() as connection:
            found = await _seal_batch(connection, now=now)
        sealed += found
        if found < BATCH_MAX:
            break
    return sealed


async def _seal_batch(connection: Connection, *, now: datetime) -> int:
    await connection.execute(LOCK)
    entries = await connection.fetch(UNSEALED, BATCH_MAX)
    by_company: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for entry in entries:
        by_company[entry["company_id"]].append(entry)
    heads = {
        row["company_id"]: Head(row["number"], row["hash"])
        for row in await connection.fetch(HEADS, list(by_company))
    }
    for company_id, of_company in by_company.items():
        seals = _chained(of_company, heads.get(company_id, Head()))
        await connection.executemany(
            "insert into daily_entry_seal values ($1, $2, $3, $4, $5, $6)",
            [(company_id, one.number, one.entry_id, one.digest, one.hash, now) for one in seals],
        )
    await connection.execute(
        SEALED, [one["company_id"] for one in entries], [one["id"] for one in entries]
    )
    return len(entries)


def _chained(entries: Sequence[asyncpg.Record], head: Head) -> list[Seal]:
    seals = []
    for entry in entries:
        own = digest(entry[name] for name in COLUMNS)
        head = Head(head.number + 1, linked(head.hash, own))
        seals.append(Seal(head.number, entry["id"], own, head.hash))
    return seals
