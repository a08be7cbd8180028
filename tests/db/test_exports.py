"""What is exported can be imported again, and shows no more than who asked may see."""

import random
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from db import access
from db.enums import FileKind, ImportMode, JobKind, Scope, TableFormat, TableKind
from db.ids import CompanyId, FieldId, FileId
from domain.bulk.kind import Column
from domain.exports import requests
from domain.exports.tables import tables_of
from domain.exports.work import ExportWork
from domain.files import contents
from domain.files.limits import PART_BYTES_MAX
from domain.hierarchy import branches, collectors, fields
from domain.identity.passwords import Passwords
from domain.longwork.jobs import Asker
from domain.refusals import InvalidValue
from tests.factories import KEYRING, NOW, Place, make_place
from tests.imports import WORKS, clock, fetch, imported, job, make_asker
from workers.long_jobs import work_once

FORMULA = "=HYPERLINK(1)"


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=3)


async def exported(
    company_id: CompanyId,
    asker: Asker,
    table_format: TableFormat = TableFormat.XLSX,
    **what: Any,
) -> tuple[Mapping[str, Any], bytes]:
    """Export, and return the job and the file."""
    job_id = await requests.start(
        company_id=company_id,
        asker=asker,
        table_format=table_format,
        now=NOW,
        **{"kinds": None, **what},
    )
    assert await work_once(works=WORKS, clock=clock)
    done = await job(company_id, job_id)
    assert done["state"] == "SUCCEEDED"
    file_id = FileId(done["file_id"])
    file = await contents.find(
        company_id=company_id, file_id=file_id, kind=FileKind.DOWNLOAD, now=NOW
    )
    assert file is not None
    parts = contents.parts(company_id=company_id, file_id=file_id, size=file.size)
    content = b"".join([part async for part in parts])
    assert len(content) == file.size
    return done, content


def sheet(content: bytes, name: str) -> list[tuple[Any, ...]]:
    return list(load_workbook(BytesIO(content))[name].iter_rows(values_only=True))


async def add_awkward(place: Place) -> None:
    """Add what spreadsheets would run, or make something else of."""
    company_id = place.company_id
    branch_id = await branches.create(company_id=company_id, name=FORMULA)
    await fields.create(company_id=company_id, branch_id=branch_id, name="'-1")
    await fields.create(
        company_id=company_id, branch_id=branch_id, name='A;B,"C"', latitude=-1.5, longitude=0
    )
    await collectors.create(
        company_id=company_id,
        field_id=place.field_id,
        flag="WTL",
        serial=f"00{company_id}",
        token=None,
        time_zone="Europe/Istanbul",
        make="@make",
        ipv4="192.0.2.1",
        ipv6="2001:db8::1",
        port=1234,
    )


@pytest.mark.parametrize("table_format", TableFormat)
async def test_an_export_is_imported_again_without_a_change(
    place: Place, asker: Asker, table_format: TableFormat
) -> None:
    await add_awkward(place)
    _, content = await exported(place.company_id, asker, table_format)

    done = await imported(place.company_id, asker, content, mode=ImportMode.CREATE_OR_UPDATE)

    assert (done["state"], done["error"]) == ("SUCCEEDED", None)
    counts = done["result"]["counts"]
    assert {
        kind: (one["created"], one["updated"]) for kind, one in counts.items()
    } == dict.fromkeys(counts, (0, 0))
    assert counts["branches"]["unchanged"] == 2
    assert counts["fields"]["unchanged"] == 3
    assert counts["meters"]["unchanged"] == 3


@pytest.mark.parametrize("table_format", TableFormat)
async def test_an_export_makes_the_same_hierarchy_elsewhere(
    place: Place, asker: Asker, passwords: Passwords, table_format: TableFormat
) -> None:
    await add_awkward(place)
    _, content = await exported(place.company_id, asker, table_format)
    # A collector's serial is its own anywhere.
    async with access.system() as connection:
        await connection.execute("delete from collector_identity")
    other = await make_place(meters=0)
    elsewhere = await make_asker(other.company_id, passwords)

    done = await imported(other.company_id, elsewhere, content)
    _, again = await exported(other.company_id, elsewhere, table_format)

    assert done["state"] == "SUCCEEDED"
    assert await described(other.company_id) >= await described(place.company_id)
    assert len(again) >= len(content)


async def described(company_id: CompanyId) -> set[tuple[Any, ...]]:
    rows = await fetch(
        company_id,
        "select b.name, f.name, f.latitude, c.serial, c.make, host(c.ipv4), host(c.ipv6), c.port,"
        " r.serial, r.frequency, m.serial, m.make, m.clock_rule, m.power_w_max"
        " from branch b left join field f on f.branch_id = b.id"
        " left join collector c on c.field_id = f.id"
        " left join rf_module r on r.collector_id = c.id"
        " left join meter m on m.rf_module_id = r.id",
    )
    return {tuple(row) for row in rows}


async def test_a_text_that_looks_like_a_formula_is_none(place: Place, asker: Asker) -> None:
    await add_awkward(place)

    _, workbook = await exported(place.company_id, asker, kinds=[TableKind.BRANCHES])
    _, archive = await exported(
        place.company_id, asker, TableFormat.CSV, kinds=[TableKind.BRANCHES, TableKind.FIELDS]
    )

    cells = {cell.value: cell.data_type for (cell,) in load_workbook(BytesIO(workbook))["branches"]}
    assert cells == {"name": "s", "North": "s", FORMULA: "s"}
    with ZipFile(BytesIO(archive)) as files:
        assert files.namelist() == ["branches.csv", "fields.csv"]
        assert f"\r\n'{FORMULA}\r\n" in files.read("branches.csv").decode()
        assert f"\r\n'{FORMULA};''-1;;\r\n" in files.read("fields.csv").decode()


