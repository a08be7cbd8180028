"""Waiting in tests for what happens elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from db.settings import Urls

# A machine that is busy with something else is no reason to fail.
PATIENCE_S = 60.0
LOOK_EVERY_S = 0.02

# Those that wait for who waits for this connection count too.
WHO_WAIT = """
    select case when bool_or(pg_backend_pid() = any(blockers)) then count(*) else 0 end
    from pg_stat_activity cross join pg_blocking_pids(pid) blockers
    where datname = current_database() and cardinality(blockers) > 0
"""


async def until(holds: Callable[[], bool]) -> None:
    """Wait until `holds` returns true.

    :raises TimeoutError: it did not in time
    """
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for knows nothing of tests
            await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def held(
    database: Urls, statement: str, *arguments: Any
) -> AsyncIterator[asyncpg.Connection]:
    """Run a statement and hold what it locks as long as it takes; nothing of it stays."""
    for_ever = {"transaction_timeout": "0", "idle_in_transaction_session_timeout": "0"}
    connection = await asyncpg.connect(database.system, server_settings=for_ever)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(statement, *arguments)
        yield connection
        await transaction.rollback()
    finally:
        await connection.close()


async def others_wait(connection: asyncpg.Connection, count: int) -> None:
    """Wait until as many wait, and one of them for a lock of this connection.

    :raises TimeoutError: they did not in time
    """
    async with asyncio.timeout(PATIENCE_S):
        while await connection.fetchval(WHO_WAIT) < count:
            await asyncio.sleep(LOOK_EVERY_S)
            # Within a transaction it would go on saying who was there at first.
            await connection.execute("select pg_stat_clear_snapshot()")
