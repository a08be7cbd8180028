"""Changing many rows of all companies, some in a transaction at a time."""

from db import access


async def changed_in_chunks(statement: str, *values: object, rows_max: int, chunks_max: int) -> int:
    """Run a statement until it finds less than it may change; return how many rows it changed.

    rows_max: how many it may change at once, which is its last value.
    """
    changed = 0
    for _ in range(chunks_max):
        async with access.system() as connection:
            status = await connection.execute(statement, *values, rows_max)
        count = int(status.rpartition(" ")[2])
        changed += count
        if count < rows_max:
            break
    return changed
