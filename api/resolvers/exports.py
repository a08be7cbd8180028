"""Asking for exports."""

from typing import Annotated

import strawberry

from api.asking import asker_of
from api.context import Info
from api.errors import Forbidden
from api.mutations import ended, seen
from api.permissions.requires import requires
from api.schema.companies import Branch, Field
from api.schema.exports import StartExportInput
from api.schema.jobs import Job, JobPayload
from db.enums import Scope
from db.ids import BranchId, FieldId
from domain.exports import requests

Started = Annotated[StartExportInput, strawberry.argument(description="What, and how.")]


@strawberry.type
class ExportMutation:
    @strawberry.mutation(
        description="Export the part of the hierarchy that you see to a file, which the job's"
        " `download` hands out. It can be imported again. What you may not see is left out.",
        extensions=[requires(Scope.EXPORTS_READ)],
    )
    async def start_export(self, info: Info, input: Started) -> JobPayload | None:
        caller = info.context.signed_in
        if caller.field_id is not None and input.branch_id is not None:
            # It is more than the caller's own place.
            raise Forbidden
        branch_id, field_id = input.branch_id, input.field_id
        operation = requests.start(
            company_id=caller.company_id,
            asker=asker_of(caller),
            kinds=input.kinds,
            table_format=input.format,
            branch_id=None
            if branch_id is None
            else BranchId(await seen(info, Branch, branch_id, argument="input.branchId")),
            field_id=None
            if field_id is None
            else FieldId(await seen(info, Field, field_id, argument="input.fieldId")),
            now=info.context.clock(),
        )
        return await ended(info, JobPayload, Job, operation)
