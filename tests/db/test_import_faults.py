"""What is wrong with a file is named, each fault by its row and column, and keeps all of it out."""

from typing import Any

import pytest

from db import access
from domain.imports.work import ImportWork
from domain.longwork.failures import JobFailed
from domain.longwork.jobs import Asker
from domain.longwork.running import claim
from tests.db.device_tables import DEVICES, METERS, csv, serials
from tests.factories import KEYRING, NOW, Place, make_place
from tests.imports import faults, imported, job, queued, workbook


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_one_fault_keeps_all_out_and_is_named(
    place: Place, asker: Asker, dry_run: bool
) -> None:
    meters = [*METERS, ("RF-X", "12345670", "KLM", "+03:00", "INTERNAL")]

    job = await imported(
        place.company_id, asker, workbook(**{**DEVICES, "meters": meters}), dry_run=dry_run
    )

    assert (job["state"], job["error"], job["error_count"]) == ("FAILED", "FAULTY_FILE", 1)
    assert await faults(place.company_id) == [("meters", 4, "rf_module", "UNKNOWN_PARENT")]
    assert await serials(place.company_id) == []
    assert await serials(place.company_id, "collector") == [place.collector_serial]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        pytest.param(("RF-A", None, "K", "+03:00", None), "serial", "REQUIRED", id="no serial"),
        pytest.param(("RF-A", "1", "K", None, None), "clock_rule", "REQUIRED", id="no clock"),
        pytest.param((None, "1", "K", "UTC", None), "rf_module", "REQUIRED", id="no parent"),
        pytest.param(("RF-A", "1", "K", "+99:00", None), "clock_rule", "INVALID_VALUE", id="clock"),
        pytest.param(("RF-A", "1", "K", "UTC", "MAYBE"), "relay", "INVALID_VALUE", id="word"),
        pytest.param(("RF-A", 1.5, "K", "UTC", None), "serial", "INVALID_VALUE", id="half"),
        pytest.param(("RF-A", "=1+1", "K", "UTC", None), "serial", "FORMULA", id="formula"),
        pytest.param(("RF-A", "x" * 65, "K", "UTC", None), "serial", "INVALID_VALUE", id="long"),
        pytest.param(("RF-A", "12345678", "K", "UTC", None), "serial", "DUPLICATE_ROW", id="twice"),
        pytest.param(
            ("RF-A", "1", "K", "UTC", None, None, "?"), None, "NO_COLUMN", id="beyond the header"
        ),
    ],
)
async def test_each_fault_has_its_row_and_column(
    place: Place, asker: Asker, row: tuple[Any, ...], column: str | None, code: str
) -> None:
    job = await imported(
        place.company_id, asker, workbook(**{**DEVICES, "meters": [*METERS, row]}), dry_run=True
    )

    assert job["state"] == "FAILED"
    assert await faults(place.company_id) == [("meters", 4, column, code)]


@pytest.mark.parametrize(
    ("sheets", "fault"),
    [
        pytest.param(
            {"metres": METERS}, ("metres", None, None, "UNKNOWN_SHEET"), id="unknown sheet"
        ),
        pytest.param(
            {"rf_modules": [("collector_flag", "collector_serial", "serial", "colour")]},
            ("rf_modules", 1, "colour", "UNKNOWN_COLUMN"),
            id="unknown column",
        ),
        pytest.param(
            {"rf_modules": [("collector_flag", "serial", "serial")]},
            ("rf_modules", 1, "serial", "DUPLICATE_COLUMN"),
            id="column twice",
        ),
        pytest.param(
            {"rf_modules": [("collector_flag",)]},
            ("rf_modules", 1, "serial", "MISSING_COLUMN"),
            id="no key",
        ),
    ],
)
async def test_a_wrong_heading_is_named(
    place: Place, asker: Asker, sheets: dict[str, Any], fault: tuple[Any, ...]
) -> None:
    await imported(place.company_id, asker, workbook(**sheets), dry_run=True)

    assert await faults(place.company_id) == [fault]


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        pytest.param("nickname", "nickname", id="a word"),
        pytest.param("nick\0name", "B", id="what the database cannot keep"),
        pytest.param("n" * 101, "B", id="no word any more"),
    ],
)
async def test_an_unknown_heading_is_named_as_far_as_it_is_one(
    place: Place, asker: Asker, heading: str, column: str
) -> None:
    content = csv(f"name;{heading}", "North;x")

    job = await imported(place.company_id, asker, content, kind="branches", dry_run=True)

    assert job["error"] == "FAULTY_FILE"
    assert await faults(place.company_id) == [("branches", 1, column, "UNKNOWN_COLUMN")]


