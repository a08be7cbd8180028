"""Imports judge a file as a whole, name what is wrong with it, and then write it in pieces."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from argon2 import PasswordHasher

from db import access
from db.enums import ImportMode, Scope
from db.ids import CompanyId
from domain.hierarchy import branches, fields
from domain.identity.passwords import Passwords
from domain.imports.work import ImportWork
from domain.longwork.failures import JobFailed
from domain.longwork.jobs import Asker
from domain.longwork.running import claim
from tests.factories import KEYRING, NOW, Place, make_place
from tests.imports import faults, fetch, imported, job, make_asker, queued, workbook

COLLECTORS = [
    ("branch", "field", "flag", "serial", "time_zone", "make", "port"),
    ("North", "Mall", "WTL", "0001", "Europe/Istanbul", "REACH", 1234),
]
RF_MODULES = [
    ("collector_flag", "collector_serial", "serial", "frequency"),
    ("WTL", "0001", "RF-A", "MHZ_868"),
    ("WTL", "0001", "RF-B", "mhz_2400"),
]
METERS = [
    ("rf_module", "serial", "make", "clock_rule", "relay"),
    ("RF-A", "12345678", "KLM", "+03:00", "INTERNAL"),
    ("RF-B", 12345679, None, "Europe/Istanbul", None),
]
DEVICES: dict[str, Any] = {"collectors": COLLECTORS, "rf_modules": RF_MODULES, "meters": METERS}


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield passwords
    passwords.close()


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def asker(place: Place, passwords: Passwords) -> Asker:
    return await make_asker(place.company_id, passwords)


async def serials(company_id: CompanyId, table: str = "meter") -> list[str]:
    rows = await fetch(company_id, f"select serial from {table} order by serial")
    return [row["serial"] for row in rows]


def counts_of(job: Mapping[str, Any], what: str) -> list[int]:
    return [job["result"]["counts"][kind][what] for kind in DEVICES]


def csv(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


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


async def test_who_is_confined_imports_below_the_own_place_alone(
    place: Place, passwords: Passwords
) -> None:
    south = await branches.create(company_id=place.company_id, name="South")
    await fields.create(company_id=place.company_id, branch_id=south, name="Port")
    asker = await make_asker(place.company_id, passwords, branch_id=south)
    there = [COLLECTORS[0], ("South", "Port", "WTL", "0002", "Europe/Istanbul", None, None)]

    refused = await imported(place.company_id, asker, workbook(collectors=COLLECTORS))
    done = await imported(place.company_id, asker, workbook(collectors=there))

    assert refused["error"] == "FAULTY_FILE"
    assert await faults(place.company_id) == [("collectors", 2, "field", "UNKNOWN_PARENT")]
    assert done["state"] == "SUCCEEDED"
    assert await serials(place.company_id, "collector") == ["0002", place.collector_serial]


async def test_who_is_confined_adds_no_branch(place: Place, passwords: Passwords) -> None:
    asker = await make_asker(place.company_id, passwords, branch_id=place.branch_id)

    job = await imported(place.company_id, asker, workbook(branches=[("name",), ("West",)]))

    assert job["error"] == "FAULTY_FILE"
    assert await faults(place.company_id) == [("branches", 2, None, "PLACE_NOT_ALLOWED")]
    assert len(await fetch(place.company_id, "select id from branch")) == 1


@pytest.mark.parametrize(
    ("missing", "fault"),
    [
        pytest.param(
            Scope.DEVICES_WRITE, ("collectors", None, None, "SHEET_NOT_ALLOWED"), id="devices"
        ),
        pytest.param(
            Scope.NETWORK_READ, ("collectors", None, "port", "COLUMN_NOT_ALLOWED"), id="addresses"
        ),
    ],
)
async def test_who_lacks_a_scope_imports_nothing_that_needs_it(
    place: Place, asker: Asker, missing: Scope, fault: tuple[Any, ...]
) -> None:
    lesser = Asker(user_id=asker.user_id, role=asker.role, scopes=asker.scopes - {missing})

    await imported(place.company_id, lesser, workbook(collectors=COLLECTORS))

    assert await faults(place.company_id) == [fault]
    assert await serials(place.company_id, "collector") == [place.collector_serial]


async def test_another_companys_file_is_not_there(
    place: Place, asker: Asker, passwords: Passwords
) -> None:
    other = await make_place(meters=0)

    job = await imported(
        other.company_id,
        await make_asker(other.company_id, passwords),
        workbook(meters=[METERS[0], ("RF-A", "1", None, "UTC", None)]),
    )

    assert job["error"] == "FAULTY_FILE"
    assert await faults(other.company_id) == [("meters", 2, "rf_module", "UNKNOWN_PARENT")]
    assert await serials(place.company_id) == []


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
