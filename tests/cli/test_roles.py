"""The three roles, in a real server."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from cli.embedded.postgres import Postgres
from cli.roles import APP, OWNER, ROLES, SYSTEM, UnsafeRoles, ensure_database, ensure_roles

NEW_PASSWORD = "another"  # noqa: S105 -- refused before it is set

ATTRIBUTES = """
    SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole
    FROM pg_roles WHERE rolname LIKE 'wattledger%' ORDER BY rolname
"""
SETTINGS = """
    SELECT unnest(setconfig) FROM pg_db_role_setting
    WHERE setrole = $1::regrole AND setdatabase = 0 ORDER BY 1
"""
TIMEOUTS = [
    "TimeZone=UTC",
    "idle_in_transaction_session_timeout=5s",
    "lock_timeout=3s",
    "statement_timeout=5s",
    "transaction_timeout=5s",
]


@pytest.fixture
async def admin(postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.admin_url, timeout=60)
    yield connection
    await connection.close()


async def test_roles_can_be_ensured_again(postgres: Postgres, admin: asyncpg.Connection) -> None:
    await ensure_roles(postgres.admin_url, passwords_of(postgres))
    await ensure_database(postgres.admin_url, "wattledger")

    found = [tuple(row) for row in await admin.fetch(ATTRIBUTES)]
    assert found == [
        (APP, True, False, False, False, False),
        (OWNER, True, False, False, True, False),
        (SYSTEM, True, False, False, False, False),
    ]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        pytest.param(APP, TIMEOUTS, id="app ends within seconds"),
        pytest.param(SYSTEM, TIMEOUTS, id="system ends within seconds"),
        pytest.param(OWNER, ["TimeZone=UTC"], id="migrations take their time"),
    ],
)
async def test_time_outs_belong_to_the_role(
    admin: asyncpg.Connection, role: str, expected: list[str]
) -> None:
    found = [row[0] for row in await admin.fetch(SETTINGS, role)]

    assert sorted(found) == sorted(expected)


async def test_a_role_that_policies_do_not_bind_is_refused(
    postgres: Postgres, admin: asyncpg.Connection
) -> None:
    new = dict.fromkeys(ROLES, NEW_PASSWORD)
    await admin.execute(f"ALTER ROLE {APP} BYPASSRLS")

    try:
        with pytest.raises(UnsafeRoles, match=APP):
            await ensure_roles(postgres.admin_url, new)
    finally:
        await admin.execute(f"ALTER ROLE {APP} NOBYPASSRLS")

    port = int((postgres.home / "port").read_text())
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1", port=port, user=OWNER, password=NEW_PASSWORD, timeout=60
        )


def passwords_of(postgres: Postgres) -> dict[str, str]:
    return {role: (postgres.home / f"{role}.password").read_text() for role in ROLES}
