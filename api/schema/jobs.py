"""Long work: how far it is, what is wrong with single items, and what came of it."""

import orjson
import strawberry

from api.asking import is_own
from api.context import Info
from api.job_messages import job_message
from api.permissions.requires import requires
from api.schema.files import Download
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.relations import children
from api.schema.scalars import DateTime
from api.schema.user_errors import ErrorParameter, UserError
from db.enums import FileKind, JobKind, JobState, Scope, TableKind
from db.ids import FileId
from domain.files import contents
from domain.longwork.queries import ERRORS_OF_JOB, JOB_ERRORS, JOBS


@strawberry.type(description="How far work is, in items.")
class Progress:
    done: int = strawberry.field(description="How many are done.")
    total: int | None = strawberry.field(description="How many there are; null until it is known.")


@strawberry.type(description="What a job did, or would do, with one kind of object.")
class JobCount:
    kind: TableKind = strawberry.field(description="Of which kind.")
    created: int = strawberry.field(description="How many are new.")
    updated: int = strawberry.field(description="How many are changed.")
    unchanged: int = strawberry.field(description="How many are as they were.")
    exported: int = strawberry.field(description="How many rows are in the file.")


@strawberry.type(description="Why a job failed.")
class JobFailure:
    code: str = strawberry.field(description="For programs; stays the same.")
    message: str = strawberry.field(description="For people, in the caller's language.")


@strawberry.type(description="What is wrong with one item of a job.")
class JobError(Node, listing=JOB_ERRORS, scope=Scope.COMPANY_READ):
    sheet: str | None = strawberry.field(description="In which table of the file.")
    row_number: int | None = strawberry.field(
        name="row", description="In which row, as spreadsheets number them."
    )
    column_name: str | None = strawberry.field(name="column", description="In which column.")
    code: str = strawberry.field(description="For programs; stays the same.")

    @strawberry.field(description="For people, in the caller's language.")
    def message(self, info: Info) -> str:
        return said(info, self.code, self.row["params"], self.column_name)

    @strawberry.field(description="What the message speaks of, for a message of one's own.")
    def params(self) -> list[ErrorParameter]:
        facts = orjson.loads(self.row["params"])
        return [ErrorParameter(name=name, value=value) for name, value in facts.items()]


@strawberry.type(description="Long work that somebody asked for.")
class Job(Node, listing=JOBS, scope=Scope.COMPANY_READ):
    kind: JobKind = strawberry.field(description="What it does.")
    state: JobState = strawberry.field(description="How far it is.")
    created_at: DateTime = strawberry.field(description="When it was asked for.")
    started_at: DateTime | None = strawberry.field(description="When it began.")
    finished_at: DateTime | None = strawberry.field(description="When it ended.")
    error_count: int = strawberry.field(
        description="How many items are wrong; `errors` has the first thousand."
    )
    errors: Connection[JobError] | None = children(
        ERRORS_OF_JOB, "What is wrong with single items.", scope=Scope.COMPANY_READ
    )

    @strawberry.field(description="How much of it is done.")
    def progress(self) -> Progress:
        return Progress(done=self.row["done"], total=self.row["total"])

    @strawberry.field(description="Why it failed; null unless it did.")
    def failure(self, info: Info) -> JobFailure | None:
        code = self.row["error"]
        if code is None:
            return None
        return JobFailure(code=code, message=said(info, code, self.row["error_params"], None))

    @strawberry.field(description="What it did so far, by kind; of a dry run, what it would do.")
    def counts(self) -> list[JobCount]:
        by_kind = orjson.loads(self.row["result"]).get("counts", {})
        return [_count(kind, by_kind[kind]) for kind in TableKind if kind in by_kind]

    @strawberry.field(
        description="The file that an export made; null for other jobs, for jobs that somebody else"
        " asked for, and when it has expired.",
        extensions=[requires(Scope.EXPORTS_READ)],
    )
    async def download(self, info: Info) -> Download | None:
        if self.row["file_id"] is None or not is_own(self.row, info.context.signed_in):
            return None
        now = info.context.clock()
        file = await contents.find(
            company_id=info.context.signed_in.company_id,
            file_id=FileId(self.row["file_id"]),
            kind=FileKind.DOWNLOAD,
            now=now,
        )
        if file is None:
            return None
        return Download.of(file, tokens=info.context.equipment.files, now=now)


@strawberry.type(description="How asking for long work, or calling it off, ended.")
class JobPayload:
    job: Job | None = strawberry.field(description="The job as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing happened.")


def said(info: Info, code: str, params: str, column: str | None) -> str:
    """Return a job's message. params: what it speaks of, as JSON."""
    facts = {"field": column or "", **orjson.loads(params)}
    return job_message(code, locale=info.context.signed_in.locale, facts=facts)


def _count(kind: TableKind, numbers: dict[str, int]) -> JobCount:
    names = ("created", "updated", "unchanged", "exported")
    return JobCount(kind=kind, **{name: numbers.get(name, 0) for name in names})
