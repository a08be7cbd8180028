"""Asking for an export."""

from collections.abc import Sequence
from datetime import datetime

from db.enums import JobKind, TableFormat, TableKind
from db.ids import BranchId, CompanyId, FieldId, JobId
from domain.bulk.catalogue import KINDS
from domain.longwork import jobs
from domain.longwork.jobs import Asker
from domain.refusals import InvalidValue


async def start(
    *,
    company_id: CompanyId,
    asker: Asker,
    kinds: Sequence[TableKind] | None,
    table_format: TableFormat,
    branch_id: BranchId | None = None,
    field_id: FieldId | None = None,
    now: datetime,
) -> JobId:
    """Queue an export of what the asker may see; columns that need more rights are left out.

    kinds: None for all that the asker may see.
    branch_id, field_id: a part of the asker's own place that is enough; the narrower one counts.

    :raises InvalidValue, TooManyJobs: nothing was written
    """
    visible = [kind.name for kind in KINDS if kind.reads in asker.scopes]
    wanted = visible if kinds is None else [str(kind) for kind in kinds]
    if not wanted or not set(wanted) <= set(visible):
        raise InvalidValue("kinds", expected=", ".join(visible))
    # Never more than the asker's own place.
    field_id = asker.field_id or field_id
    branch_id = None if field_id else (asker.branch_id or branch_id)
    return await jobs.queue(
        company_id=company_id,
        kind=JobKind.EXPORT,
        asker=asker,
        input={
            "kinds": [name for name in visible if name in wanted],
            "format": table_format,
            "branch_id": branch_id,
            "field_id": field_id,
        },
        now=now,
    )
