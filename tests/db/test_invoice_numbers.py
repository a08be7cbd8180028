"""Numbers of invoices have no gaps, whoever asks, fails or dies."""

import asyncio

import asyncpg
import pytest

from db import access
from db.ids import CompanyId
from db.settings import Urls
from domain.invoices import numbers
from domain.invoices.numbering import Numbering
from tests.factories import make_place

NUMBERING = Numbering("{series}{year}{number:09}", "INV", 2026)


@pytest.fixture
async def company_id(connected: None) -> CompanyId:
    return (await make_place(meters=0)).company_id


async def take(company_id: CompanyId, count: int = 1, *, fails: bool = False) -> list[int]:
    async with access.tenant(company_id) as connection:
        taken = await numbers.take(
            connection, company_id=company_id, numbering=NUMBERING, count=count
        )
        if fails:
            raise RuntimeError
    return list(taken)


async def test_numbers_begin_at_one_in_each_series_and_year(company_id: CompanyId) -> None:
    others = [Numbering("", "PUR", 2026), Numbering("", "INV", 2027)]
    await take(company_id)

    async with access.tenant(company_id) as connection:
        taken = [
            await numbers.take(connection, company_id=company_id, numbering=other)
            for other in others
        ]

    assert taken == [range(1, 2), range(1, 2)]


async def test_many_at_once_take_every_number_once(company_id: CompanyId) -> None:
    attempts = [take(company_id, 1 + n % 3, fails=n % 4 == 0) for n in range(40)]

    results = await asyncio.gather(*attempts, return_exceptions=True)

    taken = [number for result in results if isinstance(result, list) for number in result]
    assert sum(isinstance(result, RuntimeError) for result in results) == 10
    assert sorted(taken) == list(range(1, len(taken) + 1))


async def test_who_dies_with_a_number_gives_it_back(company_id: CompanyId, database: Urls) -> None:
    dying = await asyncpg.connect(database.app)
    transaction = dying.transaction()
    await transaction.start()
    await dying.execute("select set_config('app.company', $1, true)", str(company_id))
    arguments = (company_id, NUMBERING.series, NUMBERING.year, 1)
    assert await dying.fetchval(numbers.TAKE, *arguments) == 1
    waiting = asyncio.create_task(take(company_id))
    await asyncio.sleep(0.2)
    assert not waiting.done()

    dying.terminate()

    assert await waiting == [1]
    assert await take(company_id) == [2]
