"""Cells, as every format of tables gives them, and texts that a spreadsheet would run. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

# What begins so is a formula to spreadsheet programs, whatever it was meant to be.
RUNNABLE = re.compile(r"'*[=+\-@\t\r]")
GUARD = "'"
COLUMNS_MAX = 200


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that holds no value but how to compute one, which nobody here does."""


Cell = str | bool | int | float | Decimal | date | datetime | Formula | None


class NumberedRow(NamedTuple):
    """A row that is not empty, and the number that spreadsheet programs show beside it."""

    number: int
    cells: list[Cell]


class Sheet(Protocol):
    """A named table."""

    @property
    def name(self) -> str: ...

    def rows(self) -> Iterator[NumberedRow]:
        """Return the rows that are not empty, from the top."""


class UnreadableFile(Exception):
    """The file is not what it should be; `code` says how, `params` speaks of details."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, *params.values())
        self.code = code
        self.params = {name: str(value) for name, value in params.items()}


def checked_width(cells: list[Cell], *, sheet: str) -> list[Cell]:
    """Return a row.

    :raises UnreadableFile: it has more columns than a table here ever has
    """
    if len(cells) > COLUMNS_MAX:
        raise UnreadableFile("TOO_MANY_COLUMNS", sheet=sheet, maximum=COLUMNS_MAX)
    return cells


def guarded(text: str) -> str:
    """Return the text so that no program runs it: one that looks like a formula gets a mark."""
    return GUARD + text if RUNNABLE.match(text) else text


def unguarded(text: str) -> str:
    """Return what `guarded` was given."""
    is_guarded = text.startswith(GUARD) and RUNNABLE.match(text[len(GUARD) :])
    return text[len(GUARD) :] if is_guarded else text
