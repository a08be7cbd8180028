"""Inputs of exports."""

import strawberry

from db.enums import TableFormat, TableKind


@strawberry.input(description="What to export.")
class StartExportInput:
    kinds: list[TableKind] | None = strawberry.field(
        default=None, description="Which tables; all that you may see if left out."
    )
    format: TableFormat = strawberry.field(
        default=TableFormat.XLSX, description="How they are written."
    )
    branch_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only what belongs to this branch."
    )
    field_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only what belongs to this field."
    )
