"""Purchases whose invoices and credit notes may not say what is so any more; see `bought`.

Those that are new in the books get there by themselves.
"""

from collections.abc import Sequence
from datetime import datetime

from db.access import Connection
from db.ids import CompanyId, JournalId

NOTE = """
    insert into purchase_due (company_id, journal_id, due_at)
    select $1, journal_id, $3 from unnest($2::int8[]) journal_id
    on conflict do nothing
"""


async def note(
    connection: Connection,
    *,
    company_id: CompanyId,
    journal_ids: Sequence[JournalId],
    now: datetime,
) -> None:
    """Note purchases in the transaction that changes what became of them."""
    await connection.execute(NOTE, company_id, journal_ids, now)
