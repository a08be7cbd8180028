"""Files that somebody has sent for long work to be done on."""

from datetime import datetime

from db.enums import FileKind
from db.ids import CompanyId, FileId
from domain.files import contents
from domain.longwork.jobs import Asker
from domain.refusals import NotThere


async def check_sent(
    *, company_id: CompanyId, asker: Asker, file_id: FileId, now: datetime
) -> None:
    """Return if it was the asker who sent a file.

    :raises NotThere: it was not, or the file is gone
    """
    file = await contents.find(
        company_id=company_id, file_id=file_id, kind=FileKind.UPLOAD, now=now
    )
    if file is None or (file.created_by, file.created_by_key) != (asker.user_id, asker.key_id):
        raise NotThere("upload_id")
