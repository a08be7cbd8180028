"""Asking for an import."""

from datetime import datetime

from db.enums import FileKind, ImportMode, JobKind
from db.ids import CompanyId, FileId, JobId
from domain.bulk.catalogue import KINDS
from domain.files import contents
from domain.longwork import jobs
from domain.longwork.jobs import Asker
from domain.refusals import InvalidValue, NotThere

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
    file = await contents.find(
        company_id=company_id, file_id=file_id, kind=FileKind.UPLOAD, now=now
    )
    if file is None or (file.created_by, file.created_by_key) != (asker.user_id, asker.key_id):
        raise NotThere("upload_id")
    return await jobs.queue(
        company_id=company_id,
        kind=JobKind.IMPORT,
        asker=asker,
        input={"file_id": file_id, "kind": kind, "mode": mode, "dry_run": dry_run},
        now=now,
    )
