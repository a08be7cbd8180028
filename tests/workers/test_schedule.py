"""Recurring jobs run once a period, whoever says that they may be due."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta

import asyncpg
import orjson
import pytest
from arq.connections import ArqRedis, RedisSettings, create_pool

from db import access
from db.settings import Urls
from domain.jobs import claim
from tests.factories import NOW, make_place
from tests.waiting import LOOK_EVERY_S, PATIENCE_S
from workers import arq_queue
from workers.schedule import RECURRING, run_if_due
from workers.sweeper import sweep

MINUTE = timedelta(minutes=1)
QUEUE = "test:arq"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[ArqRedis]:
    redis = await create_pool(
        RedisSettings.from_dsn(redis_url),
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
        default_queue_name=QUEUE,
    )
    yield redis
    await redis.aclose()


async def due_names(now: datetime) -> list[str]:
    async with access.system() as connection:
        rows = await connection.fetch("select name from recurring_job where due_at <= $1", now)
    return [row["name"] for row in rows]


@pytest.mark.usefixtures("connected")
async def test_one_of_many_gets_a_job() -> None:
    claims = await asyncio.gather(*(claim(name="books", period=MINUTE, now=NOW) for _ in range(8)))

    assert sum(claims) == 1
    assert not await claim(name="books", period=MINUTE, now=NOW + MINUTE / 2)
    assert await claim(name="books", period=MINUTE, now=NOW + MINUTE)


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("name", list(RECURRING))
async def test_every_job_runs_when_due_and_not_before(name: str) -> None:
    assert await run_if_due(name, clock=lambda: NOW)
    assert not await run_if_due(name, clock=lambda: NOW)


@pytest.mark.usefixtures("connected")
async def test_what_a_job_does_is_recorded_as_the_jobs(database: Urls) -> None:
    place = await make_place(meters=0)
    owner = await asyncpg.connect(database.owner)
    await owner.execute(
        "insert into daily_entry (company_id, kind, object_type, object_id, actor_kind, user_id,"
        " recorded_at) values ($1, 'READ', 'Subscriber', $2, 'USER', 7, $3)",
        place.company_id,
        place.subscriber_id,
        NOW - timedelta(days=10 * 365),
    )
    await owner.close()

    for name in ("audit.seal", "audit.forget_contact_reads"):
        await run_if_due(name, clock=lambda: NOW)

    async with access.system() as connection:
        told = await connection.fetch(
            "select kind, actor_kind, actor_name from daily_entry where object_type = 'DailyEntry'"
        )
    assert [tuple(one) for one in told] == [("DELETED", "JOB", "audit.forget_contact_reads")]


async def everything_ran(work: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(work)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with access.system() as connection:
                    ran = await connection.fetchval("select count(*) from recurring_job")
                if ran == len(RECURRING):
                    return
                await asyncio.sleep(LOOK_EVERY_S)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.usefixtures("connected")
async def test_the_sweeper_makes_progress_without_redis() -> None:
    await everything_ran(sweep(clock=lambda: NOW))

    assert await due_names(NOW) == []


@pytest.mark.usefixtures("connected")
async def test_arq_runs_what_is_rung(redis: ArqRedis, redis_url: str) -> None:
    await arq_queue.ring_all({"redis": redis, "queue_name": QUEUE})

    await everything_ran(
        arq_queue.supervise(redis_url=redis_url, queue_name=QUEUE, clock=lambda: NOW)
    )

    assert await due_names(NOW) == []


@pytest.mark.usefixtures("connected")
async def test_a_job_that_was_just_beginning_cancels_nobody_who_closes_arq(
    redis: ArqRedis, redis_url: str
) -> None:
    worker = arq_queue._worker(redis_url, QUEUE, lambda: NOW)
    worker._pool = redis
    await arq_queue.ring_all({"redis": redis, "queue_name": QUEUE})
    await worker.start_jobs(await redis.zrange(QUEUE, 0, -1))
    *_, last = worker.tasks.values()

    await arq_queue._close(worker)

    assert last.cancelled()
    assert worker._pool is None
