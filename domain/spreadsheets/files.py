"""Opening a file of tables, whichever it is: XLSX, CSV, or a ZIP of CSVs."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import PurePosixPath

from domain.spreadsheets.cells import Sheet, UnreadableFile
from domain.spreadsheets.csv_text import CsvSheet
from domain.spreadsheets.workbook import ReadWorkbook

ZIP_SIGNATURE = b"PK\x03\x04"
WORKBOOK_PART = "xl/workbook.xml"
CSV_SUFFIX = ".csv"
ENTRIES_MAX = 500
# What a file may grow to: fifty thousand rows need a tenth of it.
UNPACKED_BYTES_MAX = 200 * 1024 * 1024


@contextmanager
def opened(content: bytes, *, sheet_name: str | None) -> Iterator[Sequence[Sheet]]:
    """Open the tables of a file for as long as they are read.

    sheet_name: what the table of a CSV file is called, which does not say it itself.

    :raises UnreadableFile: it is none of the formats, or larger inside than it may be
    """
    if not content.startswith(ZIP_SIGNATURE):
        if sheet_name is None:
            raise UnreadableFile("KIND_MISSING")
        yield [CsvSheet(sheet_name, content)]
        return
    names = _checked_entries(content)
    if WORKBOOK_PART not in names:
        yield _csv_sheets(content, names)
        return
    with ReadWorkbook(content) as workbook:
        yield workbook.sheets


def _checked_entries(content: bytes) -> list[str]:
    """Return the names in a ZIP that unpacks to no more than it may.

    What an entry says of its size is the most that is ever read of it.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFile("BROKEN_ZIP") from error
    if len(entries) > ENTRIES_MAX or sum(one.file_size for one in entries) > UNPACKED_BYTES_MAX:
        raise UnreadableFile("TOO_LARGE_INSIDE", megabytes=UNPACKED_BYTES_MAX // 2**20)
    return [one.filename for one in entries]


def _csv_sheets(content: bytes, names: Sequence[str]) -> list[Sheet]:
    sheets: list[Sheet] = []
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for name in names:
                path = PurePosixPath(name)
                if path.suffix.lower() == CSV_SUFFIX:
                    sheets.append(CsvSheet(path.stem, archive.read(name)))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError) as error:
        raise UnreadableFile("BROKEN_ZIP") from error
    if not sheets:
        raise UnreadableFile("NO_TABLES")
    return sheets
