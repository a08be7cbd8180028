"""Importing a bank's statement: asking for it, and the work of it, some transfers at a time."""

import asyncio
from datetime import datetime

from db.enums import FileKind, JobKind, JobState, StatementFormat
from db.ids import CompanyId, FileId, JobId
from domain.files import contents
from domain.longwork import jobs
from domain.longwork.failures import JobFailed
from domain.longwork.jobs import Asker
from domain.longwork.running import Run
from domain.longwork.sent_files import check_sent
from domain.payments import transfers
from domain.payments.entries import Transfer
from domain.payments.statements import read
from domain.spreadsheets.cells import UnreadableFile

CHUNK_TRANSFERS = 50


async def start(
    *,
    company_id: CompanyId,
    asker: Asker,
    file_id: FileId,
    format: StatementFormat,
    now: datetime,
) -> JobId:
    """Queue the import of a statement that the asker has sent.

    :raises NotThere, TooManyJobs: nothing was written
    """
    await check_sent(company_id=company_id, asker=asker, file_id=file_id, now=now)
    return await jobs.queue(
        company_id=company_id,
        kind=JobKind.BANK_STATEMENT,
        asker=asker,
        input={"file_id": file_id, "format": format},
        now=now,
    )


class StatementWork:
    """One statement. Nothing of a file that makes no sense is written."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._transfers: list[Transfer] | None = None

    async def step(self, *, now: datetime) -> bool:
        """Read the file, or take the next transfers in; return whether there is more."""
        run = self._run
        if self._transfers is None:
            self._transfers = await self._read(now=now)
            return True
        chunk = self._transfers[run.done : run.done + CHUNK_TRANSFERS]
        if not chunk:
            await run.end(JobState.SUCCEEDED, now=now)
            return False
        async with run.step(now=now) as connection:
            counts = await transfers.take_in(
                connection, chunk, company_id=run.company_id, job_id=run.job_id, now=now
            )
            run.done += len(chunk)
            run.total = len(self._transfers)
            so_far = run.result.get("transfers", {})
            run.result = {
                "transfers": {name: so_far.get(name, 0) + n for name, n in counts.items()}
            }
        return True

    async def close(self) -> None:
        self._transfers = None

    async def _read(self, *, now: datetime) -> list[Transfer]:
        company_id, file_id = self._run.company_id, FileId(self._run.input["file_id"])
        file = await contents.find(
            company_id=company_id, file_id=file_id, kind=FileKind.UPLOAD, now=now
        )
        if file is None:
            raise JobFailed("FILE_GONE")
        parts = contents.parts(company_id=company_id, file_id=file_id, size=file.size)
        content = b"".join([part async for part in parts])
        written_as = StatementFormat(self._run.input["format"])
        try:
            return await asyncio.to_thread(read, content, written_as)
        except UnreadableFile as error:
            raise JobFailed(error.code, **error.params) from error
