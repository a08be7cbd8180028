"""Runs of work that go on a turn at a time.

How far a run is stands in a row, which moves on in the transaction that does the work: who dies
leaves nothing half done, and two who work at once do not meet.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from db import access
from db.access import Connection
from domain.listing import Record


async def turn(
    take: str,
    *,
    go_on: Callable[[Connection, Record, datetime], Awaitable[int]],
    put_off: Callable[[Record, Exception, datetime], Awaitable[None]],
    now: datetime,
) -> int | None:
    """Go on with the run that is next; return how much was done, or None when none is due.

    take: the query that locks the run. put_off: what lets others go first, also where the next try
    would fail as well.
    """
    run: Record | None = None
    try:
        async with access.system() as connection:
            run = await connection.fetchrow(take, now)
            return None if run is None else await go_on(connection, run, now)
    except Exception as error:
        if run is None:
            raise
        await put_off(run, error, now)
        return 0
