"""Long work that somebody asks for: putting it into the queue, and calling it off."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from db import access
from db.enums import JobKind, JobState, Scope
from db.ids import BranchId, CompanyId, FieldId, JobId, KeyId, UserId
from domain.refusals import NotThere, Refused

# Of one company, so that nobody keeps the workers from everybody else.
UNFINISHED_MAX = 20

# One at a time and company, or two could pass the limit together.
LOCK = "select pg_advisory_xact_lock(hashtext('job'), $1)"


class TooManyJobs(Refused):
    """The company has as much work in the queue as it may."""


class AlreadyFinished(Refused):
    """The job has ended; there is nothing to call off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for work, and what they may do and see; a job does no more than that.

    user_id, key_id: both None for the command line, which may do everything.
    branch_id, field_id: to what the asker is confined.
    """

    user_id: UserId | None
    role: str | None
    scopes: frozenset[Scope]
    key_id: KeyId | None = None
    branch_id: BranchId | None = None
    field_id: FieldId | None = None

    def as_json(self) -> str:
        return orjson.dumps({**asdict(self), "scopes": sorted(self.scopes)}).decode()

    @classmethod
    def of_json(cls, text: str) -> Self:
        said: dict[str, Any] = orjson.loads(text)
        # A scope that this release does not know is none of what it does.
        known = frozenset(scope for scope in Scope if scope in said["scopes"])
        return cls(**{**said, "scopes": known})


async def queue(
    *,
    company_id: CompanyId,
    kind: JobKind,
    asker: Asker,
    input: Mapping[str, Any],
    now: datetime,
) -> JobId:
    """Ask for work. input: what the kind of work needs to know, as JSON has it.

    :raises TooManyJobs: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await connection.execute(LOCK, company_id)
        unfinished = await connection.fetchval(
            "select count(*) from job where company_id = $1 and state in ('QUEUED', 'RUNNING')",
            company_id,
        )
        if unfinished >= UNFINISHED_MAX:
            raise TooManyJobs
        job_id = await connection.fetchval(
            "insert into job (company_id, kind, input, asked_by, created_by, created_by_key,"
            " created_at) values ($1, $2, $3, $4, $5, $6, $7) returning id",
            company_id,
            kind,
            orjson.dumps(dict(input)).decode(),
            asker.as_json(),
            asker.user_id,
            asker.key_id,
            now,
        )
    return JobId(job_id)


async def cancel(*, company_id: CompanyId, job_id: JobId, asker: Asker, now: datetime) -> JobId:
    """Call a job off. One that runs stops after the piece that it is at; what is done stays.

    :raises AlreadyFinished: nothing was written
    :raises NotThere: the asker asked for no such job
    """
    async with access.tenant(company_id) as connection:
        state = await connection.fetchval(
            "select state from job where company_id = $1 and id = $2"
            " and created_by is not distinct from $3 and created_by_key is not distinct from $4"
            " for no key update",
            company_id,
            job_id,
            asker.user_id,
            asker.key_id,
        )
        if state is None:
            raise NotThere
        if state not in (JobState.QUEUED, JobState.RUNNING):
            raise AlreadyFinished("id")
        await connection.execute(
            "update job set is_cancelled = true,"
            " state = case state when 'QUEUED' then 'CANCELLED' else state end,"
            " finished_at = case state when 'QUEUED' then $3::timestamptz end"
            " where company_id = $1 and id = $2",
            company_id,
            job_id,
            now,
        )
    return job_id
