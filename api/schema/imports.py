"""Inputs of imports, and what their tables look like."""

import strawberry

from db.enums import ImportMode, TableKind
from domain.bulk.kind import Column, Kind


@strawberry.input(description="A file to import.")
class StartImportInput:
    upload_id: strawberry.ID = strawberry.field(description="The `Upload` that was sent.")
    kind: TableKind | None = strawberry.field(
        default=None,
        description="What a CSV file has rows of; workbooks say it by the names of their sheets.",
    )
    mode: ImportMode = strawberry.field(
        default=ImportMode.CREATE_ONLY, description="What happens to what is there already."
    )
    dry_run: bool = strawberry.field(
        default=False, description="Whether to judge the file and write nothing."
    )


@strawberry.type(description="A column of a table.")
class ImportColumn:
    name: str = strawberry.field(description="Its heading, in capitals or not.")
    meaning: str = strawberry.field(description="What it says.")
    example: str = strawberry.field(description="A value that it may have.")
    required: bool = strawberry.field(description="Whether a new object needs it.")
    key: bool = strawberry.field(description="Whether it is part of what the object is found by.")

    @classmethod
    def of(cls, column: Column, kind: Kind) -> "ImportColumn":
        return cls(
            name=column.name,
            meaning=column.meaning,
            example=column.example,
            required=column.required,
            key=column.name in kind.key,
        )


@strawberry.type(description="What a table looks like that can be imported.")
class ImportTemplate:
    kind: TableKind = strawberry.field(description="What it has rows of.")
    columns: list[ImportColumn] = strawberry.field(description="Its columns, in any order.")
    csv: str = strawberry.field(description="An empty table as CSV: its headings.")

    @classmethod
    def of(cls, kind: Kind) -> "ImportTemplate":
        return cls(
            kind=TableKind(kind.name),
            columns=[ImportColumn.of(column, kind) for column in kind.columns],
            csv=";".join(column.name for column in kind.columns) + "\r\n",
        )
