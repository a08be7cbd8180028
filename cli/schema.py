"""The GraphQL schema, and the files that are generated from it: printed, written, compared."""

import difflib
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from cli.endings import Refused

FOLDER = Path(__file__).parents[1]
DIFFERENCE_LINES_MAX = 40


def schema(
    check: Annotated[bool, typer.Option("--check", help="Only compare it with the files.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the files anew.")] = False,
    folder: Annotated[
        Path, typer.Option(help="Where the files stand.", show_default="beside the code")
    ] = FOLDER,
) -> None:
    """Print the GraphQL schema, or check or write its file and those of frontend-contract/."""
    # Building the schema takes a while, which the other commands need not wait for.
    from api.contract.files import generated  # noqa: PLC0415
    from api.sdl import sdl  # noqa: PLC0415

    if not check and not write:
        typer.echo(sdl(), nl=False)
        return
    for path, text in generated().items():
        file = folder / path
        if check:
            _compare(text, file)
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)


def _compare(text: str, file: Path) -> None:
    """Do nothing if the file says the same.

    :raises Refused: with the difference
    """
    written = file.read_text() if file.exists() else ""
    if written == text:
        return
    lines = difflib.unified_diff(
        written.splitlines(), text.splitlines(), str(file), "what the code says", lineterm="", n=1
    )
    shown = "\n".join(islice(lines, DIFFERENCE_LINES_MAX))
    raise Refused(f"{shown}\n{file} is out of date: `wattledger schema --write` writes it anew.")
