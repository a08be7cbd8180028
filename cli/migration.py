"""The command that brings a database to the newest schema."""

import typer

from cli.embedded.apart import run_apart
from cli.migrate import make_usable
from cli.servers import servers, wait_for_database
from cli.surroundings import now, read_settings


def migrate() -> None:
    """Bring the database to the newest schema, with partitions for today. Safe to repeat."""
    settings = read_settings()
    with servers(settings) as found:
        wait_for_database(found.urls)
        run_apart(make_usable(found.urls, now=now()))
    typer.echo("The database is up to date.")
