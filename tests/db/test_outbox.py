"""The outbox is read in an order in which nothing is overlooked."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from db import access
from db.ids import CompanyId
from db.settings import Urls
from domain.outbox import (
    RETENTION,
    Cursor,
    InvalidCursor,
    OutboxRow,
    Topic,
    position,
    read_since,
)
from tests.factories import NOW, make_place
from tests.outbox_rows import others_have_ended, put_row

COMPANY = CompanyId(1)
OTHER = CompanyId(2)
BEGINNING = Cursor(0, 0, NOW)


@pytest.fixture
async def pools(database: Urls) -> AsyncIterator[None]:
    await access.connect(database)
    yield
    await access.close()


async def put(*, company_id: CompanyId = COMPANY, topic: Topic = "readings") -> int:
    async with access.system() as connection:
        return await put_row(connection, company_id, topic=topic)


async def read(
    after: Cursor,
    *,
    company_id: CompanyId | None = None,
    topic: Topic | None = None,
    limit: int = 100,
) -> list[OutboxRow]:
    await others_have_ended()
    return await read_now(after, company_id=company_id, topic=topic, limit=limit)


async def read_now(
    after: Cursor,
    *,
    company_id: CompanyId | None = None,
    topic: Topic | None = None,
    limit: int = 100,
) -> list[OutboxRow]:
    async with access.system() as connection:
        return await read_since(connection, after, company_id=company_id, topic=topic, limit=limit)


def ids(rows: list[OutboxRow]) -> list[int]:
    return [row.cursor.id for row in rows]


@pytest.mark.usefixtures("pools")
async def test_rows_come_once_and_in_order() -> None:
    first, second = await put(), await put()

    rows = await read(BEGINNING)
    third = await put()

    assert ids(rows) == [first, second]
    assert ids(await read(rows[-1].cursor)) == [third]
    assert await read((await read(BEGINNING))[-1].cursor) == []


@pytest.mark.usefixtures("pools")
async def test_row_says_what_changed() -> None:
    async with access.system() as connection:
        await put_row(connection, COMPANY, meter_ids=[7, 8], account_ids=[9])

    (row,) = await read(BEGINNING)

    assert (row.company_id, row.topic, row.created_at) == (COMPANY, "readings", NOW)
    assert (row.from_ts, row.to_ts, row.field_id, row.batch) == (NOW, NOW, None, None)
    assert (row.meter_ids, row.account_ids) == ([7, 8], [9])


@pytest.mark.usefixtures("pools")
async def test_row_of_a_slow_transaction_is_not_lost(database: Urls) -> None:
    slow = await asyncpg.connect(database.system)
    async with slow.transaction():
        overtaken = await slow.fetchval(
            "insert into outbox (company_id, topic, created_at) values ($1, 'readings', $2)"
            " returning id",
            COMPANY,
            NOW,
        )
        overtaking = await put()
        while_it_runs = await read_now(BEGINNING)
    await slow.close()

    assert while_it_runs == []
    assert ids(await read(BEGINNING)) == [overtaken, overtaking]


@pytest.mark.usefixtures("pools")
async def test_row_of_an_older_transaction_comes_first_whatever_its_number(database: Urls) -> None:
    slow = await asyncpg.connect(database.system)
    async with slow.transaction():
        await slow.execute("select pg_current_xact_id()")
        overtaking = await put()
        last = await slow.fetchval(
            "insert into outbox (company_id, topic, created_at) values ($1, 'readings', $2)"
            " returning id",
            COMPANY,
            NOW,
        )
    await slow.close()

    rows = await read(BEGINNING)

    assert ids(rows) == [last, overtaking]
    assert last > overtaking
    assert ids(await read(rows[0].cursor)) == [overtaking]


@pytest.mark.usefixtures("pools")
async def test_rolled_back_row_never_comes(database: Urls) -> None:
    doomed = await asyncpg.connect(database.system)
    transaction = doomed.transaction()
    await transaction.start()
    await doomed.execute(
        "insert into outbox (company_id, topic, created_at) values (1, 'readings', now())"
    )
    await transaction.rollback()
    await doomed.close()

    assert await read(BEGINNING) == []


@pytest.mark.usefixtures("pools")
async def test_position_lies_between_what_was_and_what_comes() -> None:
    await put()
    await others_have_ended()
    async with access.system() as connection:
        here = await position(connection, now=NOW)
    later = await put()

    assert ids(await read(here)) == [later]
    assert here.at == NOW


@pytest.mark.usefixtures("pools")
async def test_reading_is_bounded_and_goes_on() -> None:
    written = [await put() for _ in range(3)]

    page = await read(BEGINNING, limit=2)

    assert ids(page) == written[:2]
    assert ids(await read(page[-1].cursor, limit=2)) == written[2:]


@pytest.mark.usefixtures("pools")
async def test_company_and_topic_narrow_what_comes() -> None:
    await put(company_id=OTHER)
    wanted = await put()
    await put(topic="balances")

    assert ids(await read(BEGINNING, company_id=COMPANY, topic="readings")) == [wanted]


@pytest.mark.usefixtures("pools")
async def test_company_cannot_read_the_rows_of_another() -> None:
    theirs, ours = await make_place(meters=0), await make_place(meters=0)
    await put(company_id=theirs.company_id)
    mine = await put(company_id=ours.company_id)

    await others_have_ended()
    async with access.tenant(ours.company_id) as connection:
        rows = await read_since(connection, BEGINNING)

    assert ids(rows) == [mine]


def test_cursor_survives_the_wire() -> None:
    cursor = Cursor(2**40, 77, NOW + timedelta(microseconds=1))

    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("AAAA", id="short"),
        pytest.param("not base64!", id="no base64"),
        pytest.param("é", id="no ASCII"),
        pytest.param(base64.urlsafe_b64encode(b"\xff" * 24).decode(), id="negative"),
        pytest.param(base64.urlsafe_b64encode(b"\x7f" * 24).decode(), id="year too large"),
    ],
)
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.parse(text)


def test_cursor_expires_with_the_retention() -> None:
    cursor = Cursor(1, 1, NOW)

    assert not cursor.is_expired(now=NOW + RETENTION)
    assert cursor.is_expired(now=NOW + RETENTION + timedelta(microseconds=1))
