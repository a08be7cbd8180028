"""Making room for files."""

from typing import Annotated

import strawberry

from api.asking import asker_of
from api.context import Info
from api.mutations import ended
from api.permissions.requires import requires
from api.schema.files import CreateUploadInput, CreateUploadPayload, Upload
from db.enums import Scope
from domain.files import uploads

Announced = Annotated[CreateUploadInput, strawberry.argument(description="The file.")]


@strawberry.type
class FileMutation:
    @strawberry.mutation(
        description="Say that you will send a file, and learn where to.",
        extensions=[requires(Scope.IMPORTS_WRITE)],
    )
    async def create_upload(self, info: Info, input: Announced) -> CreateUploadPayload | None:
        caller = info.context.signed_in
        asker = asker_of(caller)
        operation = uploads.announce(
            company_id=caller.company_id,
            user_id=asker.user_id,
            key_id=asker.key_id,
            name=input.file_name,
            mime_type=input.mime_type,
            size=input.size,
            sha256=input.sha256,
            now=info.context.clock(),
        )
        return await ended(info, CreateUploadPayload, Upload, operation)
