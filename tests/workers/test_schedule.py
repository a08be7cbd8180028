"""Recurring jobs run once a period, whoever says that they may be due."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from db import access
from domain.jobs import claim
from tests.factories import NOW
from workers import arq_queue
from workers.schedule import RECURRING, run_if_due
from workers.sweeper import sweep

MINUTE = timedelta(minutes=1)


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
        async with asyncio.timeout(10):
            while True:
                async with access.system() as connection:
                    ran = await connection.fetchval("select count(*) from recurring_job")
                if ran == len(RECURRING):
                    return
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.usefixtures("connected")
async def test_the_sweeper_makes_progress_without_redis() -> None:
    await everything_ran(sweep(clock=lambda: NOW))

    assert await due_names(NOW) == []


@pytest.mark.usefixtures("connected")
async def test_arq_runs_what_is_rung(redis_url: str) -> None:
    worker = arq_queue._worker(redis_url, "test:arq", lambda: NOW)

    async def work() -> None:
        await worker.async_run()

    async def ring() -> None:
        await asyncio.sleep(0.2)
        await arq_queue.ring_all({"redis": worker.pool, "queue_name": "test:arq"})

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ring())
        await everything_ran(work())
    await worker.close()

    assert await due_names(NOW) == []
