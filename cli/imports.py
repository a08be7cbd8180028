"""Importing tables from the command line."""

from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.table import Table

from cli import long_work
from cli.company_choice import chosen_company
from cli.connected import connected
from cli.endings import Refused
from cli.surroundings import now
from db.enums import ImportMode, TableKind
from db.ids import CompanyId, FileId
from domain.exports.templates import template
from domain.files import uploads
from domain.files.limits import FILE_BYTES_MAX
from domain.files.uploads import Reception
from domain.imports import requests
from domain.longwork.queries import Standing

READ_BYTES = 256 * 1024
WHAT = ("created", "updated", "unchanged")


def import_(
    file: Annotated[Path, typer.Argument(help="A workbook, a CSV file, or a ZIP of CSV files.")],
    company: Annotated[
        str | None, typer.Option(help="Name or number; the only one by default.")
    ] = None,
    kind: Annotated[
        TableKind | None, typer.Option(help="What a CSV file has rows of; else its own name.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge the file and write nothing.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Change what is there otherwise; refused without.")
    ] = False,
    make_template: Annotated[
        bool, typer.Option("--template", help="Write an empty workbook to FILE instead.")
    ] = False,
) -> None:
    """Import branches, devices, premises, subscribers and accounts; or show every fault."""
    if make_template:
        file.write_bytes(template())
        typer.echo(f"{file} has a sheet for each kind, and one that explains them.")
        return
    mode = ImportMode.CREATE_OR_UPDATE if update else ImportMode.CREATE_ONLY
    standing = connected(
        lambda: _imported(file, company, kind or _named(file), mode, dry_run=dry_run),
    )
    _show(standing, dry_run=dry_run)


async def _imported(
    file: Path, company: str | None, kind: TableKind | None, mode: ImportMode, *, dry_run: bool
) -> Standing:
    company_id = (await chosen_company(company)).company_id
    job_id = await requests.start(
        company_id=company_id,
        asker=long_work.OPERATOR_OF_THE_SERVER,
        file_id=await _stored(company_id, file),
        kind=kind,
        mode=mode,
        dry_run=dry_run,
        now=now(),
    )
    return await long_work.checked(company_id, job_id)


def _named(file: Path) -> TableKind | None:
    """Return the kind that a file is named for: meters.csv."""
    return next((kind for kind in TableKind if kind == file.stem.lower()), None)


async def _stored(company_id: CompanyId, file: Path) -> FileId:
    with file.open("rb") as source:
        size = source.seek(0, 2)
        source.seek(0)
        if not 1 <= size <= FILE_BYTES_MAX:
            raise Refused(f"{file} must have 1 to {FILE_BYTES_MAX // 2**20} MB; it has {size} B.")
        return await _sent(company_id, source, file.name, size)


async def _sent(company_id: CompanyId, source: BinaryIO, name: str, size: int) -> FileId:
    file_id = await uploads.announce(
        company_id=company_id,
        user_id=None,
        name=name,
        mime_type="application/octet-stream",
        size=size,
        sha256=None,
        now=now(),
    )
    reception = await Reception.begin(company_id=company_id, file_id=file_id, now=now())
    while chunk := source.read(READ_BYTES):
        await reception.add(chunk)
    await reception.complete()
    return file_id


def _show(standing: Standing, *, dry_run: bool) -> None:
    would = "Would be " if dry_run else ""
    table = Table("Kind", *(f"{would}{what}".capitalize() for what in WHAT))
    counts = standing.result["counts"]
    for kind in TableKind:
        if kind in counts:
            table.add_row(kind, *(str(counts[kind][what]) for what in WHAT))
    Console().print(table)
