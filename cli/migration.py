"""The command that brings a database to the newest schema."""

import typer

from cli.embedded.apart import run_apart
from cli.migrate import make_usable
from cli.servers import data_key, servers, wait_for_database
from cli.surroundings import now, read_settings
from domain.subscribers.keyring import Keyring


def migrate() -> None:
    """Bring the database to the newest schema, with partitions for today. Safe to repeat."""
    settings = read_settings()
    with servers(settings) as found:
        wait_for_database(found.urls)
        keyring = Keyring(data_key(settings))
        run_apart(make_usable(found.urls, keyring=keyring, now=now()))
    typer.echo("The database is up to date.")
