"""The only doors to PostgreSQL: one short transaction each, as `app` or as `system`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypeAlias, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise import Tortoise
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection, get_connections
from tortoise.exceptions import DBConnectionError
from tortoise.transactions import in_transaction

from db.acting import actor_setting
from db.ids import CompanyId
from db.models import MODELS
from db.reading import Readers
from db.settings import Urls

ACQUIRE_TIMEOUT_S = 10
COMMAND_TIMEOUT_S = 10
POOL_SIZE = 10

SEE_COMPANY = "select set_config('app.company', $1, true), set_config('app.actor', $2, true)"
READ_ONE_STATE = "set transaction isolation level repeatable read read only"
# The clock of the transaction runs already: a new time alone would not start it anew.
LAST_LONGER = """
    set local transaction_timeout = 0;
    set local transaction_timeout = '10min';
    set local statement_timeout = '10min';
"""
SAY_WHO = "select set_config('app.actor', $1, true)"

_readers = Readers()

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
# What says nothing about the work itself: it may well go through later, or in smaller pieces.
DatabaseUnavailable = (
    OSError,
    TimeoutError,
    DBConnectionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    # What asyncpg says between a server's last words and the end of the connection.
    asyncpg.InternalClientError,
    asyncpg.LockNotAvailableError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.TransactionRollbackError,
    asyncpg.TransactionTimeoutError,
)


async def connect(urls: Urls, *, pool_size: int = POOL_SIZE) -> None:
    """Open this process's pools. Models speak as `app`, within `tenant()`."""
    await Tortoise.init(
        config={
            "connections": {
                "app": _pool(urls.app, pool_size),
                "system": _pool(urls.system, pool_size),
            },
            "apps": {"wattledger": {"models": MODELS, "default_connection": "app"}},
            "use_tz": True,
            "timezone": "UTC",
        },
        # uvicorn's lifespan and its requests run in different tasks.
        _enable_global_fallback=True,
    )
    await _readers.open(urls.app, size=pool_size)


async def close() -> None:
    await _readers.close()
    await Tortoise.close_connections()


@asynccontextmanager
async def tenant(company_id: CompanyId, *, snapshot: bool = False) -> AsyncIterator[Connection]:
    """Run one transaction that sees the rows of `company_id` alone.

    Models used inside join the transaction. Start no tasks in it: they would share the connection.

    snapshot: it only reads, and all its queries see the same state.
    """
    async with _transaction("app") as connection:
        if snapshot:
            await connection.execute(READ_ONE_STATE)
        await connection.execute(SEE_COMPANY, str(company_id), actor_setting())
        yield connection


def reading(company_id: CompanyId) -> AbstractAsyncContextManager[Connection]:
    """Lend a connection that sees the rows of `company_id` alone, and can change nothing.

    Each statement is a transaction by itself, and the only round trip. Models do not join in.
    """
    return _readers.reading(company_id)


async def read_rows(query: str, *arguments: object) -> list[asyncpg.Record]:
    """Return the rows that one statement finds as `system`: a transaction by itself."""
    async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
        async with get_connection("system").acquire_connection() as connection:
            return cast("list[asyncpg.Record]", await connection.fetch(query, *arguments))


async def read_row(query: str, *arguments: object) -> asyncpg.Record | None:
    """Return the first row that one statement finds as `system`; None when there is none."""
    return next(iter(await read_rows(query, *arguments)), None)


@asynccontextmanager
async def system(
    company_id: CompanyId | None = None, *, snapshot: bool = False
) -> AsyncIterator[Connection]:
    """Run one transaction that sees every company: ingest, outbox, sweeper and sign-in only.

    company_id: whose daily entries tell of what is done to rows of no company, such as users.
    snapshot: it only reads, and all its queries see the same state.
    """
    async with _transaction("system") as connection:
        if snapshot:
            await connection.execute(READ_ONE_STATE)
        elif company_id is not None:
            await connection.execute(SEE_COMPANY, str(company_id), actor_setting())
        elif actor := actor_setting():
            await connection.execute(SAY_WHO, actor)
        yield connection


@asynccontextmanager
async def _transaction(role: str) -> AsyncIterator[Connection]:
    outside = get_connection(role)
    context = in_transaction(role)
    try:
        # asyncpg waits for a free connection for ever unless told not to.
        async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
            client = await context.__aenter__()
        # The public way to the connection holds a lock that the models' own queries need.
        yield cast("Connection", client._connection)  # noqa: SLF001
    except BaseException as error:
        # That a broken connection cannot roll back either says less than what broke it.
        with suppress(Exception):
            await context.__aexit__(type(error), error, error.__traceback__)
        raise
    else:
        await context.__aexit__(None, None, None)
    finally:
        # Tortoise goes on taking a broken connection for this task's own.
        if get_connection(role) is not outside:
            get_connections().set(role, outside)


async def is_reachable(role: str = "system") -> bool:
    """Return whether a query gets an answer now."""
    try:
        async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
            await get_connection(role).execute_query("select 1")
    except (*DatabaseUnavailable, asyncpg.PostgresError):
        return False
    return True


async def _leave(_: object) -> None:
    """Reset nothing on a connection that is given back: what we set ends with its transaction."""


def _pool(url: str, size: int) -> dict[str, Any]:
    config = expand_db_url(url)
    config["credentials"] |= {
        "minsize": 1,
        "maxsize": size,
        "command_timeout": COMMAND_TIMEOUT_S,
        "max_inactive_connection_lifetime": 60,
        "reset": _leave,
    }
    return cast("dict[str, Any]", config)
