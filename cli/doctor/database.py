"""Looking at PostgreSQL: who gets in, what they may, and whether the schema is whole."""

import pkgutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import asyncpg

import db.migrations
from cli.doctor.check import Check, fail, ok, warn
from db.access import DatabaseUnavailable
from db.settings import Urls

CONNECT_TIMEOUT_S: Final = 5
VERSION_MIN: Final = 16
CLOCK_DIFFERENCE_LOW: Final = timedelta(seconds=2)
CLOCK_DIFFERENCE_MAX: Final = timedelta(seconds=60)
PARTITIONED: Final = ("reading", "raw_frame")

Errors = (*DatabaseUnavailable, asyncpg.PostgresError)
MENDS: Mapping[str, str] = MappingProxyType(
    {
        "owner": "Look at DATABASE_URL, and whether PostgreSQL runs and lets us in.",
        "app": "Look at DATABASE_APP_URL, and whether the role exists with this password.",
        "system": "Look at DATABASE_SYSTEM_URL, and whether the role exists with this password.",
    }
)


async def database(urls: Urls, *, now: datetime) -> list[Check]:
    """Look at the database as its three roles."""
    found = [
        await _role("owner", urls.owner),
        await _role("app", urls.app),
        await _role("system", urls.system),
    ]
    try:
        owner = await asyncpg.connect(urls.owner, timeout=CONNECT_TIMEOUT_S)
    except Errors:
        return found
    try:
        found += [
            _version(owner),
            await _clock(owner, now),
            await _migrations(owner),
            await _partitions(owner, now),
        ]
    finally:
        await owner.close()
    return found


async def _role(name: str, url: str) -> Check:
    title = f"Database as {name}"
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S)
    except Errors as error:
        return fail(title, str(error) or repr(error), MENDS[name])
    try:
        (row,) = await connection.fetch(
            "select rolname, rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        )
    finally:
        await connection.close()
    role, is_unbound = row
    if is_unbound:
        mend = f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS;"
        return fail(title, f"{role} is not bound by row-level security", mend)
    return ok(title, f"{role} gets in")


def _version(connection: asyncpg.Connection) -> Check:
    version = connection.get_server_version()
    found = f"PostgreSQL {version.major}.{version.minor}"
    if version.major < VERSION_MIN:
        return fail("Version", found, f"Update to PostgreSQL {VERSION_MIN} or newer.")
    return ok("Version", found)


async def _clock(connection: asyncpg.Connection, now: datetime) -> Check:
    difference = abs(await connection.fetchval("select clock_timestamp()") - now)
    found = f"{difference.total_seconds():.1f} s from ours"
    mend = "Keep both machines' clocks by NTP: readings are judged by ours."
    if difference > CLOCK_DIFFERENCE_MAX:
        return fail("Clock of the database", found, mend)
    if difference > CLOCK_DIFFERENCE_LOW:
        return warn("Clock of the database", found, mend)
    return ok("Clock of the database", found)


async def _migrations(connection: asyncpg.Connection) -> Check:
    ours = {module.name for module in pkgutil.iter_modules(db.migrations.__path__)}
    applied = set()
    if await connection.fetchval("select to_regclass('tortoise_migrations')"):
        rows = await connection.fetch("select name from tortoise_migrations")
        applied = {row["name"] for row in rows}
    if missing := sorted(ours - applied):
        return fail("Schema", f"not applied: {', '.join(missing)}", "Run `wattledger migrate`.")
    if ahead := sorted(applied - ours):
        mend = "Update this release: the database is that of a newer one."
        return warn("Schema", f"unknown here: {', '.join(ahead)}", mend)
    return ok("Schema", f"all {len(ours)} migrations are applied")


async def _partitions(connection: asyncpg.Connection, now: datetime) -> Check:
    tomorrow = (now + timedelta(days=1)).strftime("%Y%m%d")
    names = [f"{table}_{tomorrow}" for table in PARTITIONED]
    missing = await connection.fetch(
        "select name from unnest($1::text[]) name where to_regclass(name) is null", names
    )
    if missing:
        found = f"missing: {', '.join(row['name'] for row in missing)}"
        return fail("Partitions", found, "Run `wattledger migrate`, and keep a worker running.")
    return ok("Partitions", "tomorrow's are there")
