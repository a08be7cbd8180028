"""Files of tables that are broken, hostile, or only unusual."""

import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from openpyxl import Workbook

from domain.spreadsheets.cells import COLUMNS_MAX, Cell, Formula, UnreadableFile
from domain.spreadsheets.files import UNPACKED_BYTES_MAX, opened


def packed(**entries: bytes) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/"), content)
    return target.getvalue()


def book(fill: Callable[[Workbook], object]) -> bytes:
    made = Workbook()
    fill(made)
    target = BytesIO()
    made.save(target)
    return target.getvalue()


def read(content: bytes, sheet_name: str | None = None) -> dict[str, list[tuple[int, list[Cell]]]]:
    with opened(content, sheet_name=sheet_name) as sheets:
        return {sheet.name: [(row.number, row.cells) for row in sheet.rows()] for sheet in sheets}


def test_a_zip_of_csvs_has_a_table_a_file() -> None:
    content = packed(**{"a.csv": b"x;y\n1;2", "folder/b.CSV": b"z\n3", "readme.txt": b"?"})

    assert read(content) == {"a": [(1, ["x", "y"]), (2, ["1", "2"])], "b": [(1, ["z"]), (2, ["3"])]}


def test_empty_rows_and_cells_keep_the_numbers_of_the_others() -> None:
    def fill(made: Workbook) -> None:
        made["Sheet"]["B2"] = "x"
        made["Sheet"]["A5"] = " y "

    assert read(book(fill)) == {"Sheet": [(2, [None, "x"]), (5, ["y"])]}


def test_a_number_shown_with_leading_zeros_keeps_them() -> None:
    def fill(made: Workbook) -> None:
        made["Sheet"]["A1"] = 42
        made["Sheet"]["A1"].number_format = "00000000"
        made["Sheet"]["B1"] = 42

    assert read(book(fill)) == {"Sheet": [(1, ["00000042", 42])]}


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://x")', "#REF!"])
def test_a_formula_and_an_error_have_no_value(text: str) -> None:
    def fill(made: Workbook) -> None:
        made["Sheet"]["A1"] = text

    assert read(book(fill)) == {"Sheet": [(1, [Formula()])]}


def test_a_column_too_many_is_refused() -> None:
    def fill(made: Workbook) -> None:
        made["Sheet"].cell(1, COLUMNS_MAX + 1, "x")

    with pytest.raises(UnreadableFile, match="TOO_MANY_COLUMNS"):
        read(book(fill))


@pytest.mark.parametrize("place", [0, 1])
def test_a_column_too_many_of_csv_is_refused(place: int) -> None:
    rows = [b"x;y", b"1;2"]
    rows[place] = b";" * COLUMNS_MAX

    with pytest.raises(UnreadableFile, match="TOO_MANY_COLUMNS"):
        read(b"\n".join(rows), "a")


def test_a_row_beyond_the_end_of_every_sheet_is_not_looked_for() -> None:
    content = book(lambda made: made["Sheet"].append(["x"]))
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(target, "w") as spoilt:
        for name in source.namelist():
            # Each row before it would be made up, one by one.
            text = source.read(name).replace(b'<row r="1"', b'<row r="9999999999"')
            spoilt.writestr(name, text)

    with pytest.raises(UnreadableFile, match="TOO_MANY_ROWS"):
        read(target.getvalue())


def test_what_unpacks_to_too_much_is_refused_before_it_is_read() -> None:
    bomb = packed(**{"a.csv": b"0" * (UNPACKED_BYTES_MAX + 1)})
    assert len(bomb) < 1_000_000

    with pytest.raises(UnreadableFile, match="TOO_LARGE_INSIDE"):
        read(bomb)


def test_an_entry_that_lies_about_its_size_is_broken() -> None:
    content = bytearray(packed(**{"a.csv": b"x\n" * 5_000}))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (10).to_bytes(4, "little")

    with pytest.raises(UnreadableFile, match="BROKEN_ZIP"):
        read(bytes(content))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(packed(**{"xl/workbook.xml": b"<x/>"}), "BROKEN_XLSX", id="no workbook"),
        pytest.param(packed(**{"readme.txt": b"?"}), "NO_TABLES", id="no tables"),
        pytest.param(b"PK\x03\x04" + b"\0" * 100, "BROKEN_ZIP", id="no ZIP"),
    ],
)
def test_what_is_no_file_of_tables_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile, match=code):
        read(content)


def test_entities_of_xml_do_not_multiply() -> None:
    levels = "".join(f'<!ENTITY e{n} "{"".join([f"&e{n - 1};"] * 10)}">' for n in range(1, 10))
    laughs = f'<!DOCTYPE x [<!ENTITY e0 "ha">{levels}]><x>&e9;</x>'.encode()
    plain = book(lambda made: made["Sheet"].append(["x"]))
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(plain)) as source, zipfile.ZipFile(target, "w") as spoilt:
        for name in source.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            spoilt.writestr(name, laughs if is_sheet else source.read(name))

    with pytest.raises(UnreadableFile, match="BROKEN_XLSX"):
        read(target.getvalue())


def test_csv_that_is_not_utf8_is_refused_at_its_line() -> None:
    content = b"\n".join([b"name", *[b"x"] * 5_000, "şube".encode("cp1254"), b"x"])

    with pytest.raises(UnreadableFile) as refused:
        read(content, "branches")

    assert (refused.value.code, refused.value.params) == ("NOT_UTF8", {"line": "5002"})


def test_csv_is_read_a_line_at_a_time() -> None:
    content = b"name\n" + f"{'ş' * 100}\n".encode() * 20_000
    tracemalloc.start()

    with opened(content, sheet_name="branches") as (sheet,):
        rows = sum(1 for _ in sheet.rows())

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 20_001
    assert peak_bytes < len(content) // 10
