"""What stands in the tables, whichever company's it is."""

from typing import Any

from db import access


async def fetch(query: str, *arguments: object) -> list[tuple[Any, ...]]:
    async with access.system() as connection:
        return [tuple(row) for row in await connection.fetch(query, *arguments)]
