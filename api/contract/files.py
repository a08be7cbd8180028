"""What front ends may rely on, generated from the code: every file by its path."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from graphql import parse

from api.contract.errors import catalogue
from api.contract.permissions import Matrix
from api.sdl import sdl

FOLDER = PurePosixPath("frontend-contract")


def generated() -> Mapping[PurePosixPath, str]:
    """Return the text of every generated file, by its path within the repository."""
    text = sdl()
    document = parse(text)
    matrix = Matrix.of(document)
    return {
        PurePosixPath("schema.graphql"): text,
        FOLDER / "permissions.md": matrix.as_markdown(),
        FOLDER / "permissions.json": matrix.as_json(),
        FOLDER / "errors.md": catalogue(document),
    }
