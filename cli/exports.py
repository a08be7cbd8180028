"""Exporting tables from the command line."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import long_work
from cli.company_choice import chosen_company
from cli.connected import connected
from cli.endings import Refused
from cli.surroundings import now
from db.enums import FileKind, TableFormat, TableKind
from domain.exports import requests
from domain.files import contents
from domain.longwork.queries import Standing

CSV_SUFFIX = ".zip"


class FormatName(StrEnum):
    """The formats, as they are typed."""

    XLSX = "xlsx"
    CSV = "csv"


def export(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to; replaced if there.")],
    company: Annotated[
        str | None, typer.Option(help="Name or number; the only one by default.")
    ] = None,
    kind: Annotated[
        list[TableKind] | None, typer.Option(help="Which tables; all if left out.")
    ] = None,
    table_format: Annotated[
        FormatName | None,
        typer.Option(
            "--format", help="csv is a ZIP of CSV files; by the name of the file if left out."
        ),
    ] = None,
) -> None:
    """Export the hierarchy to a file that can be imported again."""
    chosen = table_format or (
        FormatName.CSV if output.suffix.lower() == CSV_SUFFIX else FormatName.XLSX
    )
    standing = connected(lambda: _exported(output, company, kind, TableFormat[chosen.name]))
    typer.echo(f"{output} has {standing.done} rows.")


async def _exported(
    output: Path, company: str | None, kinds: list[TableKind] | None, table_format: TableFormat
) -> Standing:
    company_id = (await chosen_company(company)).company_id
    job_id = await requests.start(
        company_id=company_id,
        asker=long_work.OPERATOR_OF_THE_SERVER,
        kinds=kinds or None,
        table_format=table_format,
        now=now(),
    )
    standing = await long_work.checked(company_id, job_id)
    if standing.file_id is None:
        raise Refused("The export made no file.")
    file = await contents.find(
        company_id=company_id, file_id=standing.file_id, kind=FileKind.DOWNLOAD, now=now()
    )
    if file is None:
        raise Refused("The file is gone already.")
    with output.open("wb") as target:
        async for part in contents.parts(
            company_id=company_id, file_id=file.file_id, size=file.size
        ):
            target.write(part)
    return standing
