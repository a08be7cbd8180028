"""Forgetting messages, with all that is kept of them, past the company's retention."""

from datetime import datetime, timedelta

from domain.chunks import changed_in_chunks

CHUNK = 1_000
CHUNKS_MAX = 50
# The platform's own messages are to users: about passwords, and nothing that anybody asks later.
PLATFORM_RETENTION = timedelta(days=90)

# What still waits is not old enough, whenever it was asked for: it ends within days.
FORGET = """
    delete from message where (company_id, id) in (
        select m.company_id, m.id from message m left join company c on c.id = m.company_id
        where m.state <> 'WAITING'
            and m.created_at < $1::timestamptz
                - coalesce(c.message_retention_days * interval '1 day', $2::interval)
        order by m.company_id, m.created_at, m.id limit $3 for update of m skip locked
    )
"""


async def forget(*, now: datetime) -> int:
    """Forget up to 50,000 messages whose retention is over, and return how many. Repeatable."""
    return await changed_in_chunks(
        FORGET, now, PLATFORM_RETENTION, rows_max=CHUNK, chunks_max=CHUNKS_MAX
    )
