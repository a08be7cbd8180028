"""Files on their way in: announced, received in parts, and whole or not there at all."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from db import access
from db.enums import FileKind, FileState
from db.ids import CompanyId, FileId, KeyId, UserId
from domain import values
from domain.files.limits import FILE_BYTES_MAX, PART_BYTES_MAX, STORED_BYTES_MAX
from domain.refusals import InvalidValue, Refused

UPLOAD_TTL = timedelta(hours=24)
# Longer than one reception may last, so that only what died is taken over.
RECEPTION_MAX = timedelta(minutes=15)
# Of a company: announced, and not complete yet.
UNFINISHED_MAX = 200
SHA256_BYTES = 32
FILE_NAME_CHARACTERS_MAX = 200
MIME_TYPE = re.compile(r"[a-z]{1,40}/[a-z0-9][a-z0-9.+-]{0,99}")
NAMELESS = re.compile(r"[/\\]")

# One at a time and company, or two could take the same room.
LOCK = "select pg_advisory_xact_lock(hashtext('stored_file'), $1)"

COUNT_UNFINISHED = """
    select count(*) from stored_file
    where company_id = $1 and kind = 'UPLOAD' and state <> 'READY' and expires_at > $2
"""


class StorageFull(Refused):
    """The company's files that have not expired yet leave no room."""


class TooManyUploads(Refused):
    """As many files are announced, and not sent yet, as may be."""


class UploadGone(Exception):
    """The upload has expired, is complete, or is being received by somebody else."""


class WrongContent(Exception):
    """The bytes are not those that were announced; none is kept."""


async def announce(
    *,
    company_id: CompanyId,
    user_id: UserId | None,
    key_id: KeyId | None = None,
    name: str,
    mime_type: str,
    size: int,
    sha256: str | None,
    now: datetime,
) -> FileId:
    """Make room for a file that somebody is about to send.

    user_id, key_id: whoever that is; both None for the command line.
    size: in bytes. sha256: of its bytes, in hexadecimal, if they are to be checked against it.

    :raises InvalidValue, StorageFull, TooManyUploads: nothing was written
    """
    checked_name = file_name(name, "file_name")
    if not MIME_TYPE.fullmatch(mime_type):
        raise InvalidValue("mime_type", expected="a media type such as text/csv")
    values.whole_number(size, "size", minimum=1, maximum=FILE_BYTES_MAX)
    digest = None if sha256 is None else _digest(sha256)
    async with access.tenant(company_id) as connection:
        await check_room(connection, company_id=company_id, size=size, now=now)
        if await connection.fetchval(COUNT_UNFINISHED, company_id, now) >= UNFINISHED_MAX:
            raise TooManyUploads(limit=UNFINISHED_MAX)
        file_id = await connection.fetchval(
            "insert into stored_file (company_id, kind, name, mime_type, size, sha256, state,"
            " created_by, created_by_key, created_at, expires_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id",
            company_id,
            FileKind.UPLOAD,
            checked_name,
            mime_type,
            size,
            digest,
            FileState.WAITING,
            user_id,
            key_id,
            now,
            now + UPLOAD_TTL,
        )
    return FileId(file_id)


def file_name(name: str, *path: str) -> str:
    """Return a file's name that names no folder.

    :raises InvalidValue: it does, or is empty, too long or does not print
    """
    checked = values.name(name, *path, characters_max=FILE_NAME_CHARACTERS_MAX)
    if NAMELESS.search(checked) or checked in {".", ".."}:
        raise InvalidValue(*path, expected="a file's name without a folder")
    return checked


async def check_room(
    connection: access.Connection, *, company_id: CompanyId, size: int, now: datetime
) -> None:
    """Return if the company may store `size` bytes more; who else asks waits for the transaction.

    :raises StorageFull: it may not
    """
    await connection.execute(LOCK, company_id)
    stored = await connection.fetchval(
        "select coalesce(sum(size), 0) from stored_file where company_id = $1 and expires_at > $2",
        company_id,
        now,
    )
    if stored + size > STORED_BYTES_MAX:
        raise StorageFull("size")


