"""The second wall and the last line: what the database itself refuses, whatever the code does."""

from collections.abc import AsyncIterator
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.migrate import migrate
from db.settings import Urls
from domain.ledger import operations as ledger
from domain.readings import operations as readings
from tests.factories import NOW, Place, account_of, make_place, make_read, make_register_set

# Tables that name a company, and that nobody reads on its behalf.
CLOSED = ("session", "collector_identity", "oidc_sign_in", "sign_in_code")


@pytest.fixture
async def owner(database: Urls) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()


async def inhabited() -> Place:
    """Make a company with at least one row in most of its tables."""
    place = await make_place()
    registers = await make_register_set(place.company_id)
    async with access.system() as connection:
        await readings.store(connection, [make_read(place, registers, NOW, 1_000)], now=NOW)
    account_id = account_of(place)
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(10),
        idempotency_key="first",
        occurred_at=NOW,
    )
    return place


async def tenant_tables(owner: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    rows = await owner.fetch(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where a.attname = 'company_id' and c.relkind in ('r', 'p') and not c.relispartition"
        " and c.relnamespace = 'public'::regnamespace order by 1"
    )
    return [row["relname"] for row in rows]


@pytest.mark.usefixtures("connected")
async def test_app_sees_and_changes_no_row_of_another_company(
    owner: "asyncpg.Connection[asyncpg.Record]", database: Urls
) -> None:
    mine, other = await make_place(), await inhabited()
    tables = [t for t in await tenant_tables(owner) if t not in CLOSED]

    seen, changed = {}, {}
    for table in tables:
        async with access.tenant(mine.company_id) as connection:
            seen[table] = await connection.fetchval(
                f"select count(*) from {table} where company_id = $1", other.company_id
            )
            if await connection.fetchval("select has_table_privilege($1, 'update')", table):
                changed[table] = await connection.execute(
                    f"update {table} set company_id = company_id where company_id = $1",
                    other.company_id,
                )

    assert len(tables) >= 25
    assert set(seen.values()) == {0}
    assert set(changed.values()) == {"UPDATE 0"}
    filled = [t for t in tables if await owner.fetchval(f"select count(*) from {t}")]
    assert {"account", "meter", "reading", "entry", "outbox", "accrual"} <= set(filled)


@pytest.mark.usefixtures("connected")
async def test_app_cannot_write_into_another_company() -> None:
    mine, other = await make_place(), await make_place()

    async with access.tenant(mine.company_id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(
                "insert into branch (company_id, name) values ($1, 'Intruder')", other.company_id
            )

    async with access.tenant(other.company_id) as connection:
        assert await connection.fetchval("select count(*) from branch") == 1


@pytest.mark.usefixtures("connected")
async def test_app_without_a_company_sees_nothing(
    owner: "asyncpg.Connection[asyncpg.Record]", database: Urls
) -> None:
    await inhabited()
    app = await asyncpg.connect(database.app)

    counts = {
        table: await app.fetchval(f"select count(*) from {table}")
        for table in await tenant_tables(owner)
        if table not in CLOSED
    }
    companies = await app.fetchval("select count(*) from company")
    await app.close()

    assert set(counts.values()) == {0}
    assert companies == 0


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("table", ["app_user", "unclaimed_frame", *CLOSED])
async def test_app_may_not_read_global_tables(database: Urls, table: str) -> None:
    app = await asyncpg.connect(database.app)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.fetch(f"select * from {table}")

    await app.close()


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("table", ["journal", "entry", "ledger_account"])
@pytest.mark.parametrize(
    "change",
    ["update {} set company_id = company_id", "delete from {}", "truncate {} cascade"],
)
async def test_nobody_changes_the_ledger(database: Urls, table: str, change: str) -> None:
    await inhabited()

    for url, error in (
        (database.app, asyncpg.InsufficientPrivilegeError),
        (database.system, asyncpg.InsufficientPrivilegeError),
        (database.owner, asyncpg.RestrictViolationError),
    ):
        connection = await asyncpg.connect(url)
        with pytest.raises(error):
            await connection.execute(change.format(table))
        await connection.close()


@pytest.mark.usefixtures("connected")
async def test_entries_that_do_not_sum_to_zero_are_refused_at_commit() -> None:
    place = await inhabited()

    with pytest.raises(asyncpg.CheckViolationError, match="do not sum to zero"):
        async with access.system() as connection:
            await connection.execute(
                "with j as (insert into journal (company_id, kind, idempotency_key, request_hash,"
                " occurred_at) values ($1, 'CASH_TOP_UP', 'crooked', '', $2) returning id)"
                " insert into entry (company_id, journal_id, line, ledger_account_id, amount,"
                " currency, occurred_at) select $1, j.id, 1, l.id, 5, 'TRY', $2"
                " from j, ledger_account l where l.company_id = $1 and l.kind = 'CASH'",
                place.company_id,
                NOW,
            )

    async with access.system() as connection:
        assert await connection.fetchval("select count(*) from journal") == 1


async def test_migrations_go_down_and_up_again(
    owner: "asyncpg.Connection[asyncpg.Record]", database: Urls
) -> None:
    before = await tenant_tables(owner)

    await migrate(database.owner, target="wattledger.__first__")
    emptied = await tenant_tables(owner)
    await migrate(database.owner)

    assert emptied == []
    assert await tenant_tables(owner) == before


CONSTRAINTS = {
    "account_point_one_account",
    "collector_serial_once",
    "company_currency",
    "entry_amount",
    "journal_once",
    "ledger_account_once",
    "meter_serial_once",
    "mounting_one_meter",
    "mounting_one_place",
    "point_code_once",
    "register_set_once",
    "tariff_price",
}


async def test_constraints_are_really_there(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    rows = await owner.fetch("select conname from pg_constraint")

    assert {row["conname"] for row in rows} >= CONSTRAINTS