async def test_a_file_without_headings_leaves_nobodys_data_in_its_faults(
    place: Place, asker: Asker
) -> None:
    content = csv("S-1;Ayşe Işık;+905550000000", "S-2;Bora;+905550000001")

    await imported(place.company_id, asker, content, kind="subscribers", dry_run=True)

    assert await faults(place.company_id) == [
        ("subscribers", 1, "A", "UNKNOWN_COLUMN"),
        ("subscribers", 1, "B", "UNKNOWN_COLUMN"),
        ("subscribers", 1, "C", "UNKNOWN_COLUMN"),
        ("subscribers", 1, "reference", "MISSING_COLUMN"),
    ]


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        pytest.param("şube".encode("cp1254"), "meters", "NOT_UTF8", id="Turkish Excel"),
        pytest.param(b'serial\n"12', "meters", "BROKEN_CSV", id="open quote"),
        pytest.param(b"serial\n12", None, "KIND_MISSING", id="whose?"),
        pytest.param(b"PK\x03\x04 and nothing", None, "BROKEN_ZIP", id="no ZIP"),
    ],
)
async def test_an_unreadable_file_is_said_to_be_so(
    place: Place, asker: Asker, content: bytes, kind: str | None, code: str
) -> None:
    job = await imported(place.company_id, asker, content, kind=kind)

    assert (job["state"], job["error"]) == ("FAILED", code)


async def test_an_rf_module_takes_no_more_meters_than_it_may(place: Place, asker: Asker) -> None:
    async with access.tenant(place.company_id) as connection:
        await connection.execute(
            "update company set max_meters_per_rf_module = 3 where id = $1", place.company_id
        )
    await imported(place.company_id, asker, workbook(**DEVICES))
    more = [METERS[0], *(("RF-A", f"9000000{n}", None, "+03:00", None) for n in range(4))]

    judged = await imported(place.company_id, asker, workbook(meters=more), dry_run=True)
    fitting = await imported(place.company_id, asker, workbook(meters=more[:3]))

    assert judged["error"] == "FAULTY_FILE"
    assert await faults(place.company_id) == [
        ("meters", 4, "rf_module", "RF_MODULE_FULL"),
        ("meters", 5, "rf_module", "RF_MODULE_FULL"),
    ]
    assert fitting["state"] == "SUCCEEDED"


async def test_what_changes_after_the_judgement_stops_the_import_at_its_row(
    place: Place, asker: Asker
) -> None:
    job_id = await queued(place.company_id, asker, workbook(**DEVICES))
    run = await claim(now=NOW)
    assert run is not None
    work = ImportWork(run, keyring=KEYRING)
    # Judged, and the collector and the RF modules are written.
    for _ in range(3):
        assert await work.step(now=NOW)
    async with access.tenant(place.company_id) as connection:
        await connection.execute("update rf_module set active = false where serial = 'RF-B'")

    with pytest.raises(JobFailed, match="STOPPED"):
        await work.step(now=NOW)

    assert await faults(place.company_id) == [("meters", 3, "rf_module", "PARENT_INACTIVE")]
    assert await serials(place.company_id) == []
    assert (await job(place.company_id, job_id))["done"] == 3
