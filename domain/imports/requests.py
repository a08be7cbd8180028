"""Asking for an import."""

from datetime import datetime

from db.enums import ImportMode, JobKind
from db.ids import CompanyId, FileId, JobId
from domain.bulk.catalogue import KINDS
from domain.longwork import jobs
from domain.longwork.jobs import Asker
from domain.longwork.sent_files import check_sent
from domain.refusals import InvalidValue

KIND_NAMES = tuple(kind.name for kind in KINDS)


async def start(
    *,
    company_id: CompanyId,
    asker: Asker,
    file_id: FileId,
    kind: str | None,
    mode: ImportMode,
    dry_run: bool,
    now: datetime,
) -> JobId:
    """Queue the import of a file that the asker has sent.

    kind: which objects a CSV file has; files with several tables name them themselves.
    dry_run: whether to judge the file and write nothing.

    :raises NotThere, InvalidValue, TooManyJobs: nothing was written
    """
    if kind is not None and kind not in KIND_NAMES:
        raise InvalidValue("kind", expected=", ".join(KIND_NAMES))
    await check_sent(company_id=company_id, asker=asker, file_id=file_id, now=now)
    return await jobs.queue(
        company_id=company_id,
        kind=JobKind.IMPORT,
        asker=asker,
        input={"file_id": file_id, "kind": kind, "mode": mode, "dry_run": dry_run},
        now=now,
    )
