"""Imports make and change what a file describes, in pieces."""

from collections.abc import Mapping
from typing import Any

import pytest

from db.enums import ImportMode
from domain.longwork.jobs import Asker
from tests.db.device_tables import COLLECTORS, DEVICES, METERS, csv, serials
from tests.factories import Place, make_place
from tests.imports import faults, fetch, imported, workbook


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


def counts_of(job: Mapping[str, Any], what: str) -> list[int]:
    return [job["result"]["counts"][kind][what] for kind in DEVICES]


async def test_devices_are_made_with_what_they_belong_to(place: Place, asker: Asker) -> None:
    job = await imported(place.company_id, asker, workbook(**DEVICES))

    assert (job["state"], job["error"], job["done"], job["total"]) == ("SUCCEEDED", None, 5, 5)
    assert job["result"]["counts"] == {
        "collectors": {"created": 1, "updated": 0, "unchanged": 0},
        "rf_modules": {"created": 2, "updated": 0, "unchanged": 0},
        "meters": {"created": 2, "updated": 0, "unchanged": 0},
    }
    found = await fetch(
        place.company_id,
        "select m.serial, m.make, m.clock_rule, m.relay, m.register_digits, r.serial as rf_module,"
        " r.frequency, c.serial as collector, c.port from meter m"
        " join rf_module r on r.id = m.rf_module_id join collector c on c.id = r.collector_id"
        " order by m.serial",
    )
    assert [tuple(row) for row in found] == [
        ("12345678", "KLM", "+03:00", "INTERNAL", 6, "RF-A", "MHZ_868", "0001", 1234),
        ("12345679", None, "Europe/Istanbul", "NONE", 6, "RF-B", "MHZ_2400", "0001", 1234),
    ]


async def test_the_changes_are_the_jobs_for_who_asked(place: Place, asker: Asker) -> None:
    await imported(place.company_id, asker, workbook(**DEVICES))

    entries = await fetch(
        place.company_id,
        "select distinct actor_kind, actor_name, user_id, role from daily_entry"
        " where object_type in ('Meter', 'RfModule') and object_id <> all (array["
        f" {place.rf_module_id}])",
    )
    assert [tuple(row) for row in entries] == [("JOB", "import", asker.user_id, "ADMINISTRATOR")]


@pytest.mark.parametrize("mode", ImportMode)
async def test_the_same_file_again_changes_nothing(
    place: Place, asker: Asker, mode: ImportMode
) -> None:
    await imported(place.company_id, asker, workbook(**DEVICES), mode=mode)
    entries = "select count(*) from daily_entry where object_type not in ('File', 'Job')"
    before = await fetch(place.company_id, entries)

    job = await imported(place.company_id, asker, workbook(**DEVICES), mode=mode)

    assert job["state"] == "SUCCEEDED"
    assert counts_of(job, "unchanged") == [1, 2, 2]
    assert await fetch(place.company_id, entries) == before


async def test_a_dry_run_says_what_would_be_and_writes_nothing(place: Place, asker: Asker) -> None:
    entries = "select count(*) from daily_entry where object_type not in ('File', 'Job')"
    before = await fetch(place.company_id, entries)

    job = await imported(place.company_id, asker, workbook(**DEVICES), dry_run=True)

    assert (job["state"], job["done"]) == ("SUCCEEDED", 0)
    assert counts_of(job, "created") == [1, 2, 2]
    assert await serials(place.company_id) == []
    assert await fetch(place.company_id, entries) == before


async def test_headings_may_be_written_as_people_do(place: Place, asker: Asker) -> None:
    modules = [("Collector Flag", " COLLECTOR-SERIAL", "Serial"), ("WTL", "0001", "RF-A")]

    headed: dict[str, Any] = {"Collectors": COLLECTORS, "RF Modules": modules}

    job = await imported(place.company_id, asker, workbook(**headed))

    assert job["state"] == "SUCCEEDED"
    assert "RF-A" in await serials(place.company_id, "rf_module")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";"])
async def test_csv_of_either_kind_is_read(
    place: Place, asker: Asker, mark: bytes, delimiter: str
) -> None:
    (rf_module,) = await serials(place.company_id, "rf_module")
    header = ["rf_module", "serial", "make", "clock_rule"]
    row = [rf_module, "00012", '"Işık; ""Ölçü"", A.Ş."', "+03:00"]

    job = await imported(
        place.company_id,
        asker,
        mark + csv(delimiter.join(header), "", delimiter.join(row)),
        kind="meters",
    )

    assert job["state"] == "SUCCEEDED"
    (meter,) = await fetch(place.company_id, "select serial, make from meter")
    assert tuple(meter) == ("00012", 'Işık; "Ölçü", A.Ş.')


async def test_a_change_needs_the_mode_for_it(place: Place, asker: Asker) -> None:
    await imported(place.company_id, asker, workbook(**DEVICES))
    meters = [METERS[0], ("RF-A", "12345678", None, "+03:00", None)]

    refused = await imported(place.company_id, asker, workbook(meters=meters))
    changed = await imported(
        place.company_id, asker, workbook(meters=meters), mode=ImportMode.CREATE_OR_UPDATE
    )

    assert refused["error"] == "FAULTY_FILE"
    assert await faults(place.company_id) == [("meters", 2, "make", "ALREADY_EXISTS")]
    assert changed["result"]["counts"]["meters"] == {"created": 0, "updated": 1, "unchanged": 0}
    # An empty cell says that there is no make; that there is no relay, it cannot say.
    (meter,) = await fetch(
        place.company_id, "select make, relay, version from meter where serial = '12345678'"
    )
    assert tuple(meter) == (None, "INTERNAL", 2)


async def test_an_import_moves_nothing(place: Place, asker: Asker) -> None:
    await imported(place.company_id, asker, workbook(**DEVICES))
    meters = [METERS[0], ("RF-B", "12345678", "KLM", "+03:00", "INTERNAL")]

    await imported(
        place.company_id, asker, workbook(meters=meters), mode=ImportMode.CREATE_OR_UPDATE
    )

    assert await faults(place.company_id) == [("meters", 2, "rf_module", "CANNOT_CHANGE")]
