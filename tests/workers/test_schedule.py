"""Recurring jobs run once a period, whoever says that they may be due."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta

import orjson
import pytest
from arq.connections import ArqRedis, RedisSettings, create_pool

from db import access
from domain.jobs import claim
from tests.factories import NOW
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
