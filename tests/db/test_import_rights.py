"""Who imports what, and where."""

from typing import Any

import pytest

from db.enums import Scope
from domain.hierarchy import branches, fields
from domain.identity.passwords import Passwords
from domain.longwork.jobs import Asker
from tests.db.device_tables import COLLECTORS, METERS, serials
from tests.factories import Place, make_place
from tests.imports import faults, fetch, imported, make_asker, workbook


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


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
