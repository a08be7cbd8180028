"""Waiting in tests for what happens elsewhere."""

import asyncio
from collections.abc import Callable

import asyncpg

# A machine that is busy with something else is no reason to fail.
PATIENCE_S = 60.0
LOOK_EVERY_S = 0.02

WHO_WAIT = """
    select count(distinct pid) from pg_locks join pg_stat_activity using (pid)
    where not granted and datname = current_database()
"""


async def until(holds: Callable[[], bool]) -> None:
    """Wait until `holds` returns true.

    :raises TimeoutError: it did not in time
    """
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for knows nothing of tests
            await asyncio.sleep(LOOK_EVERY_S)


async def others_wait(connection: asyncpg.Connection, count: int) -> None:
    """Wait until as many wait for locks in this database.

    :raises TimeoutError: they did not in time
    """
    async with asyncio.timeout(PATIENCE_S):
        while await connection.fetchval(WHO_WAIT) < count:
            await asyncio.sleep(LOOK_EVERY_S)
            # Within a transaction it would go on saying who was there at first.
            await connection.execute("select pg_stat_clear_snapshot()")
