"""Files on their way in and out. Their bytes go by signed URLs, never through GraphQL."""

from datetime import datetime, timedelta
from typing import Self

import strawberry

from api.asking import is_own
from api.context import Info
from api.file_tokens import FileRight, FileTokens, Purpose
from api.files import path_of
from api.schema.node import Node
from api.schema.scalars import DateTime
from api.schema.user_errors import UserError
from db.enums import FileState, Scope
from db.ids import FileId
from domain.files.contents import StoredFile
from domain.files.limits import FILE_BYTES_MAX
from domain.files.queries import UPLOADS

URL_TTL = timedelta(minutes=15)


@strawberry.input(description="A file that you are about to send.")
class CreateUploadInput:
    file_name: str = strawberry.field(description="What it is called, without a folder.")
    mime_type: str = strawberry.field(description="Its media type, such as `text/csv`.")
    size: int = strawberry.field(description=f"How many bytes, exactly; 1 to {FILE_BYTES_MAX}.")
    sha256: str | None = strawberry.field(
        default=None, description="SHA-256 of its bytes in hexadecimal, to be checked against."
    )


@strawberry.type(description="A header of HTTP.")
class HttpHeader:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="A file that is expected, or has been sent.")
class Upload(Node, listing=UPLOADS, scope=Scope.IMPORTS_WRITE):
    name: str = strawberry.field(name="fileName", description="What it is called.")
    mime_type: str = strawberry.field(description="Its media type.")
    size: int = strawberry.field(description="How many bytes it has.")
    expires_at: DateTime = strawberry.field(description="When it is removed.")

    @strawberry.field(description="Whether it has been sent.")
    def received(self) -> bool:
        return bool(self.row["state"] == FileState.READY)

    @strawberry.field(
        description="Where to send it by PUT, all of it in one request, relative to this API's"
        " address; null once it is sent, and for whoever did not announce it. Whoever has the URL"
        " may send the file; it is good for 15 minutes."
    )
    def put_url(self, info: Info) -> str | None:
        caller = info.context.signed_in
        if self.row["state"] == FileState.READY or not is_own(self.row, caller):
            return None
        right = FileRight(
            purpose=Purpose.SEND,
            company_id=caller.company_id,
            file_id=FileId(self.row_id),
            size=self.size,
            expires_at=min(self.expires_at, info.context.clock() + URL_TTL),
        )
        return path_of(info.context.equipment.files, right)

    @strawberry.field(description="What to send with it.")
    def headers(self) -> list[HttpHeader]:
        return [
            HttpHeader(name="Content-Type", value=self.mime_type),
            HttpHeader(name="Content-Length", value=str(self.size)),
        ]


@strawberry.type(description="How making room for a file ended.")
class CreateUploadPayload:
    upload: Upload | None = strawberry.field(description="Where to send it.")
    user_errors: list[UserError] = strawberry.field(description="Why it is not taken.")


@strawberry.type(description="A file to fetch.")
class Download:
    url: str = strawberry.field(
        description="Where from, relative to this API's address. Whoever has it may fetch the file."
    )
    expires_at: DateTime = strawberry.field(
        description="Until when; ask again for another URL while the file is kept."
    )
    file_name: str = strawberry.field(description="What it is called.")
    mime_type: str = strawberry.field(description="Its media type.")
    size: int = strawberry.field(description="How many bytes it has.")
    sha256: str = strawberry.field(description="SHA-256 of its bytes, in hexadecimal.")

    @classmethod
    def of(cls, file: StoredFile, *, tokens: FileTokens, now: datetime) -> Self:
        expires_at = min(file.expires_at, now + URL_TTL)
        right = FileRight(
            purpose=Purpose.FETCH,
            company_id=file.company_id,
            file_id=file.file_id,
            size=file.size,
            expires_at=expires_at,
        )
        return cls(
            url=path_of(tokens, right),
            expires_at=DateTime(expires_at),
            file_name=file.name,
            mime_type=file.mime_type,
            size=file.size,
            sha256=file.sha256.hex(),
        )
