"""Writing tables to a file in the machine's temporary folder, a row at a time."""

import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from db.enums import TableFormat
from domain.bulk.kind import Column
from domain.files.limits import FILE_BYTES_MAX
from domain.spreadsheets.cells import Cell
from domain.spreadsheets.csv_text import CsvWriter, text_cell
from domain.spreadsheets.workbook import WrittenWorkbook

# A workbook is packed when it is whole. Texts of tables never pack to less than that part.
PACKED_TO_MIN = 20


class Tables(Protocol):
    """A file of tables that is being written. Use from one thread at a time."""

    suffix: str
    mime_type: str

    @property
    def is_too_large(self) -> bool:
        """Whether there is more already than a file may have."""

    def begin(self, name: str, columns: Sequence[Column]) -> None: ...

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows to the table that was begun last."""

    def finish(self) -> Path:
        """Return the whole file."""

    def close(self) -> None:
        """Remove what is on the disk. Safe to repeat."""


class WorkbookTables:
    """A workbook with a sheet a table."""

    suffix = ".xlsx"
    mime_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self, zone: ZoneInfo, *, bytes_max: int) -> None:
        self._zone = zone
        self._characters_max = bytes_max * PACKED_TO_MIN
        self._folder = tempfile.TemporaryDirectory(prefix="wattledger-export-")
        self._workbook = WrittenWorkbook()
        self._columns: Sequence[Column] = ()

    @property
    def is_too_large(self) -> bool:
        return self._workbook.characters > self._characters_max

    def begin(self, name: str, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._workbook.begin_sheet(name)
        self._workbook.write([column.name for column in columns])

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self._workbook.write([_cell(row[column.name], self._zone) for column in self._columns])

    def finish(self) -> Path:
        target = Path(self._folder.name) / "export"
        self._workbook.save(target)
        return target

    def close(self) -> None:
        with suppress(OSError):
            self._workbook.close()
        self._folder.cleanup()


class CsvTables:
    """A ZIP with a CSV file a table."""

    suffix = ".zip"
    mime_type = "application/zip"

    def __init__(self, zone: ZoneInfo, *, bytes_max: int) -> None:
        self._zone = zone
        self._bytes_max = bytes_max
        self._folder = tempfile.TemporaryDirectory(prefix="wattledger-export-")
        self._target = Path(self._folder.name) / "export"
        self._file = self._target.open("wb")
        self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
        self._columns: Sequence[Column] = ()
        self._table: io.TextIOWrapper | None = None
        self._writer: CsvWriter | None = None

    @property
    def is_too_large(self) -> bool:
        return self._file.tell() > self._bytes_max

    def begin(self, name: str, columns: Sequence[Column]) -> None:
        self._end_table()
        self._columns = columns
        entry = self._archive.open(f"{name}.csv", "w")
        self._table = io.TextIOWrapper(entry, encoding="utf-8", newline="")
        self._writer = CsvWriter(self._table)
        self._writer.write([column.name for column in columns])

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if self._writer is None:
            raise LookupError("no table is begun")
        for row in rows:
            self._writer.write([_text(row[column.name], self._zone) for column in self._columns])

    def finish(self) -> Path:
        self._end_table()
        self._archive.close()
        self._file.close()
        return self._target

    def close(self) -> None:
        with suppress(OSError, ValueError):
            self._end_table()
            self._archive.close()
        self._file.close()
        self._folder.cleanup()

    def _end_table(self) -> None:
        if self._table is not None:
            self._table.close()
            self._table = None


def tables_of(
    table_format: TableFormat, zone: ZoneInfo, *, bytes_max: int = FILE_BYTES_MAX
) -> Tables:
    """Return an empty file. zone: in which instants are told, each with its offset."""
    if table_format is TableFormat.XLSX:
        return WorkbookTables(zone, bytes_max=bytes_max)
    return CsvTables(zone, bytes_max=bytes_max)


def _cell(value: Any, zone: ZoneInfo) -> Cell:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    found: Cell = value
    return found


def _text(value: Any, zone: ZoneInfo) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return text_cell(value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(_cell(value, zone))
