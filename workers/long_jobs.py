"""The loop that does long work: a job at a time, a step at a time, until nothing waits."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from math import ceil
from typing import Protocol

from asyncpg import PostgresError

from db.access import DatabaseUnavailable
from db.enums import JobKind, JobState
from db.ids import JobId
from domain.longwork import running
from domain.longwork.failures import JobFailed
from domain.longwork.running import Cancelled, LeaseLost, Run

log = logging.getLogger(__name__)

IDLE_WAIT_S = 1.0
# The longest is judging a whole file; what takes longer holds a lease and gets nowhere.
STEP_S_MAX = 900.0
RENEW_EVERY_S = running.LEASE.total_seconds() / 3


class Work(Protocol):
    """One kind of long work on one job."""

    async def step(self, *, now: datetime) -> bool:
        """Do the next piece, and return whether there is more.

        :raises JobFailed: it cannot be done, however often it is tried
        """

    async def close(self) -> None:
        """Let go of what it holds in this process. Safe to repeat."""


Works = Mapping[JobKind, Callable[[Run], Work]]


async def work_on(*, works: Works, clock: Callable[[], datetime]) -> None:
    """Do what waits until cancelled. What fails for want of the database is taken up again."""
    while True:
        try:
            if await work_once(works=works, clock=clock):
                continue
        except (*DatabaseUnavailable, PostgresError) as error:
            log.warning("job.interrupted", extra={"reason": repr(error)})
        except Exception:
            log.exception("job.unforeseen")
        await asyncio.sleep(IDLE_WAIT_S)


async def work_once(
    *,
    works: Works,
    clock: Callable[[], datetime],
    only: JobId | None = None,
    step_s_max: float = STEP_S_MAX,
) -> bool:
    """Do one job to its end, and return whether there was one. only: the one that will do."""
    run = await running.claim(now=clock(), only=only)
    if run is None:
        return False
    log.info("job.claimed", extra={"job": run.job_id, "kind": run.kind, "attempt": run.attempt})
    renewing = asyncio.create_task(_renew(run, clock))
    try:
        await _do(run, _Timed(works[run.kind](run), step_s_max), clock)
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
    return True


class _Timed:
    """Work whose steps may not take longer than so many seconds."""

    def __init__(self, work: Work, step_s_max: float) -> None:
        self._work = work
        self._step_s_max = step_s_max

    async def step(self, *, now: datetime) -> bool:
        limit = asyncio.timeout(self._step_s_max)
        try:
            async with limit:
                return await self._work.step(now=now)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise JobFailed("TOOK_TOO_LONG", minutes=ceil(self._step_s_max / 60)) from error

    async def close(self) -> None:
        await self._work.close()


async def _do(run: Run, work: Work, clock: Callable[[], datetime]) -> None:
    try:
        while await work.step(now=clock()):
            pass
    except LeaseLost:
        log.warning("job.lost", extra={"job": run.job_id})
    except Cancelled:
        await run.end(JobState.CANCELLED, now=clock())
    except JobFailed as error:
        await run.end(JobState.FAILED, now=clock(), error=error.code, params=error.params)
    except (*DatabaseUnavailable, PostgresError):
        # The lease runs out, and somebody goes on.
        raise
    except Exception:
        log.exception("job.failed", extra={"job": run.job_id})
        await run.end(JobState.FAILED, now=clock(), error="INTERNAL")
    else:
        log.info("job.ended", extra={"job": run.job_id, "done": run.done})
    finally:
        await work.close()


async def _renew(run: Run, clock: Callable[[], datetime]) -> None:
    while True:
        await asyncio.sleep(RENEW_EVERY_S)
        with suppress(LeaseLost, *DatabaseUnavailable, PostgresError):
            await run.renew(now=clock())
