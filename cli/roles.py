"""The roles that Wattledger's processes sign in as, and its database.

Roles belong to the whole server, not to one database; therefore no migration creates them.
"""

from collections.abc import Mapping
from types import MappingProxyType

import asyncpg

OWNER = "wattledger_owner"
APP = "wattledger_app"
SYSTEM = "wattledger_system"
ROLES = (OWNER, APP, SYSTEM)

CONNECT_TIMEOUT_S = 10
TRANSACTION_TIMEOUT_VERSION_NUM = 170_000
ROLES_LOCK = 0x57415454

# Row-level security binds neither superusers nor BYPASSRLS: no role of ours may be one.
ATTRIBUTES = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION"

TIMEOUTS: Mapping[str, str] = MappingProxyType(
    {
        "statement_timeout": "5s",
        "idle_in_transaction_session_timeout": "5s",
        "transaction_timeout": "5s",
        "lock_timeout": "3s",
    }
)


class UnsafeRoles(Exception):
    """Roles of ours that row-level security does not bind; somebody gave them more."""


async def ensure_roles(admin_url: str, passwords: Mapping[str, str]) -> None:
    """Bring the three roles to the state that the application needs. Safe to repeat.

    admin_url: of a role that may create roles.
    passwords: by role name (`ROLES`); they replace older ones.

    :raises UnsafeRoles: one is a superuser or bypasses policies; nothing has changed
    """
    connection = await asyncpg.connect(admin_url, timeout=CONNECT_TIMEOUT_S)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", ROLES_LOCK)
            await _refuse_unsafe(connection)
            for role in ROLES:
                await _ensure_role(connection, role, passwords[role])
                for name, value in _settings_of(role, connection).items():
                    await connection.execute(f"ALTER ROLE {role} SET {name} = '{value}'")
    finally:
        await connection.close()


async def ensure_database(admin_url: str, name: str) -> None:
    """Create the database, owned by our owner, when it is missing. Safe to repeat."""
    connection = await asyncpg.connect(admin_url, timeout=CONNECT_TIMEOUT_S)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}')
    except asyncpg.DuplicateDatabaseError:
        pass  # somebody else was faster
    finally:
        await connection.close()


async def _refuse_unsafe(connection: asyncpg.Connection) -> None:
    unsafe = await connection.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY($1) AND (rolsuper OR rolbypassrls)",
        list(ROLES),
    )
    if unsafe:
        raise UnsafeRoles(", ".join(sorted(row["rolname"] for row in unsafe)))


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {role} {ATTRIBUTES}")
    may_create = "CREATEDB" if role == OWNER else "NOCREATEDB"
    statement: str = await connection.fetchval(
        f"SELECT format('ALTER ROLE {role} LOGIN {may_create} PASSWORD %L', $1::text)", password
    )
    await connection.execute(statement)


def _settings_of(role: str, connection: asyncpg.Connection) -> dict[str, str]:
    """Return the role's settings; the owner migrates, which may take its time."""
    settings = {"timezone": "UTC"}
    if role == OWNER:
        return settings
    settings |= TIMEOUTS
    version = connection.get_server_version()
    if (version.major * 10_000) < TRANSACTION_TIMEOUT_VERSION_NUM:
        del settings["transaction_timeout"]
    return settings
