"""Checking the books from the command line."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.embedded.apart import run_apart
from cli.endings import REFUSED
from cli.servers import servers, wait_for_database
from cli.surroundings import read_settings
from db import access
from db.settings import Urls
from domain.analytics.checks import verify as verify_sums
from domain.ledger.queries import Difference
from domain.ledger.queries import verify as verify_books

commands = typer.Typer(no_args_is_help=True, help="The books.")


@commands.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list, for programs.")] = False,
) -> None:
    """Rebuild all that follows from the books, and fail if it differs from what is stored."""
    settings = read_settings()
    with servers(settings) as found:
        wait_for_database(found.urls)
        differences = run_apart(_verify(found.urls))
    if as_json:
        typer.echo(json.dumps([asdict(found) for found in differences], default=str, indent=2))
    else:
        _show(differences)
    if differences:
        raise typer.Exit(REFUSED)


async def _verify(urls: Urls) -> list[Difference]:
    await access.connect(urls, pool_size=1)
    try:
        return await verify_books(at_most=None) + await verify_sums(at_most=None)
    finally:
        await access.close()


def _show(differences: list[Difference]) -> None:
    console = Console()
    if not differences:
        console.print("The books are right: every balance and sum is what its entries make it.")
        return
    table = Table("Company", "Account", "What", "Stored", "Rebuilt")
    for found in differences:
        table.add_row(
            str(found.company_id),
            str(found.account_id or ""),
            found.what,
            str(found.stored),
            str(found.rebuilt),
        )
    console.print(table)
