"""Removing sessions that ended long ago; their daily entries stay."""

from datetime import datetime, timedelta

from domain.chunks import changed_in_chunks

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
    return await changed_in_chunks(
        REMOVE, now - KEPT, rows_max=REMOVED_AT_ONCE_MAX, chunks_max=CHUNKS_MAX
    )
