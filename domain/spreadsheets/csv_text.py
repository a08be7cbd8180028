"""Tables as CSV: UTF-8, with commas or semicolons, quoted where that is needed."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from domain.spreadsheets.cells import (
    Cell,
    NumberedRow,
    UnreadableFile,
    checked_width,
    guarded,
    unguarded,
)

DELIMITERS = (";", ",")


@dataclass(frozen=True, slots=True)
class CsvSheet:
    """The one table of a CSV file."""

    name: str
    content: bytes

    def rows(self) -> Iterator[NumberedRow]:
        """Return the rows that are not empty, from the top.

        :raises UnreadableFile: it is not UTF-8, its quotes do not close, or it has too many columns
        """
        # A line at a time: the whole of it as text takes many times its bytes.
        text = io.TextIOWrapper(io.BytesIO(self.content), encoding="utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=_delimiter(self.content), strict=True)
        # Rows are numbered as a spreadsheet shows them: a quoted line break begins no new one.
        try:
            for number, texts in enumerate(reader, start=1):
                cells: list[Cell] = [unguarded(one.strip()) or None for one in texts]
                checked_width(cells, sheet=self.name)
                if any(cell is not None for cell in cells):
                    yield NumberedRow(number, cells)
        except UnicodeDecodeError as error:
            # Guessing the encoding would garble names without anybody noticing.
            raise UnreadableFile("NOT_UTF8", line=_line_of_fault(self.content)) from error
        except csv.Error as error:
            raise UnreadableFile("BROKEN_CSV", line=reader.line_num) from error


class CsvWriter:
    """Writes a table that spreadsheet programs in Turkey and elsewhere open by a double click."""

    def __init__(self, target: TextIO) -> None:
        self._writer = csv.writer(target, delimiter=DELIMITERS[0], lineterminator="\r\n")
        target.write(codecs.BOM_UTF8.decode())

    def write(self, cells: list[str | None]) -> None:
        self._writer.writerow(["" if cell is None else cell for cell in cells])


def text_cell(text: str) -> str:
    """Return a text as a cell of CSV."""
    return guarded(text)


def _delimiter(content: bytes) -> str:
    header = io.BytesIO(content).readline()
    return max(DELIMITERS, key=lambda one: header.count(one.encode()))


def _line_of_fault(content: bytes) -> int:
    return next(
        number for number, line in enumerate(io.BytesIO(content), start=1) if not _is_utf8(line)
    )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