async def test_addresses_are_left_out_for_who_may_not_see_them(place: Place, asker: Asker) -> None:
    lesser = replace(asker, scopes=asker.scopes - {Scope.NETWORK_READ})

    _, content = await exported(place.company_id, lesser, kinds=[TableKind.COLLECTORS])

    assert sheet(content, "collectors")[0] == (
        "branch",
        "field",
        "flag",
        "serial",
        "time_zone",
        "make",
        "model",
    )


async def test_tables_that_one_may_not_see_are_left_out(place: Place, asker: Asker) -> None:
    lesser = replace(asker, scopes=asker.scopes - {Scope.METERS_READ})

    _, content = await exported(place.company_id, lesser)

    assert "meters" not in load_workbook(BytesIO(content)).sheetnames
    with pytest.raises(InvalidValue):
        await requests.start(
            company_id=place.company_id,
            asker=lesser,
            kinds=[TableKind.METERS],
            table_format=TableFormat.CSV,
            now=NOW,
        )


async def test_who_is_confined_exports_the_own_place_alone(
    place: Place, passwords: Passwords
) -> None:
    south = await branches.create(company_id=place.company_id, name="South")
    port = await fields.create(company_id=place.company_id, branch_id=south, name="Port")
    asker = await make_asker(place.company_id, passwords, branch_id=south)

    _, own = await exported(place.company_id, asker)
    # Asking for another place does not help.
    _, other = await exported(place.company_id, asker, branch_id=place.branch_id)

    for content in (own, other):
        assert sheet(content, "branches") == [("name",), ("South",)]
        assert [row[:2] for row in sheet(content, "fields")[1:]] == [("South", "Port")]
        assert len(sheet(content, "meters")) == 1
    assert port


async def test_an_export_may_be_of_one_field(place: Place, asker: Asker) -> None:
    south = await branches.create(company_id=place.company_id, name="South")
    port: FieldId = await fields.create(company_id=place.company_id, branch_id=south, name="Port")

    _, content = await exported(place.company_id, asker, field_id=port)

    assert sheet(content, "branches") == [("name",), ("South",)]
    assert len(sheet(content, "fields")) == 2
    assert len(sheet(content, "collectors")) == 1


async def test_rows_beyond_a_page_are_all_there_once(place: Place, asker: Asker) -> None:
    async with access.tenant(place.company_id) as connection:
        await connection.execute(
            "insert into branch (company_id, name) select $1, 'B' || n"
            " from generate_series(1, 2500) n",
            place.company_id,
        )

    done, content = await exported(place.company_id, asker, kinds=[TableKind.BRANCHES])

    names = [name for (name,) in sheet(content, "branches")[1:]]
    assert len(names) == len(set(names)) == done["done"] == done["total"] == 2_501
    assert done["result"]["counts"] == {"branches": {"exported": 2_501}}


async def test_the_file_is_on_record_as_made_by_the_job_for_who_asked(
    place: Place, asker: Asker
) -> None:
    await exported(place.company_id, asker, kinds=[TableKind.BRANCHES])

    entries = await fetch(
        place.company_id,
        "select distinct kind, actor_kind, actor_name, user_id from daily_entry"
        " where object_type = 'File' order by kind",
    )
    assert [dict(entry) for entry in entries] == [
        {"kind": kind, "actor_kind": "JOB", "actor_name": "export", "user_id": asker.user_id}
        for kind in ("ADDED", "UPDATED")
    ]


@pytest.mark.parametrize(
    ("size", "parts"),
    [(0, 0), (1, 1), (PART_BYTES_MAX, 1), (PART_BYTES_MAX + 1, 2), (2 * PART_BYTES_MAX, 2)],
)
def test_a_file_has_as_many_parts_as_it_fills(size: int, parts: int) -> None:
    assert contents.number_of_parts(size) == parts


async def test_a_sheet_is_not_begun_that_would_be_too_long(place: Place, asker: Asker) -> None:
    works = {JobKind.EXPORT: lambda run: ExportWork(run, KEYRING, sheet_rows_max=3)}
    ended = {}
    for table_format in TableFormat:
        job_id = await requests.start(
            company_id=place.company_id,
            asker=asker,
            table_format=table_format,
            kinds=[TableKind.METERS],
            now=NOW,
        )
        assert await work_once(works=works, clock=clock)
        ended[table_format] = await job(place.company_id, job_id)

    # Three meters and the heading.
    assert ended[TableFormat.XLSX]["error"] == "SHEET_TOO_LONG"
    assert ended[TableFormat.XLSX]["file_id"] is None
    assert ended[TableFormat.CSV]["state"] == "SUCCEEDED"


@pytest.mark.parametrize("table_format", TableFormat)
def test_a_file_says_while_it_is_written_that_it_is_too_large(table_format: TableFormat) -> None:
    column = Column(name="text", meaning="", example="")
    tables = tables_of(table_format, ZoneInfo("UTC"), bytes_max=10_000)
    tables.begin("texts", [column])
    tables.write([{"text": "short"}])
    was_too_large = tables.is_too_large

    tables.write([{"text": random.Random(n).randbytes(100).hex()} for n in range(2_000)])  # noqa: S311 - what does not pack
    is_too_large = tables.is_too_large
    tables.close()

    assert (was_too_large, is_too_large) == (False, True)
