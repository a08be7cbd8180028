"""What the commands about documents say."""

import json
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table

from domain.documents.queries import ListedDocument
from domain.documents.rules import Registration, document_id


def show_registered(documents: Sequence[Registration]) -> None:
    for document in documents:
        typer.echo(f"{document_id(document.text_hash)}  {document.cost:>4}  {document.name}")
    typer.echo(f"{len(documents)} registered.")


def show_list(documents: Sequence[ListedDocument], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_facts(one) for one in documents], indent=2, ensure_ascii=False))
        return
    table = Table("Partner", "Name", "Id", "Cost", "Registered", "Retired")
    for one in documents:
        table.add_row(
            one.partner,
            one.name,
            document_id(one.text_hash),
            str(one.cost),
            f"{one.registered_at:%Y-%m-%d}",
            f"{one.retired_at:%Y-%m-%d}" if one.retired_at else "",
        )
    Console().print(table)


def _facts(document: ListedDocument) -> dict[str, object]:
    retired_at = document.retired_at
    return {
        "partner": document.partner,
        "name": document.name,
        "documentId": document_id(document.text_hash),
        "operations": list(document.operations),
        "cost": document.cost,
        "registeredAt": document.registered_at.isoformat(),
        "retiredAt": retired_at.isoformat() if retired_at else None,
    }


def show_broken(broken: Sequence[dict[str, str]]) -> None:
    if not broken:
        typer.echo("Every registered document fits.")
    for one in broken:
        typer.echo(f"{one['company']} / {one['partner']} / {one['name']} ({one['documentId']})")
        typer.echo(f"  {one['reason']}")
