"""Only the domain changes data: no other package has SQL that writes, nor saves a model."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OTHERS = ("api", "cli", "collectors", "workers")
WRITING_SQL = re.compile(
    r"\b(insert\s+into|update\s+\w+\s+set|delete\s+from|truncate|copy\s+\w+\s+from)\b",
    re.IGNORECASE,
)
WRITING_CALLS = {
    "bulk_create",
    "bulk_update",
    "copy_records_to_table",
    "get_or_create",
    "save",
    "update_or_create",
}


def writes(source: str) -> Iterator[int]:
    """Yield the lines that write."""
    for node in ast.walk(ast.parse(source)):
        is_sql = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_sql and WRITING_SQL.search(str(getattr(node, "value", ""))):
            yield getattr(node, "lineno", 0)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in WRITING_CALLS
        ):
            yield node.lineno


@pytest.mark.parametrize("package", OTHERS)
def test_no_other_package_writes(package: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in sorted((ROOT / package).rglob("*.py"))
        for line in writes(file.read_text())
    ]

    assert found == []


@pytest.mark.parametrize(
    "source",
    ['q = "insert into meter values (1)"', 'q = "UPDATE meter set x = 1"', "await meter.save()"],
)
def test_a_write_is_seen(source: str) -> None:
    assert list(writes(source)) == [1]
