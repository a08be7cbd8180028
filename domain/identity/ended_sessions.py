"""Removing sessions that ended long ago; their daily entries stay."""

from datetime import datetime, timedelta

from db import access

# So long, somebody may ask from where it was.
KEPT = timedelta(days=90)
REMOVED_AT_ONCE_MAX = 1_000
CHUNKS_MAX = 20

REMOVE = """
    delete from session s using (
        select id from session where least(expires_at, revoked_at) <= $1
        order by least(expires_at, revoked_at) limit $2 for update skip locked
    ) old
    where s.id = old.id
"""


async def remove_ended(*, now: datetime) -> int:
    """Remove sessions, 20,000 at most, and return how many. Safe to repeat."""
    removed = 0
    for _ in range(CHUNKS_MAX):
        async with access.system() as connection:
            status = await connection.execute(REMOVE, now - KEPT, REMOVED_AT_ONCE_MAX)
        found = int(status.rpartition(" ")[2])
        removed += found
        if found < REMOVED_AT_ONCE_MAX:
            break
    return removed
