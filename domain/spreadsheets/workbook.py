"""Tables as XLSX. The only module that knows openpyxl; formulas are never evaluated."""

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Self, cast

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from domain.spreadsheets.cells import (
    Cell,
    Formula,
    NumberedRow,
    UnreadableFile,
    checked_width,
)

# The last row of every spreadsheet program.
ROW_NUMBER_MAX = 2**20
FORMULA = "f"
ERROR = "e"
TEXT = "s"
ZEROS = frozenset("0")
SHEETS_MAX = 50


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """One sheet of a workbook that is being read."""

    name: str
    sheet: Any

    def rows(self) -> Iterator[NumberedRow]:
        """Return the rows that are not empty, from the top.

        :raises UnreadableFile: the sheet is broken, or has too many rows or columns
        """
        # What a sheet says of its own size need not be true.
        self.sheet.reset_dimensions()
        try:
            for number, cells in enumerate(self.sheet.iter_rows(), start=1):
                # The library makes up every row that the file leaves out.
                if number > ROW_NUMBER_MAX:
                    raise UnreadableFile("TOO_MANY_ROWS", maximum=ROW_NUMBER_MAX)  # noqa: TRY301
                values = [_value(cell) for cell in cells]
                while values and values[-1] is None:
                    values.pop()
                if values:
                    yield NumberedRow(number, checked_width(values, sheet=self.name))
        except UnreadableFile:
            raise
        except Exception as error:
            # Whatever the library trips over in a file that it did not write.
            raise UnreadableFile("BROKEN_XLSX", sheet=self.name) from error


class ReadWorkbook:
    """A workbook that is read as a stream; use it as a context manager."""

    def __init__(self, content: bytes) -> None:
        """Open it.

        :raises UnreadableFile: it is no workbook
        """
        try:
            self._workbook = load_workbook(BytesIO(content), read_only=True, keep_links=False)
            sheets = self._workbook.worksheets
        except Exception as error:
            raise UnreadableFile("BROKEN_XLSX", sheet="") from error
        if len(sheets) > SHEETS_MAX:
            raise UnreadableFile("TOO_MANY_SHEETS", maximum=SHEETS_MAX)
        self.sheets = [WorkbookSheet(sheet.title.strip(), sheet) for sheet in sheets]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(zipfile.BadZipFile, OSError):
            self._workbook.close()


class WrittenWorkbook:
    """A workbook that is written as a stream, a sheet after the other.

    characters: how many its cells have so far.
    """

    def __init__(self) -> None:
        self._workbook = Workbook(write_only=True)
        self._sheet: Any = None
        self.characters = 0

    def begin_sheet(self, name: str) -> None:
        self._sheet = self._workbook.create_sheet(name)
        self._sheet.freeze_panes = "A2"

    def write(self, cells: list[Cell]) -> None:
        """Add a row to the sheet that was begun last. Texts stay texts, whatever they look like."""
        self._sheet.append([self._cell(cell) for cell in cells])
        self.characters += sum(len(str(cell)) for cell in cells if cell is not None)

    def save(self, target: Path) -> None:
        self._workbook.save(target)

    def close(self) -> None:
        """Let go of what is on the disk already. Safe to repeat."""
        for sheet in cast("list[Any]", self._workbook.worksheets):
            if not sheet.closed:
                sheet.close()
                # What is saved is removed by itself; nothing else removes what never was.
                sheet._writer.cleanup()  # noqa: SLF001
        self._workbook.close()

    def _cell(self, value: Cell) -> object:
        if not isinstance(value, str) or not value.startswith("="):
            return value
        cell = WriteOnlyCell(self._sheet, value=value)
        # The library would take it for a formula.
        cell.data_type = TEXT
        return cell


def _value(cell: Any) -> Cell:
    if cell.value is None:
        return None
    if cell.data_type in (FORMULA, ERROR):
        return Formula()
    if isinstance(cell.value, str):
        return cell.value.strip() or None
    if isinstance(cell.value, int) and not isinstance(cell.value, bool):
        return _with_leading_zeros(cell.value, cell.number_format)
    found: Cell = cell.value
    return found


def _with_leading_zeros(number: int, shown_as: str) -> Cell:
    """Return a serial as it is shown: `00000000` says that it has eight digits."""
    if len(shown_as) > 1 and set(shown_as) == ZEROS and number >= 0:
        return str(number).zfill(len(shown_as))
    return number
