"""How a word of the database becomes one of the schema."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import strawberry


def describe(words: type[StrEnum], description: str, meanings: Mapping[Any, str]) -> None:
    """Make an enum of the schema of `words`, without touching the members themselves."""
    strawberry.enum(words, description=description)
    for value in words.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = meanings[words[value.name]]
