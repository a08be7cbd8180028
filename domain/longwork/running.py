"""Doing long work: claiming a job, its steps, and how it ends.

A job is leased to one worker. Each step is one transaction that begins by making sure of the lease
and ends by writing how far the work is; so whoever takes over a dead worker's job goes on where it
stood, and a worker that was taken for dead writes nothing any more.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from db import access
from db.access import Connection
from db.acting import Actor, acting
from db.enums import ActorKind, JobKind, JobState
from db.ids import CompanyId, FileId, JobId
from domain.longwork import askers
from domain.longwork.jobs import Asker

LEASE = timedelta(seconds=30)
ATTEMPTS_MAX = 5
ERRORS_KEPT_MAX = 1_000

CLAIM = """
    update job set state = 'RUNNING', attempt = attempt + 1, leased_until = $1::timestamptz + $2,
        started_at = coalesce(started_at, $1)
    from (
        select company_id, id from job
        where (state = 'QUEUED' or (state = 'RUNNING' and leased_until <= $1))
            and ($3::int8 is null or id = $3)
        order by created_at, id limit 1 for update skip locked
    ) next
    where job.company_id = next.company_id and job.id = next.id
    returning job.company_id, job.id, kind, input, asked_by, position, done, attempt, total, result
"""
HOLDS = """
    select is_cancelled from job
    where company_id = $1 and id = $2 and state = 'RUNNING' and attempt = $3 for no key update
"""
ADVANCE = """
    update job set position = $3, done = $4, total = $5, result = $6, leased_until = $7
    where company_id = $1 and id = $2
"""
END = """
    update job set state = $4, finished_at = $5, leased_until = null, file_id = $6, error = $7,
        error_params = $8, result = $9
    where company_id = $1 and id = $2 and state = 'RUNNING' and attempt = $3
"""


class LeaseLost(Exception):
    """Another worker has the job, or it is over; nothing was written."""


class Cancelled(Exception):
    """Somebody called the job off; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemError:
    """What is wrong with one item: where it is, a code for programs, and what a message needs."""

    code: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    params: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Run:
    """A job that this worker has. What its steps change here is written when they end.

    position: where the work stands, as the kind of work says it. result: what came of it so far.
    """

    company_id: CompanyId
    job_id: JobId
    kind: JobKind
    input: dict[str, Any]
    asker: Asker
    position: dict[str, Any]
    result: dict[str, Any]
    done: int
    attempt: int
    total: int | None = None

    @property
    def actor(self) -> Actor:
        """Return who makes the changes: the job, for who asked for it."""
        return Actor(
            kind=ActorKind.JOB,
            user_id=self.asker.user_id,
            key_id=self.asker.key_id,
            name=self.kind.lower(),
            role=self.asker.role,
        )

    @asynccontextmanager
    async def step(self, *, now: datetime) -> AsyncIterator[Connection]:
        """Do a piece of the work in one transaction, which moves `position` and `done` on.

        :raises LeaseLost, Cancelled: the piece must not be done
        :raises JobFailed: who asked may not do it any more
        """
        await askers.check(company_id=self.company_id, asker=self.asker, now=now)
        with acting(self.actor):
            async with access.tenant(self.company_id) as connection:
                await self._hold(connection)
                yield connection
                await connection.execute(
                    ADVANCE,
                    self.company_id,
                    self.job_id,
                    _json(self.position),
                    self.done,
                    self.total,
                    _json(self.result),
                    now + LEASE,
                )

    async def renew(self, *, now: datetime) -> None:
        """Keep the lease while nothing is written.

        :raises LeaseLost: it is somebody else's
        """
        async with access.tenant(self.company_id) as connection:
            renewed = await connection.fetchval(
                "update job set leased_until = $4 where company_id = $1 and id = $2"
                " and state = 'RUNNING' and attempt = $3 returning true",
                self.company_id,
                self.job_id,
                self.attempt,
                now + LEASE,
            )
        if not renewed:
            raise LeaseLost

    async def report(
        self, connection: Connection, errors: Sequence[ItemError], *, count: int
    ) -> None:
        """Keep the first thousand errors, in the transaction of a step, and count all `count`."""
        counted = await connection.fetchval(
            "update job set error_count = error_count + $3 where company_id = $1 and id = $2"
            " returning error_count",
            self.company_id,
            self.job_id,
            count,
        )
        room = max(0, ERRORS_KEPT_MAX - (counted - count))
        await connection.executemany(
            "insert into job_error (company_id, job_id, sheet, row_number, column_name, code,"
            " params) values ($1, $2, $3, $4, $5, $6, $7)",
            [
                (
                    self.company_id,
                    self.job_id,
                    error.sheet,
                    error.row,
                    error.column,
                    error.code,
                    _json(error.params),
                )
                for error in errors[:room]
            ],
        )

    async def end(
        self,
        state: JobState,
        *,
        now: datetime,
        file_id: FileId | None = None,
        error: str | None = None,
        params: dict[str, str] | None = None,
    ) -> None:
        """Say how the job ended; whoever has lost the lease says nothing.

        error: why it failed, for programs; params: what a message of it needs.
        """
        with acting(self.actor):
            async with access.tenant(self.company_id) as connection:
                await connection.execute(
                    END,
                    self.company_id,
                    self.job_id,
                    self.attempt,
                    state,
                    now,
                    file_id,
                    error,
                    _json(params or {}),
                    _json(self.result),
                )

    async def _hold(self, connection: Connection) -> None:
        cancelled = await connection.fetchval(HOLDS, self.company_id, self.job_id, self.attempt)
        if cancelled is None:
            raise LeaseLost
        if cancelled:
            raise Cancelled


async def claim(*, now: datetime, only: JobId | None = None) -> Run | None:
    """Return a job that waits, or whose worker has died, leased to the caller; None without any.

    only: the one job that will do.
    """
    async with access.system() as connection:
        row = await connection.fetchrow(CLAIM, now, LEASE, only)
    if row is None:
        return None
    run = Run(
        company_id=CompanyId(row["company_id"]),
        job_id=JobId(row["id"]),
        kind=JobKind(row["kind"]),
        input=orjson.loads(row["input"]),
        asker=Asker.of_json(row["asked_by"]),
        position=orjson.loads(row["position"]),
        result=orjson.loads(row["result"]),
        done=row["done"],
        attempt=row["attempt"],
        total=row["total"],
    )
    if run.attempt > ATTEMPTS_MAX:
        # It has killed every worker that touched it.
        await run.end(JobState.FAILED, now=now, error="TOO_MANY_ATTEMPTS")
        return None
    return run


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()
