"""Looking at long work."""

from dataclasses import dataclass
from typing import Any

import orjson

from db import access
from db.enums import JobKind, JobState
from db.ids import CompanyId, FileId, JobId
from domain.facets import instant, text, whole, word
from domain.listing import Listing, Relation
from domain.longwork.running import ItemError

UNFINISHED = frozenset({JobState.QUEUED, JobState.RUNNING})

JOBS = Listing(
    table="job",
    columns=(
        "id",
        "kind",
        "state",
        "created_at",
        "started_at",
        "finished_at",
        "done",
        "total",
        "result",
        "file_id",
        "error",
        "error_params",
        "error_count",
        "created_by",
        "created_by_key",
    ),
    facets=(
        instant("job.created_at"),
        instant("job.finished_at", nullable=True),
        word("job.kind", JobKind),
        word("job.state", JobState),
    ),
    order="created_at",
    newest_first=True,
)
JOB_ERRORS = Listing(
    table="job_error",
    columns=("id", "sheet", "row_number", "column_name", "code", "params"),
    facets=(
        whole("job_error.id", name="found", meaning="When it was found, as a number."),
        text("job_error.code"),
        text("job_error.sheet", nullable=True),
        whole("job_error.row_number", name="row", nullable=True),
        text("job_error.column_name", name="column", nullable=True),
    ),
    order="found",
)

ERRORS_OF_JOB = Relation(JOB_ERRORS, "job_error.job_id = parent.id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a job is, and what came of it."""

    state: JobState
    done: int
    total: int | None
    result: dict[str, Any]
    file_id: FileId | None
    error: str | None
    error_params: dict[str, str]
    error_count: int

    @property
    def is_over(self) -> bool:
        return self.state not in UNFINISHED


async def standing(*, company_id: CompanyId, job_id: JobId) -> Standing:
    """Return how far a job is.

    :raises LookupError: there is none
    """
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(
            "select state, done, total, result, file_id, error, error_params, error_count"
            " from job where company_id = $1 and id = $2",
            company_id,
            job_id,
        )
    if row is None:
        raise LookupError(f"job {job_id} is unknown")
    columns = dict(row)
    return Standing(
        **{
            **columns,
            "state": JobState(columns["state"]),
            "result": orjson.loads(columns["result"]),
            "error_params": orjson.loads(columns["error_params"]),
        }
    )


async def errors(*, company_id: CompanyId, job_id: JobId) -> list[ItemError]:
    """Return the errors of a job that are kept, in the order in which they were found."""
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(
            "select sheet, row_number, column_name, code, params from job_error"
            " where company_id = $1 and job_id = $2 order by id",
            company_id,
            job_id,
        )
    return [
        ItemError(
            code=row["code"],
            sheet=row["sheet"],
            row=row["row_number"],
            column=row["column_name"],
            params=orjson.loads(row["params"]),
        )
        for row in rows
    ]