async def announced_by(
    *, company_id: CompanyId, file_id: FileId
) -> tuple[UserId | None, KeyId | None]:
    """Return the user and the key that announced a file; no user and no key for nobody's."""
    async with access.reading(company_id) as connection:
        row = await connection.fetchrow(
            "select created_by, created_by_key from stored_file"
            " where company_id = $1 and id = $2 and kind = 'UPLOAD'",
            company_id,
            file_id,
        )
    return (None, None) if row is None else (row["created_by"], row["created_by_key"])


class Reception:
    """One attempt to receive an upload. What is added counts only once it is complete."""

    def __init__(self, upload_id: FileId, company_id: CompanyId, size: int) -> None:
        self._company_id = company_id
        self._file_id = upload_id
        self._size = size
        self._received = 0
        self._parts = 0
        self._waiting = bytearray()
        self._hash = hashlib.sha256()

    @classmethod
    async def begin(cls, *, company_id: CompanyId, file_id: FileId, now: datetime) -> "Reception":
        """Begin to receive; one at a time may, until the file is complete.

        :raises UploadGone: nobody may any more, or somebody else does
        """
        async with access.tenant(company_id) as connection:
            size = await connection.fetchval(
                "update stored_file set state = 'RECEIVING', received_since = $3"
                " where company_id = $1 and id = $2 and kind = 'UPLOAD' and expires_at > $3"
                " and (state = 'WAITING' or state = 'RECEIVING' and received_since < $4)"
                " returning size",
                company_id,
                file_id,
                now,
                now - RECEPTION_MAX,
            )
            if size is None:
                raise UploadGone
            # Of a reception that died.
            await _forget_parts(connection, company_id, file_id)
        return cls(file_id, company_id, size)

    async def add(self, chunk: bytes) -> None:
        """Take some bytes; of what does not fill a part yet, at most one part is in memory.

        :raises WrongContent: they are more than were announced
        """
        self._received += len(chunk)
        if self._received > self._size:
            raise WrongContent
        self._hash.update(chunk)
        self._waiting += chunk
        while len(self._waiting) >= PART_BYTES_MAX:
            await self._store_part()

    async def complete(self) -> None:
        """Say that all is there.

        :raises WrongContent: it is not what was announced
        """
        if self._received != self._size:
            raise WrongContent
        if self._waiting:
            await self._store_part()
        digest = self._hash.digest()
        async with access.tenant(self._company_id) as connection:
            announced = await connection.fetchval(
                "select sha256 from stored_file where company_id = $1 and id = $2",
                self._company_id,
                self._file_id,
            )
            if announced is not None and not hmac.compare_digest(announced, digest):
                raise WrongContent
            await connection.execute(
                "update stored_file set state = 'READY', sha256 = $3"
                " where company_id = $1 and id = $2",
                self._company_id,
                self._file_id,
                digest,
            )

    async def give_up(self) -> None:
        """Forget what was received, so that it can be sent again."""
        async with access.tenant(self._company_id) as connection:
            await _forget_parts(connection, self._company_id, self._file_id)
            await connection.execute(
                "update stored_file set state = 'WAITING' where company_id = $1 and id = $2"
                " and state = 'RECEIVING'",
                self._company_id,
                self._file_id,
            )

    async def _store_part(self) -> None:
        body = bytes(self._waiting[:PART_BYTES_MAX])
        del self._waiting[:PART_BYTES_MAX]
        async with access.tenant(self._company_id) as connection:
            await add_part(
                connection,
                company_id=self._company_id,
                file_id=self._file_id,
                number=self._parts,
                body=body,
            )
        self._parts += 1


async def add_part(
    connection: access.Connection,
    *,
    company_id: CompanyId,
    file_id: FileId,
    number: int,
    body: bytes,
) -> None:
    """Store the next bytes of a file that is not complete yet. number: from 0 on."""
    await connection.execute(
        "insert into stored_file_part (company_id, file_id, number, body) values ($1, $2, $3, $4)",
        company_id,
        file_id,
        number,
        body,
    )


async def _forget_parts(
    connection: access.Connection, company_id: CompanyId, file_id: FileId
) -> None:
    await connection.execute(
        "delete from stored_file_part where company_id = $1 and file_id = $2", company_id, file_id
    )


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != SHA256_BYTES:
        raise InvalidValue("sha256", expected="64 hexadecimal digits")
    return digest
