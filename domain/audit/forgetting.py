"""Forgetting who looked at people's data, once the company's retention is over.

The chain keeps the seals of what is forgotten, and an entry that names it; see `verification`.
"""

from datetime import datetime

from db import access

# Of one transaction, and so named by one entry.
ENTRIES_MAX = 1_000
CHUNKS_MAX = 40


async def forget_contact_reads(*, now: datetime) -> int:
    """Forget sealed reads past their company's retention, 40,000 at most; return how many.

    Repeatable; of two at once, each waits for the other.
    """
    async with access.system() as connection:
        companies = await connection.fetch("select id from company order by id")
    forgotten, chunks = 0, 0
    for company in companies:
        chunk = ENTRIES_MAX
        while chunk == ENTRIES_MAX and chunks < CHUNKS_MAX:
            async with access.system() as connection:
                chunk = await connection.fetchval(
                    "select forget_contact_reads($1, $2, $3)", company["id"], now, ENTRIES_MAX
                )
            forgotten += chunk
            chunks += chunk == ENTRIES_MAX
    return forgotten
