"""The GraphQL schema as text: printed, written beside the code, and compared with what is there."""

import difflib
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from cli.endings import Refused

FILE = Path(__file__).parents[1] / "schema.graphql"
DIFFERENCE_LINES_MAX = 40


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Only compare it with schema.graphql.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write schema.graphql anew.")] = False,
    file: Annotated[
        Path, typer.Option(help="Where it stands.", show_default="beside the code")
    ] = FILE,
) -> None:
    """Print the GraphQL schema, or check or write the file that holds it."""
    # Building the schema takes a while, which the other commands need not wait for.
    from api.sdl import sdl  # noqa: PLC0415

    text = sdl()
    if check:
        _compare(text, file)
    elif write:
        file.write_text(text)
    else:
        typer.echo(text, nl=False)


def _compare(text: str, file: Path) -> None:
    """Do nothing if the file says the same.

    :raises Refused: with the difference
    """
    written = file.read_text() if file.exists() else ""
    if written == text:
        return
    lines = difflib.unified_diff(
        written.splitlines(), text.splitlines(), str(file), "the code's schema", lineterm="", n=1
    )
    shown = "\n".join(islice(lines, DIFFERENCE_LINES_MAX))
    raise Refused(f"{shown}\n{file} is out of date: `wattledger schema --write` writes it anew.")
