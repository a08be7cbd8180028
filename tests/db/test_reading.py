"""The door for reading: one company at a time, whoever had the connection before."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from tortoise.connection import get_connection

from db import access
from db.access import Connection
from db.ids import CompanyId
from db.reading import Reader
from db.settings import Urls
from tests.factories import make_place

SERIALS = "select array_agg(serial order by serial) from meter"


@pytest.fixture
async def one_connection(database: Urls) -> AsyncIterator[None]:
    """Open pools of one connection, so that everybody gets the same."""
    await access.connect(database, pool_size=1)
    yield
    await access.close()


async def serials(connection: Connection) -> list[str]:
    return list(await connection.fetchval(SERIALS) or [])


async def test_each_company_sees_its_own_rows_on_the_same_connection(one_connection: None) -> None:
    places = [await make_place(meters=2), await make_place()]
    backends = set()

    for place in [*places, *places]:
        async with access.reading(place.company_id) as connection:
            assert await serials(connection) == [supply.serial for supply in place.supplies]
            backends.add(await connection.fetchval("select pg_backend_pid()"))

    assert len(backends) == 1


async def test_a_company_that_is_seen_again_is_not_told_again(one_connection: None) -> None:
    place = await make_place()
    queries: list[str] = []

    async with access.reading(place.company_id) as connection:
        connection.add_query_logger(lambda query: queries.append(query.query))
    async with access.reading(place.company_id) as connection:
        await serials(connection)

    assert queries == [SERIALS]


async def test_what_is_read_through_this_door_cannot_be_changed(one_connection: None) -> None:
    place = await make_place()

    async with access.reading(place.company_id) as connection:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("update meter set make = 'none'")

    async with access.reading(place.company_id) as connection:
        assert await connection.fetchval("select make from meter") == "KLM"


@pytest.mark.parametrize("broken_by", ["an error", "cancelling", "ending the connection"])
async def test_who_comes_after_a_failure_sees_the_own_rows(
    one_connection: None, broken_by: str
) -> None:
    first, second = await make_place(), await make_place()

    async def fail() -> None:
        async with access.reading(first.company_id) as connection:
            if broken_by == "an error":
                await connection.fetchval("select 1 / 0")
            elif broken_by == "cancelling":
                async with asyncio.timeout(0.05):
                    await connection.fetchval("select pg_sleep(10)")
            else:
                await connection.fetchval("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises((asyncpg.PostgresError, TimeoutError, ConnectionError)):
        await fail()

    for place in (second, first):
        async with access.reading(place.company_id) as connection:
            assert await serials(connection) == [place.supplies[0].serial]


class Unanswered(Reader):
    """A connection that may lose the answer to what it has done."""

    loses_answers = False

    async def execute(self, query: str, *arguments: object, **options: Any) -> str:
        status: str = await super().execute(query, *arguments, **options)
        if self.loses_answers:
            raise TimeoutError
        return status


async def test_who_comes_after_a_lost_answer_sees_the_own_rows(
    database: Urls, one_connection: None
) -> None:
    first, second = await make_place(), await make_place()
    reader = await asyncpg.connect(database.app, connection_class=Unanswered)
    await reader.see(first.company_id)

    reader.loses_answers = True
    with pytest.raises(TimeoutError):
        await reader.see(second.company_id)
    reader.loses_answers = False
    await reader.see(first.company_id)

    assert await reader.fetchval(SERIALS) == [first.supplies[0].serial]
    await reader.close()


async def test_a_company_that_does_not_exist_has_no_rows(one_connection: None) -> None:
    place = await make_place()
    async with access.reading(place.company_id) as connection:
        await serials(connection)

    async with access.reading(CompanyId(0)) as connection:
        assert await serials(connection) == []


async def test_a_transaction_leaves_nothing_on_its_connection(one_connection: None) -> None:
    place = await make_place()
    async with access.tenant(place.company_id) as connection:
        assert await serials(connection) == [place.supplies[0].serial]
    async with access.reading(place.company_id):
        pass

    async with get_connection("app").acquire_connection() as connection:
        assert await serials(connection) == []
