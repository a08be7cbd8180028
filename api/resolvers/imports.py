"""Asking for imports."""

from typing import Annotated

import strawberry

from api.asking import asker_of
from api.context import Info
from api.mutations import ended, seen
from api.permissions.requires import requires
from api.schema.files import Upload
from api.schema.imports import ImportTemplate, StartImportInput
from api.schema.jobs import Job, JobPayload
from db.enums import Scope, TableKind
from db.ids import FileId
from domain.bulk.catalogue import BY_NAME
from domain.imports import requests

Started = Annotated[StartImportInput, strawberry.argument(description="The file, and how.")]
Which = Annotated[TableKind, strawberry.argument(description="What it has rows of.")]


@strawberry.type
class ImportQuery:
    @strawberry.field(
        description="What a table looks like that can be imported; null for one that cannot.",
        extensions=[requires(Scope.IMPORTS_WRITE)],
    )
    def import_template(self, kind: Which) -> ImportTemplate | None:
        importable = BY_NAME.get(kind)
        return None if importable is None else ImportTemplate.of(importable)


@strawberry.type
class ImportMutation:
    @strawberry.mutation(
        description="Import a file that was sent. It is judged as a whole before anything is"
        " written, and every fault is named with its row and column. Changes need the scope of"
        " what they change as well.",
        extensions=[requires(Scope.IMPORTS_WRITE)],
    )
    async def start_import(self, info: Info, input: Started) -> JobPayload | None:
        caller = info.context.signed_in
        operation = requests.start(
            company_id=caller.company_id,
            asker=asker_of(caller),
            file_id=FileId(await seen(info, Upload, input.upload_id, argument="input.uploadId")),
            kind=input.kind,
            mode=input.mode,
            dry_run=input.dry_run,
            now=info.context.clock(),
        )
        return await ended(info, JobPayload, Job, operation)
