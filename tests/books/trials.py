"""Trials of the books that come in two sizes: in the ordinary tests, and in `make chaos`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from db import access
from db.settings import Urls
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from tests.books.crowd import Crowd, retry, stored_balances, stored_journals
from tests.factories import NOW, Place, make_place

ACCOUNTS = 4


@asynccontextmanager
async def _crowded_place(urls: Urls, pool_size: int) -> AsyncIterator[Place]:
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("select ensure_partitions($1, 5, 2)", NOW)
    await owner.close()
    await access.connect(urls, pool_size=pool_size)
    try:
        yield await make_place(meters=ACCOUNTS)
    finally:
        await access.close()


async def crowd_trial(urls: Urls, *, writers: int, operations: int, connections: int) -> None:
    """Let many write to four accounts.

    connections: how many of the writers are in the database at once, for each of its two roles.
    """
    async with _crowded_place(urls, connections) as place:
        crowd = Crowd(place, seed=operations)

        await crowd.write(writers=writers, operations=operations)

        assert await stored_balances(place) == dict(crowd.balances)
        assert await stored_journals(place, but="ENERGY") == dict(crowd.journals)
        await ledger.close_days(now=NOW + timedelta(days=1))
        assert await stored_balances(place) == dict(crowd.balances)
        assert await verify() == []


async def retry_trial(urls: Urls, *, keys: int, times: int) -> None:
    """Let many ask for the same at once: each key makes one transaction."""
    async with _crowded_place(urls, times) as place:
        made = await retry(place, keys=keys, times=times)

        assert [len(journals) for journals in made] == [1] * keys
        assert len(set.union(*made)) == keys
        assert await stored_journals(place) == {"CASH_TOP_UP": keys}
        assert sorted((await stored_balances(place)).values()) == [0, 0, 0, keys]
        assert await verify() == []
