"""The door for reading one company's rows with as few round trips as there are questions.

Its connections are of the role `app`, serve nothing else and can change nothing. Each goes on
seeing the company that it was last told to see: a page costs one round trip and not four.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from db.ids import CompanyId

ACQUIRE_TIMEOUT_S = 10
COMMAND_TIMEOUT_S = 10
IDLE_S_MAX = 60

SEE_COMPANY = "select set_config('app.company', $1, false)"

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"


class Reader(asyncpg.Connection):
    """A connection that sees the rows of one company, or of none."""

    _company_id: CompanyId | None = None

    async def see(self, company_id: CompanyId) -> None:
        """See the rows of this company alone from now on."""
        if self._company_id != company_id:
            # Should this fail, nobody knows what the server made of it.
            self._company_id = None
            await self.execute(SEE_COMPANY, str(company_id))
            self._company_id = company_id


class Readers:
    """The process's connections for reading; they are opened as they are needed."""

    def __init__(self) -> None:
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self, url: str, *, size: int) -> None:
        self._pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            connection_class=Reader,
            command_timeout=COMMAND_TIMEOUT_S,
            max_inactive_connection_lifetime=IDLE_S_MAX,
            server_settings={"default_transaction_read_only": "on"},
            reset=_keep,
        )

    async def close(self) -> None:
        """Close all connections. Safe to repeat."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    @asynccontextmanager
    async def reading(self, company_id: CompanyId) -> AsyncIterator[Connection]:
        """Lend a connection that sees the rows of `company_id` alone; each statement is by itself.

        What is read is as new as the statement that reads it. Models know nothing of it.
        """
        if self._pool is None:
            raise RuntimeError("the pools are not open")
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            await cast("Reader", connection).see(company_id)
            yield connection


async def _keep(_: object) -> None:
    """Leave a connection as it is when it is given back: it says itself whose rows it sees."""
