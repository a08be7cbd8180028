"""The command `wattledger`."""

from typing import Any

import typer
from typer.core import TyperGroup

from cli import (
    audit,
    books,
    companies,
    exports,
    imports,
    messages,
    migration,
    processes,
    schema,
    users,
)
from cli.demo.command import demo
from cli.doctor.command import doctor
from cli.documents.command import commands as documents
from cli.endings import spoken_endings
from cli.keys.command import commands as keys
from cli.replay.command import replay
from db.acting import Actor, acting
from db.enums import ActorKind


class Commands(TyperGroup):
    """Commands whose expected failures are a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        with spoken_endings():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, and record its name with every change that it makes."""
        name, command, rest = super().resolve_command(ctx, args)
        words = [str(name), *(rest[:1] if isinstance(command, TyperGroup) else [])]
        ctx.with_resource(acting(Actor(kind=ActorKind.COMMAND, name=" ".join(words))))
        return name, command, rest


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Credit electricity metering: collectors in, exact balances and live events out."
    " Settings come from the environment; .env.example describes them.",
)

app.command()(demo)
app.command()(processes.api)
app.command()(processes.worker)
app.command()(processes.gateway)
app.command()(migration.migrate)
app.command()(schema.schema)
app.command()(replay)
app.command()(doctor)
app.add_typer(companies.commands, name="company")
app.command("import")(imports.import_)
app.command()(exports.export)
app.add_typer(users.commands, name="user")
app.add_typer(books.commands, name="ledger")
app.add_typer(audit.commands, name="audit")
app.add_typer(messages.commands, name="message")
app.add_typer(documents, name="documents")
app.add_typer(keys, name="key")

if __name__ == "__main__":
    app()
