"""Managing fields."""

from typing import Annotated, Any

import strawberry

from api.context import Info
from api.mutations import (
    VersionInput,
    changes_of,
    check_above_fields,
    check_whole_company,
    ended,
    seen,
)
from api.permissions.requires import requires
from api.schema.companies import Branch, Field
from api.schema.fields import CreateFieldInput, FieldPayload, MoveFieldInput, UpdateFieldInput
from db.enums import Scope
from db.ids import BranchId, FieldId
from domain.hierarchy import fields
from domain.hierarchy.geometry import Point

Created = Annotated[CreateFieldInput, strawberry.argument(description="The field.")]
Updated = Annotated[UpdateFieldInput, strawberry.argument(description="What changes.")]
Moved = Annotated[MoveFieldInput, strawberry.argument(description="Which field, and where to.")]
Which = Annotated[VersionInput, strawberry.argument(description="Which field.")]


@strawberry.type
class FieldMutation:
    @strawberry.mutation(
        description="Add a field to a branch.", extensions=[requires(Scope.COMPANY_WRITE)]
    )
    async def create_field(self, info: Info, input: Created) -> FieldPayload | None:
        check_above_fields(info)
        operation = fields.create(
            company_id=info.context.signed_in.company_id,
            branch_id=BranchId(
                await seen(info, Branch, input.branch_id, argument="input.branchId")
            ),
            name=input.name,
            boundary=input.boundary,
            **_coordinates(input.location),
        )
        return await ended(info, FieldPayload, Field, operation)

    @strawberry.mutation(description="Change a field.", extensions=[requires(Scope.COMPANY_WRITE)])
    async def update_field(self, info: Info, input: Updated) -> FieldPayload | None:
        operation = fields.update(
            company_id=info.context.signed_in.company_id,
            field_id=FieldId(await seen(info, Field, input.id)),
            expected_version=input.expected_version,
            changes=_changes(input),
        )
        return await ended(info, FieldPayload, Field, operation)

    @strawberry.mutation(
        description="Move a field to another branch; where it was stays known.",
        extensions=[requires(Scope.COMPANY_WRITE)],
    )
    async def move_field(self, info: Info, input: Moved) -> FieldPayload | None:
        check_whole_company(info)
        operation = fields.move(
            company_id=info.context.signed_in.company_id,
            field_id=FieldId(await seen(info, Field, input.id)),
            branch_id=BranchId(
                await seen(info, Branch, input.branch_id, argument="input.branchId")
            ),
            expected_version=input.expected_version,
            now=info.context.clock(),
        )
        return await ended(info, FieldPayload, Field, operation)

    @strawberry.mutation(
        description="Retire a field without active collectors and open accounts; its history"
        " stays.",
        extensions=[requires(Scope.COMPANY_WRITE)],
    )
    async def deactivate_field(self, info: Info, input: Which) -> FieldPayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Take a retired field into use again.",
        extensions=[requires(Scope.COMPANY_WRITE)],
    )
    async def reactivate_field(self, info: Info, input: Which) -> FieldPayload | None:
        return await _set_active(info, input, active=True)


def _coordinates(location: Point | None) -> dict[str, float | None]:
    if location is None:
        return {"latitude": None, "longitude": None}
    return {"latitude": location.latitude, "longitude": location.longitude}


def _changes(input: UpdateFieldInput) -> dict[str, Any]:
    changes = changes_of(input)
    if "location" in changes:
        changes |= _coordinates(changes.pop("location"))
    return changes


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> FieldPayload:
    check_above_fields(info)
    operation = fields.set_active(
        company_id=info.context.signed_in.company_id,
        field_id=FieldId(await seen(info, Field, input.id)),
        expected_version=input.expected_version,
        active=active,
    )
    return await ended(info, FieldPayload, Field, operation)
