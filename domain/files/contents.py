"""Files that are there: finding them, reading their bytes, keeping new ones, removing old ones."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import BinaryIO

from db import access
from db.enums import FileKind, FileState
from db.ids import CompanyId, FileId, KeyId, UserId
from domain.files.limits import FILE_BYTES_MAX, PART_BYTES_MAX
from domain.files.uploads import add_part, check_room

DOWNLOAD_TTL = timedelta(hours=24)
REMOVED_AT_ONCE_MAX = 20


class FileTooLarge(Exception):
    """A file that we make has grown beyond what is stored; nothing of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that is complete. size: in bytes.

    created_by, created_by_key: whom it belongs to; both None for the command line.
    """

    company_id: CompanyId
    file_id: FileId
    kind: FileKind
    name: str
    mime_type: str
    size: int
    sha256: bytes
    created_by: UserId | None
    created_by_key: KeyId | None
    expires_at: datetime


async def find(
    *, company_id: CompanyId, file_id: FileId, kind: FileKind, now: datetime
) -> StoredFile | None:
    """Return a complete file that has not expired."""
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(
            "select name, mime_type, size, sha256, created_by, created_by_key, expires_at"
            " from stored_file"
            " where company_id = $1 and id = $2 and kind = $3 and state = $4 and expires_at > $5",
            company_id,
            file_id,
            kind,
            FileState.READY,
            now,
        )
    if row is None:
        return None
    return StoredFile(company_id=company_id, file_id=file_id, kind=kind, **dict(row))


def number_of_parts(size: int) -> int:
    """Return in how many parts a file of so many bytes is kept."""
    return -(-size // PART_BYTES_MAX)


async def parts(*, company_id: CompanyId, file_id: FileId, size: int) -> AsyncIterator[bytes]:
    """Yield the bytes of a complete file, a part at a time; ends early if it is removed.

    size: of the whole file, in bytes.
    """
    for number in range(number_of_parts(size)):
        async with access.tenant(company_id) as connection:
            body: bytes | None = await connection.fetchval(
                "select body from stored_file_part"
                " where company_id = $1 and file_id = $2 and number = $3",
                company_id,
                file_id,
                number,
            )
        if body is None:
            return
        yield body


async def keep(
    *,
    company_id: CompanyId,
    user_id: UserId | None,
    key_id: KeyId | None,
    name: str,
    mime_type: str,
    source: BinaryIO,
    size: int,
    now: datetime,
) -> FileId:
    """Keep a file that was made for somebody. It is there for nobody before it is complete.

    size: what `source` has, in bytes.

    :raises FileTooLarge, StorageFull: nothing is kept
    """
    if size > FILE_BYTES_MAX:
        raise FileTooLarge
    async with access.tenant(company_id) as connection:
        await check_room(connection, company_id=company_id, size=size, now=now)
        file_id = FileId(
            await connection.fetchval(
                "insert into stored_file (company_id, kind, name, mime_type, size, state,"
                " created_by, created_by_key, created_at, expires_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
                company_id,
                FileKind.DOWNLOAD,
                name,
                mime_type,
                size,
                FileState.RECEIVING,
                user_id,
                key_id,
                now,
                now + DOWNLOAD_TTL,
            )
        )
    digest = await _store_parts(company_id, file_id, source)
    async with access.tenant(company_id) as connection:
        await connection.execute(
            "update stored_file set state = $3, sha256 = $4 where company_id = $1 and id = $2",
            company_id,
            file_id,
            FileState.READY,
            digest,
        )
    return file_id


async def _store_parts(company_id: CompanyId, file_id: FileId, source: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    for number in count():
        body = source.read(PART_BYTES_MAX)
        if not body:
            break
        digest.update(body)
        async with access.tenant(company_id) as connection:
            await add_part(
                connection, company_id=company_id, file_id=file_id, number=number, body=body
            )
    return digest.digest()


async def remove_expired(*, now: datetime) -> int:
    """Remove what has expired, of every company, and return how many. Safe to repeat."""
    removed = 0
    while True:
        async with access.system() as connection:
            found = await connection.fetch(
                "delete from stored_file f using (select company_id, id from stored_file"
                " where expires_at <= $1 order by expires_at limit $2 for update skip locked) old"
                " where f.company_id = old.company_id and f.id = old.id returning f.id",
                now,
                REMOVED_AT_ONCE_MAX,
            )
        removed += len(found)
        if len(found) < REMOVED_AT_ONCE_MAX:
            return removed
