"""The live feed: nothing overlooked, nothing of another company, nobody waits for the slow."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import asyncpg
import pytest

from api.live import WAITING_ROWS_MAX, Lagging, LiveFeed
from db import access
from db.bell import Bell
from db.ids import CompanyId
from db.settings import Urls
from domain.outbox import Cursor, OutboxRow, Topic
from tests.factories import NOW
from tests.outbox_rows import others_have_ended, put_row
from tests.waiting import LOOK_EVERY_S, PATIENCE_S, until

COMPANY = CompanyId(1)
OTHER = CompanyId(2)
BEGINNING = Cursor(0, 0, NOW)
NO_REDIS = "redis://127.0.0.1:1/0"
KILL_WHO_WAITS = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
    where usename = current_user and datname = current_database() and wait_event_type = 'Lock'
"""


class Listener:
    """Collects the first accounts of the rows that a feed brings, as the numbers of the rows."""

    def __init__(
        self,
        feed: LiveFeed,
        company_id: CompanyId = COMPANY,
        topic: Topic = "readings",
        after: Cursor | None = None,
    ) -> None:
        self.rows: list[OutboxRow] = []
        self._task = asyncio.create_task(self._listen(feed, company_id, topic, after))

    @property
    def numbers(self) -> list[int]:
        return [row.account_ids[0] for row in self.rows]

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _listen(
        self, feed: LiveFeed, company_id: CompanyId, topic: Topic, after: Cursor | None
    ) -> None:
        async with aclosing(feed.follow(company_id, topic, after=after)) as batches:
            async for rows in batches:
                self.rows += rows


async def put(
    numbers: Sequence[int], *, company_id: CompanyId = COMPANY, topic: Topic = "readings"
) -> None:
    async with access.system() as connection:
        for number in numbers:
            await put_row(connection, company_id, topic=topic, account_ids=[number])


@pytest.fixture
async def bell(redis_url: str, database: Urls) -> AsyncIterator[Bell]:
    async with Bell(redis_url, database.app.rsplit("/", 1)[1]) as bell:
        yield bell


@pytest.fixture
async def feed(database: Urls) -> AsyncIterator[LiveFeed]:
    """Lend a feed that runs without Redis."""
    await access.connect(database)
    async with Bell(NO_REDIS, "nowhere") as bell:
        feed = LiveFeed(clock=lambda: NOW, bell=bell)
        running = asyncio.create_task(feed.run())
        await until(lambda: feed.delivered is not None)
        yield feed
        running.cancel()
        await asyncio.wait([running])
    await access.close()


async def kill_who_reads_the_outbox(database: Urls) -> None:
    """Kill it while it reads: of a connection that rests in its pool, nobody notices the end."""
    holder = await asyncpg.connect(database.owner)
    killer = await asyncpg.connect(database.system)
    async with holder.transaction(), asyncio.timeout(PATIENCE_S):
        await holder.execute("lock table outbox")
        while not await killer.fetchval(KILL_WHO_WAITS):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(LOOK_EVERY_S)
    await killer.close()
    await holder.close()


async def listening(feed: LiveFeed, listener: Listener) -> Listener:
    await until(lambda: feed.listeners > 0)
    return listener


async def test_rows_come_without_redis(feed: LiveFeed) -> None:
    listener = await listening(feed, Listener(feed))

    await put([1, 2])
    await put([3])

    await until(lambda: listener.numbers == [1, 2, 3])
    await listener.stop()
    assert feed.listeners == 0


async def test_rows_of_another_company_never_come(feed: LiveFeed) -> None:
    listener = await listening(feed, Listener(feed))

    await put([1], company_id=OTHER)
    await put([2])

    await until(lambda: listener.numbers != [])
    assert listener.numbers == [2]
    await listener.stop()


async def test_topic_narrows_what_comes(feed: LiveFeed) -> None:
    listener = await listening(feed, Listener(feed, topic="balances"))

    await put([1], topic="readings")
    await put([2], topic="balances")

    await until(lambda: listener.numbers != [])
    assert listener.numbers == [2]
    await listener.stop()


async def test_resuming_brings_everything_since_the_cursor_once(feed: LiveFeed) -> None:
    first = await listening(feed, Listener(feed))
    await put([1])
    await put([2])
    await until(lambda: first.numbers == [1, 2])
    await first.stop()
    await put([3], company_id=OTHER)
    await put([4])

    second = await listening(feed, Listener(feed, after=first.rows[0].cursor))
    await put([5])

    await until(lambda: len(second.rows) >= 3)
    assert second.numbers == [2, 4, 5]
    await second.stop()


async def test_nothing_is_lost_or_repeated_while_rows_pour_in(feed: LiveFeed) -> None:
    async def pour() -> None:
        for number in range(200):
            await put([number])

    pouring = asyncio.create_task(pour())
    await asyncio.sleep(0.05)
    listener = Listener(feed, after=BEGINNING)
    await pouring

    await until(lambda: len(listener.rows) >= 200)
    assert listener.numbers == list(range(200))
    await listener.stop()


async def test_listener_that_takes_nothing_is_dropped(feed: LiveFeed) -> None:
    rows = feed.follow(COMPANY, "readings")
    first = asyncio.create_task(anext(rows))
    await until(lambda: feed.listeners == 1)
    await put([1])
    await first
    quick = Listener(feed)
    await until(lambda: feed.listeners == 2)

    await put(range(WAITING_ROWS_MAX + 1))
    await until(lambda: len(quick.rows) == WAITING_ROWS_MAX + 1)

    with pytest.raises(Lagging):
        await anext(rows)
    assert feed.listeners == 1
    await quick.stop()


async def test_feed_survives_losing_its_connections(feed: LiveFeed, database: Urls) -> None:
    listener = await listening(feed, Listener(feed))
    await put([1])
    await until(lambda: listener.numbers == [1])

    await kill_who_reads_the_outbox(database)
    await put([2])

    await until(lambda: len(listener.rows) >= 2)
    assert listener.numbers == [1, 2]
    await listener.stop()


async def test_bell_brings_rows_at_once(database: Urls, bell: Bell) -> None:
    await access.connect(database)
    feed = LiveFeed(clock=lambda: NOW, bell=bell, poll_s=60)
    running = asyncio.create_task(feed.run())
    await until(lambda: feed.delivered is not None and bell.is_connected)
    listener = await listening(feed, Listener(feed))

    await put([1])
    # Whatever still holds the row back would need a second ring.
    await others_have_ended()
    await bell.ring("outbox")

    await until(lambda: listener.numbers != [])
    assert listener.numbers == [1]
    await listener.stop()
    running.cancel()
    await asyncio.wait([running])
    await access.close()
