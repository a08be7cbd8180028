"""As many meters as nobody would type in: a workbook by GraphQL, judged, mended and imported."""

from typing import Any

import pytest

from db.enums import Role
from domain.imports.work import CHUNK_ITEMS
from domain.longwork.running import claim
from tests.api.files.sending import announced
from tests.api.web import User, Web
from tests.factories import Place, make_place
from tests.imports import WORKS, clock, fetch, workbook
from workers.long_jobs import work_once

METERS = 5_000
MODULES = 200
FAULTY = 4_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

START = """
mutation ($input: StartImportInput!) {
  startImport(input: $input) { job { id } userErrors { code } }
}
"""
JOB = """
query ($id: ID!) {
  job(id: $id) {
    state progress { done total } counts { kind created updated unchanged }
    errors { nodes { sheet row column code } }
  }
}
"""


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


def devices(place: Place, *, clock_rule: str) -> bytes:
    """Return a workbook of RF modules and meters; clock_rule: of one meter among them."""
    modules = [
        ("collector_flag", "collector_serial", "serial", "frequency"),
        *(("WTL", place.collector_serial, f"RF-{n:03}", "MHZ_868") for n in range(MODULES)),
    ]
    meters = [
        ("rf_module", "serial", "clock_rule"),
        *((f"RF-{n % MODULES:03}", f"{n:08}", "+03:00") for n in range(METERS)),
    ]
    # The first row is the header.
    meters[FAULTY - 1] = (*meters[FAULTY - 1][:2], clock_rule)
    return workbook(rf_modules=modules, meters=meters)


async def started(web: Web, user: User, content: bytes, *, dry_run: bool) -> str:
    upload = await announced(web, user, content, fileName="all.xlsx", mimeType=XLSX)
    await web.http.put(upload["putUrl"], content=content)
    asked = {"uploadId": upload["id"], "dryRun": dry_run}
    answer = await web.ask(START, user, input=asked)
    return str(answer.data["startImport"]["job"]["id"])


async def steps(web: Web, user: User, job_id: str) -> list[dict[str, Any]]:
    """Do the job to its end, and return what its asker sees after each step."""
    run = await claim(now=clock())
    assert run is not None
    work, seen = WORKS[run.kind](run), []
    try:
        goes_on = True
        while goes_on:
            goes_on = await work.step(now=clock())
            seen.append((await web.ask(JOB, user, id=job_id)).data["job"])
    finally:
        await work.close()
    return seen


async def test_nobody_types_in_five_thousand_meters(web: Web, place: Place, operator: User) -> None:
    faulty = await started(web, operator, devices(place, clock_rule="noon"), dry_run=True)
    await work_once(works=WORKS, clock=clock)
    judged = (await web.ask(JOB, operator, id=faulty)).data["job"]
    before = await fetch(place.company_id, "select serial from meter")

    mended = await started(web, operator, devices(place, clock_rule="+03:00"), dry_run=False)
    seen = await steps(web, operator, mended)

    assert judged["state"] == "FAILED"
    assert judged["errors"]["nodes"] == [
        {"sheet": "meters", "row": FAULTY, "column": "clock_rule", "code": "INVALID_VALUE"}
    ]
    assert before == []
    objects = METERS + MODULES
    assert [one["progress"] for one in seen[:-1]] == [
        {"done": done, "total": objects} for done in range(0, objects + 1, CHUNK_ITEMS)
    ]
    assert seen[-1] == {
        "state": "SUCCEEDED",
        "progress": {"done": objects, "total": objects},
        "counts": [
            {"kind": "RF_MODULES", "created": MODULES, "updated": 0, "unchanged": 0},
            {"kind": "METERS", "created": METERS, "updated": 0, "unchanged": 0},
        ],
        "errors": {"nodes": []},
    }
    (stored,) = await fetch(place.company_id, "select count(distinct serial) as n from meter")
    assert stored["n"] == METERS
