"""Files for imports, and imports of them, as one line each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import asyncpg
import orjson
from openpyxl import Workbook

from db import access
from db.enums import ImportMode, Role
from db.ids import CompanyId, FileId, JobId, KeyId, UserId
from domain.files import uploads
from domain.files.uploads import Reception
from domain.identity import operations as identity
from domain.identity.passwords import Passwords
from domain.identity.roles import scopes_of
from domain.imports import requests
from domain.longwork.jobs import Asker
from tests.factories import KEYRING, NOW
from workers.long_jobs import work_once
from workers.works import works

Rows = Sequence[Sequence[Any]]
EVERYTHING = scopes_of(Role.ADMINISTRATOR)
WORKS = works(KEYRING)


def clock() -> datetime:
    return NOW


async def make_asker(company_id: CompanyId, passwords: Passwords, **place: Any) -> Asker:
    """Make a member of the company who may do everything, within `place`."""
    user_id = await identity.create_user(
        email=f"user{company_id}-{len(place)}@example.com",
        name="Deniz",
        password="correct horse battery",  # noqa: S106
        passwords=passwords,
        now=NOW,
    )
    await identity.add_membership(
        company_id=company_id, user_id=user_id, role=Role.ADMINISTRATOR, **place
    )
    return Asker(user_id=user_id, role=Role.ADMINISTRATOR, scopes=EVERYTHING, **place)


def workbook(**sheets: Rows) -> bytes:
    """Return a workbook with these sheets, each with its header first."""
    book = Workbook()
    book.remove(book["Sheet"])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    target = BytesIO()
    book.save(target)
    return target.getvalue()


async def sent(
    company_id: CompanyId,
    user_id: UserId | None,
    content: bytes,
    *,
    name: str = "file",
    key_id: KeyId | None = None,
) -> FileId:
    """Send a file, as the API would."""
    file_id = await uploads.announce(
        company_id=company_id,
        user_id=user_id,
        key_id=key_id,
        name=name,
        mime_type="application/octet-stream",
        size=len(content),
        sha256=None,
        now=NOW,
    )
    reception = await Reception.begin(company_id=company_id, file_id=file_id, now=NOW)
    await reception.add(content)
    await reception.complete()
    return file_id


async def queued(
    company_id: CompanyId,
    asker: Asker,
    content: bytes,
    *,
    kind: str | None = None,
    mode: ImportMode = ImportMode.CREATE_ONLY,
    dry_run: bool = False,
) -> JobId:
    return await requests.start(
        company_id=company_id,
        asker=asker,
        file_id=await sent(company_id, asker.user_id, content),
        kind=kind,
        mode=mode,
        dry_run=dry_run,
        now=NOW,
    )


async def imported(
    company_id: CompanyId, asker: Asker, content: bytes, **how: Any
) -> Mapping[str, Any]:
    """Import a file to the end, and return the job's row."""
    job_id = await queued(company_id, asker, content, **how)
    assert await work_once(works=WORKS, clock=clock)
    return await job(company_id, job_id)


async def job(company_id: CompanyId, job_id: JobId) -> Mapping[str, Any]:
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(
            "select * from job where company_id = $1 and id = $2", company_id, job_id
        )
    assert row is not None
    return {**row, "result": orjson.loads(row["result"])}


async def faults(company_id: CompanyId) -> list[tuple[str | None, int | None, str | None, str]]:
    """Return sheet, row, column and code of each fault of the company's jobs, in their order."""
    return [
        (row["sheet"], row["row_number"], row["column_name"], row["code"])
        for row in await fetch(company_id, "select * from job_error order by id")
    ]


async def fetch(company_id: CompanyId, query: str) -> list[asyncpg.Record]:
    async with access.tenant(company_id) as connection:
        return await connection.fetch(query)
