"""Trials of the books that come in two sizes: in the ordinary tests, and in `make chaos`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import asyncpg

from db import access
from db.ids import AccountId
from db.settings import Urls
from domain.ledger import operations as ledger
from domain.ledger.queries import Difference, verify
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


@dataclass(frozen=True, slots=True)
class Left:
    """What a trial leaves in the books, in millionths and transactions by kind.

    differences: what the check of the books finds.
    """

    balances: dict[AccountId, int]
    journals: dict[str, int]
    differences: list[Difference] = field(default_factory=list)


async def crowd_trial(
    urls: Urls, *, writers: int, operations: int, connections: int
) -> tuple[list[Left], Left]:
    """Let many write to four accounts.

    connections: how many of the writers are in the database at once, for each of its two roles.
    Returns what is left, before and after the day is closed, and what has to be.
    """
    async with _crowded_place(urls, connections) as place:
        crowd = Crowd(place, seed=operations)
        await crowd.write(writers=writers, operations=operations)
        before = await _left(place)
        await ledger.close_days(now=NOW + timedelta(days=1))
        after = replace(await _left(place), differences=await verify())
    return [before, after], Left(dict(crowd.balances), dict(crowd.journals))


async def _left(place: Place) -> Left:
    return Left(await stored_balances(place), await stored_journals(place, but="ENERGY"))


async def retry_trial(urls: Urls, *, keys: int, times: int) -> tuple[list[set[int]], Left]:
    """Let many ask for the same at once; return the transactions of each key, and what is left."""
    async with _crowded_place(urls, times) as place:
        made = await retry(place, keys=keys, times=times)
        left = Left(await stored_balances(place), await stored_journals(place), await verify())
    return made, left
