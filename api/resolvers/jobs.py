"""Looking at long work, and calling it off."""

from typing import Annotated

import strawberry

from api.asking import asker_of
from api.context import Info
from api.mutations import ended, seen
from api.permissions.requires import requires
from api.schema.jobs import Job, JobPayload
from api.schema.paging import Connection
from api.schema.relations import listed
from db.enums import Scope
from db.ids import JobId
from domain.longwork import jobs
from domain.longwork.queries import JOBS

Which = Annotated[strawberry.ID, strawberry.argument(description="Which job.")]


@strawberry.input(description="A job to call off.")
class CancelJobInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


Cancelled = Annotated[CancelJobInput, strawberry.argument(description="Which job.")]


@strawberry.type
class JobQuery:
    jobs: Connection[Job] | None = listed(
        JOBS,
        "Jobs, the newest first; who is confined to a part of the company sees the own ones.",
        scope=Scope.COMPANY_READ,
    )

    @strawberry.field(
        description="A job; ask again to see it go on.",
        extensions=[requires(Scope.COMPANY_READ)],
    )
    async def job(self, info: Info, id: Which) -> Job | None:
        row = await info.context.loaders.row(JOBS).load(await seen(info, Job, id, argument="id"))
        return None if row is None else Job.of(row)


@strawberry.type
class JobMutation:
    @strawberry.mutation(
        description="Call a job off that you asked for. What it has done stays.",
        extensions=[requires(Scope.COMPANY_READ)],
    )
    async def cancel_job(self, info: Info, input: Cancelled) -> JobPayload | None:
        caller = info.context.signed_in
        operation = jobs.cancel(
            company_id=caller.company_id,
            job_id=JobId(await seen(info, Job, input.id)),
            asker=asker_of(caller),
            now=info.context.clock(),
        )
        return await ended(info, JobPayload, Job, operation)
