"""Tables go in and out by commands, each in a process of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from cli.endings import REFUSED
from cli.migrate import make_usable
from db import access
from db.settings import Urls
from domain.bulk.catalogue import KINDS
from tests.cli.command_line import run
from tests.factories import KEYRING, NOW, Place, make_place
from tests.imports import fetch


@pytest.fixture
async def place(database: Urls) -> AsyncIterator[Place]:
    await make_usable(database, keyring=KEYRING, now=NOW)
    await access.connect(database, pool_size=2)
    yield await make_place(meters=2)
    await access.close()


async def names(place: Place) -> list[str]:
    rows = await fetch(place.company_id, "select name from branch order by name")
    return [row["name"] for row in rows]


async def test_a_file_is_judged_and_then_imported(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "branches.csv"
    file.write_text("name\nSouth\nNorth\n")

    judged = run(env, "import", str(file), "--dry-run")
    before = await names(place)
    done = run(env, "import", str(file))

    assert (judged.returncode, done.returncode) == (0, 0), judged.stderr + done.stderr
    assert "Would be created" in judged.stdout
    assert before == ["North"]
    assert await names(place) == ["North", "South"]
    (entry,) = await fetch(
        place.company_id,
        "select actor_kind, actor_name from daily_entry"
        " where object_type = 'Branch' and after->>'name' = 'South'",
    )
    assert tuple(entry) == ("JOB", "import")


async def test_faults_are_shown_with_their_places_and_nothing_is_written(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "fields.csv"
    file.write_text("branch;name;latitude\nNorth;Port;91\nWest;Pier;\n")

    refused = run(env, "import", str(file))

    assert refused.returncode == REFUSED
    told = [[cell.strip() for cell in line.split("│")] for line in refused.stdout.splitlines()]
    assert [cells[1:5] for cells in told if len(cells) > 5 and cells[1] == "fields"] == [
        ["fields", "2", "latitude", "INVALID_VALUE"],
        ["fields", "3", "branch", "UNKNOWN_PARENT"],
    ]
    assert "The file has faults; nothing of it was written." in refused.stderr
    assert len(await fetch(place.company_id, "select id from field")) == 1


@pytest.mark.parametrize("name", ["all.xlsx", "all.zip"])
async def test_what_is_exported_is_imported_again(
    env: dict[str, str], place: Place, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name

    exported = run(env, "export", "-o", str(file))
    imported = run(env, "import", str(file), "--update")

    assert (exported.returncode, imported.returncode) == (0, 0), exported.stderr + imported.stderr
    assert file.name in exported.stdout.replace("\n", "")
    assert len(await fetch(place.company_id, "select id from meter")) == 2


def test_a_template_has_a_sheet_for_each_kind(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "template.xlsx"

    made = run(env, "import", str(file), "--template")

    book = load_workbook(file)
    assert made.returncode == 0
    assert book.sheetnames == ["help", *(kind.name for kind in KINDS)]
    assert [cell.value for cell in book["meters"][1]][:2] == ["rf_module", "serial"]


async def test_a_file_that_is_not_there_is_refused(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    refused = run(env, "import", str(tmp_path / "none.csv"))

    assert refused.returncode == REFUSED
    assert "none.csv" in refused.stderr
