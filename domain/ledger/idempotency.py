"""Rows that somebody asks for under a key of their own: asking again finds the first one."""

from db.access import Connection
from db.ids import CompanyId
from domain.ledger.posting import IdempotencyConflict

# The same key waits here for whoever uses it at the same time.
LOCK = "select pg_advisory_xact_lock(hashtextextended($2 || '/' || $3, $1))"


async def made_under(
    connection: Connection, table: str, *, company_id: CompanyId, key: str, request_hash: bytes
) -> int | None:
    """Return the id of the row that was made under a key, which is ours until the transaction ends.

    :raises IdempotencyConflict: it was made for something else
    """
    await connection.execute(LOCK, company_id, table, key)
    made = await connection.fetchrow(
        f"select id, request_hash from {table} where company_id = $1 and idempotency_key = $2",
        company_id,
        key,
    )
    if made is None:
        return None
    if made["request_hash"] != request_hash:
        raise IdempotencyConflict
    return int(made["id"])
