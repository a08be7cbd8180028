"""Forgetting what payers wrote, once it is long decided whose money it was.

Before that it is of nobody in particular; the payment that it became stays.
"""

from datetime import datetime

from domain.chunks import changed_in_chunks

CHUNK = 1_000
CHUNKS_MAX = 50

FORGET = """
    update bank_transfer b set text = '', version = b.version + 1
    from (
        select t.company_id, t.id from bank_transfer t join company c on c.id = t.company_id
        where t.state <> 'REVIEW' and t.text <> ''
            and coalesce(t.decided_at, t.imported_at)
                < $1::timestamptz - c.transfer_text_retention_days * interval '1 day'
        order by t.company_id, t.id limit $2 for update of t skip locked
    ) old
    where (b.company_id, b.id) = (old.company_id, old.id)
"""


async def forget(*, now: datetime) -> int:
    """Forget up to 50,000 texts whose retention is over, and return how many. Repeatable."""
    return await changed_in_chunks(FORGET, now, rows_max=CHUNK, chunks_max=CHUNKS_MAX)
