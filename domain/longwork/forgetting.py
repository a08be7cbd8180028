"""Removing long work that ended long ago, with what was wrong in it; its daily entries stay."""

from datetime import datetime, timedelta

from domain.chunks import changed_in_chunks

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
    return await changed_in_chunks(
        REMOVE, now - KEPT, rows_max=REMOVED_AT_ONCE_MAX, chunks_max=CHUNKS_MAX
    )
