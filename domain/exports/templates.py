"""An empty workbook to fill in, with a sheet that explains the others."""

from pathlib import Path
from tempfile import TemporaryDirectory

from domain.bulk.catalogue import KINDS
from domain.imports.tables import HELP_SHEET
from domain.spreadsheets.workbook import WrittenWorkbook


def template() -> bytes:
    """Return the workbook. Filled in, it can be imported as it is."""
    workbook = WrittenWorkbook()
    workbook.begin_sheet(HELP_SHEET)
    workbook.write(["Sheet", "Column", "Meaning", "Example", "Needed for a new one"])
    for kind in KINDS:
        for column in kind.columns:
            needed = "yes" if column.required else ""
            workbook.write([kind.name, column.name, column.meaning, column.example, needed])
    for kind in KINDS:
        workbook.begin_sheet(kind.name)
        workbook.write([column.name for column in kind.columns])
    with TemporaryDirectory(prefix="wattledger-template-") as folder:
        target = Path(folder) / "template.xlsx"
        workbook.save(target)
        return target.read_bytes()
