"""Removing long work that ended long ago, with what was wrong in it; its daily entries stay."""

from datetime import datetime, timedelta

from db import access

KEPT = timedelta(days=90)
REMOVED_AT_ONCE_MAX = 500
CHUNKS_MAX = 20

# Errors go along: a thousand each.
REMOVE = """
    delete from job j using (
        select company_id, id from job where finished_at <= $1
        order by finished_at limit $2 for update skip locked
    ) old
    where j.company_id = old.company_id and j.id = old.id
"""


async def remove_ended(*, now: datetime) -> int:
    """Remove jobs of all companies, 10,000 at most, and return how many. Safe to repeat."""
    removed = 0
    for _ in range(CHUNKS_MAX):
        async with access.system() as connection:
            status = await connection.execute(REMOVE, now - KEPT, REMOVED_AT_ONCE_MAX)
        found = int(status.rpartition(" ")[2])
        removed += found
        if found < REMOVED_AT_ONCE_MAX:
            break
    return removed
