"""arq, the clock on Redis. It says that a job may be due; the fact stands in PostgreSQL."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson
from arq.connections import RedisSettings
from arq.cron import cron
from arq.worker import Worker, func
from redis.exceptions import RedisError

from workers.schedule import RECURRING, run_if_due

log = logging.getLogger(__name__)

# A killed worker's job comes back after the longest time-out and ten seconds.
JOB_TIMEOUT_S = 20
JOBS_AT_ONCE = 4
RESTART_PAUSE_S = 2.0


async def supervise(*, redis_url: str, queue_name: str, clock: Callable[[], datetime]) -> None:
    """Run arq until cancelled. It ends whenever Redis does, and is started again."""
    while True:
        worker = _worker(redis_url, queue_name, clock)
        try:
            await worker.async_run()
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("arq.lost_redis", extra={"reason": repr(error)})
        finally:
            await _close(worker)
        await asyncio.sleep(RESTART_PAUSE_S)


async def run_recurring(ctx: dict[str, Any], name: str, **_later: object) -> None:
    """Run one recurring job if it is due. `_later`: arguments that a newer release may send."""
    await run_if_due(name, clock=ctx["clock"])


async def ring_all(ctx: dict[str, Any]) -> None:
    """Say of every recurring job that it may be due."""
    for name in RECURRING:
        await ctx["redis"].enqueue_job("run_recurring", name, _queue_name=ctx["queue_name"])


async def _close(worker: Worker) -> None:
    """End a worker's jobs, and what it has open.

    It would cancel them itself, and then raise the cancellation of one that was just beginning or
    about to end: as if we had been cancelled, so that nobody would start arq again.
    """
    for job in worker.tasks.values():
        job.cancel()
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    worker.tasks.clear()
    with suppress(RedisError, OSError):
        await worker.close()


def _worker(redis_url: str, queue_name: str, clock: Callable[[], datetime]) -> Worker:
    return Worker(
        functions=[func(run_recurring, name="run_recurring", keep_result=0)],
        cron_jobs=[cron(ring_all, second=0, keep_result=0, timeout=JOB_TIMEOUT_S)],
        redis_settings=RedisSettings.from_dsn(redis_url),
        queue_name=queue_name,
        ctx={"clock": clock, "queue_name": queue_name},
        handle_signals=False,
        job_timeout=JOB_TIMEOUT_S,
        max_jobs=JOBS_AT_ONCE,
        keep_result=0,
        # The default would unpickle whatever stands in Redis.
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
    )
