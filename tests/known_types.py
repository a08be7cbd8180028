"""Asks a test run's PostgreSQL once what its built-in types are, not on each new connection.

asyncpg learns types as it meets them, the arrays of numbers and dates among them: five questions
to the catalogue a test, since every test has a database and so connections of its own.
"""

from types import SimpleNamespace
from typing import Any

from asyncpg import Connection

# Types below are PostgreSQL's own, and the same in every database: FirstNormalObjectId.
OWN_TYPES_FROM = 16384


def remember_types() -> None:
    """Let every connection of this process know what one was told of built-in types."""
    ask = Connection._introspect_types  # type: ignore[attr-defined]
    known: dict[frozenset[int], Any] = {}

    async def told(self: Any, oids: set[int], timeout_s: float | None) -> tuple[Any, Any]:
        asked = frozenset(oids)
        if asked in known:
            # Its name says that no statement was prepared in the place of the one that waits.
            return known[asked], SimpleNamespace(name="known")
        found, statement = await ask(self, oids, timeout_s)
        if max(asked) < OWN_TYPES_FROM:
            known[asked] = found
        return found, statement

    Connection._introspect_types = told  # type: ignore[attr-defined]
