"""Imports by GraphQL: a file is sent, a job is asked for, and looked at until it ends."""

import hashlib
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from api.global_ids import encode
from api.job_messages import JOB_MESSAGES
from db import access
from db.enums import Role
from domain.longwork import jobs
from tests.api.files.sending import announced
from tests.api.web import Answer, User, Web
from tests.factories import Place, make_place
from tests.imports import WORKS, clock, fetch
from workers.long_jobs import work_once

START = """
mutation ($input: StartImportInput!) {
  startImport(input: $input) { job { id state } userErrors { code path } }
}
"""
JOB = """
query ($id: ID!) {
  job(id: $id) {
    kind state progress { done total } errorCount failure { code message }
    counts { kind created updated unchanged }
    errors { totalCount nodes { sheet row column code message params { name value } } }
    download { url }
  }
}
"""
EXPORT = """
mutation ($input: StartExportInput!) {
  startExport(input: $input) { job { id } userErrors { code path } }
}
"""
DOWNLOAD = """
query ($id: ID!) { job(id: $id) { download { url fileName mimeType size sha256 } } }
"""
CANCEL = """
mutation ($input: CancelJobInput!) {
  cancelJob(input: $input) { job { state } userErrors { code } }
}
"""


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


async def rf_module(place: Place) -> str:
    (row,) = await fetch(place.company_id, "select serial from rf_module")
    return str(row["serial"])


async def sent(web: Web, user: User, content: bytes) -> str:
    upload = await announced(web, user, content)
    await web.http.put(upload["putUrl"], content=content)
    return str(upload["id"])


async def started(web: Web, user: User, content: bytes, **how: Any) -> str:
    file = {"uploadId": await sent(web, user, content), "kind": "METERS", **how}
    answer = await web.ask(START, user, input=file)
    return str(answer.data["startImport"]["job"]["id"])


async def looked_at(web: Web, user: User, job_id: str) -> Answer:
    return await web.ask(JOB, user, id=job_id)


async def test_meters_come_from_a_file(web: Web, place: Place, operator: User) -> None:
    content = f"serial;rf_module;clock_rule\n0012;{await rf_module(place)};+03:00\n".encode()
    job_id = await started(web, operator, content)
    waiting = await looked_at(web, operator, job_id)

    await work_once(works=WORKS, clock=clock)

    done = (await looked_at(web, operator, job_id)).data["job"]
    assert waiting.data["job"]["state"] == "QUEUED"
    assert (done["kind"], done["state"], done["failure"]) == ("IMPORT", "SUCCEEDED", None)
    assert done["progress"] == {"done": 1, "total": 1}
    assert done["counts"] == [{"kind": "METERS", "created": 1, "updated": 0, "unchanged": 0}]
    assert done["download"] is None
    assert [row["serial"] for row in await fetch(place.company_id, "select * from meter")] == [
        "0012"
    ]


async def test_every_fault_is_told_with_its_place(web: Web, place: Place, operator: User) -> None:
    content = b"serial;rf_module;clock_rule;color\n0012;RF-X;+03:00;\n;RF-X;+99;\n"
    job_id = await started(web, operator, content, dryRun=True)

    await work_once(works=WORKS, clock=clock)

    job = (await looked_at(web, operator, job_id)).data["job"]
    assert (job["state"], job["failure"]["code"]) == ("FAILED", "FAULTY_FILE")
    assert job["errorCount"] == job["errors"]["totalCount"] == 3
    found = [
        (one["row"], one["column"], one["code"], one["message"]) for one in job["errors"]["nodes"]
    ]
    known = "rf_module, serial, make, clock_rule, register_digits, power_w_max, relay"
    assert found == [
        (1, "color", "UNKNOWN_COLUMN", f"No such column is known; expected: {known}."),
        (
            3,
            "clock_rule",
            "INVALID_VALUE",
            "This is not valid; expected: an IANA time zone, or a fixed offset such as +03:00.",
        ),
        (
            2,
            "rf_module",
            "UNKNOWN_PARENT",
            "RF-X: there is none, neither in the company nor in this file.",
        ),
    ]
    assert job["errors"]["nodes"][2]["params"] == [
        {"name": "kind", "value": "rf_modules"},
        {"name": "value", "value": "RF-X"},
    ]
    assert await fetch(place.company_id, "select * from meter") == []


async def test_a_colleague_sees_a_job_and_neither_its_file_nor_a_way_to_stop_it(
    web: Web, place: Place, operator: User
) -> None:
    job_id = await started(web, operator, b"serial")
    colleague = await web.user(place.company_id)

    answer = await looked_at(web, colleague, job_id)
    cancelled = await web.ask(CANCEL, colleague, input={"id": job_id})

    assert answer.data["job"]["state"] == "QUEUED"
    assert cancelled.errors == [("NOT_FOUND", ["cancelJob"])]
    assert (await looked_at(web, operator, job_id)).data["job"]["state"] == "QUEUED"


async def test_who_is_confined_sees_the_own_jobs_alone(
    web: Web, place: Place, operator: User
) -> None:
    theirs = await started(web, operator, b"serial")
    confined = await web.user(place.company_id, branch_id=place.branch_id)
    own = await started(web, confined, b"serial")

    hidden = await looked_at(web, confined, theirs)
    listed = await web.ask("{ jobs { nodes { id } totalCount } }", confined)

    assert hidden.errors == [("NOT_FOUND", ["job"])]
    assert listed.data["jobs"] == {"nodes": [{"id": own}], "totalCount": 1}


async def test_an_export_is_handed_out_to_who_asked_for_it_alone(
    web: Web, place: Place, operator: User
) -> None:
    answer = await web.ask(EXPORT, operator, input={"kinds": ["BRANCHES"], "format": "CSV"})
    job_id = answer.data["startExport"]["job"]["id"]
    await work_once(works=WORKS, clock=clock)

    own = (await web.ask(DOWNLOAD, operator, id=job_id)).data["job"]["download"]
    colleagues = await web.ask(DOWNLOAD, await web.user(place.company_id), id=job_id)
    fetched = await web.http.get(own["url"])

    assert colleagues.data["job"] == {"download": None}
    assert (own["fileName"], own["mimeType"]) == ("wattledger-20260318-1200.zip", "application/zip")
    assert fetched.status_code == 200
    assert own["size"] == len(fetched.content)
    assert own["sha256"] == hashlib.sha256(fetched.content).hexdigest()
    with ZipFile(BytesIO(fetched.content)) as archive:
        assert archive.read("branches.csv").decode("utf-8-sig") == "name\r\nNorth\r\n"


async def test_a_field_is_no_way_to_its_branch(web: Web, place: Place) -> None:
    confined = await web.user(place.company_id, field_id=place.field_id)

    answer = await web.ask(EXPORT, confined, input={"branchId": encode("Branch", place.branch_id)})

    assert answer.errors == [("FORBIDDEN", ["startExport"])]
    assert await fetch(place.company_id, "select * from job") == []


async def test_a_file_is_imported_by_who_sent_it_alone(
    web: Web, place: Place, operator: User
) -> None:
    file = {"uploadId": await sent(web, operator, b"serial"), "kind": "METERS"}

    answer = await web.ask(START, await web.user(place.company_id), input=file)

    assert answer.errors == [("NOT_FOUND", ["startImport"])]
    assert await fetch(place.company_id, "select * from job") == []


async def test_a_file_that_was_not_sent_is_not_imported(
    web: Web, place: Place, operator: User
) -> None:
    upload = await announced(web, operator)

    answer = await web.ask(START, operator, input={"uploadId": upload["id"]})

    assert answer.errors == [("NOT_FOUND", ["startImport"])]


async def test_an_id_of_something_else_is_no_upload(web: Web, place: Place, operator: User) -> None:
    answer = await web.ask(START, operator, input={"uploadId": encode("Meter", 1)})

    assert answer.errors == [("BAD_USER_INPUT", ["startImport"])]


async def test_a_waiting_job_is_called_off(web: Web, place: Place, operator: User) -> None:
    job_id = await started(web, operator, b"serial")

    first = await web.ask(CANCEL, operator, input={"id": job_id})
    again = await web.ask(CANCEL, operator, input={"id": job_id})

    assert first.data["cancelJob"] == {"job": {"state": "CANCELLED"}, "userErrors": []}
    assert again.data["cancelJob"] == {"job": None, "userErrors": [{"code": "ALREADY_FINISHED"}]}
    assert not await work_once(works=WORKS, clock=clock)


async def test_a_company_has_so_many_jobs_waiting(web: Web, place: Place, operator: User) -> None:
    upload_id = await sent(web, operator, b"serial")
    for _ in range(jobs.UNFINISHED_MAX):
        await web.ask(START, operator, input={"uploadId": upload_id})

    answer = await web.ask(START, operator, input={"uploadId": upload_id})

    assert answer.data["startImport"] == {
        "job": None,
        "userErrors": [{"code": "TOO_MANY_JOBS", "path": ["input"]}],
    }
    assert len(await fetch(place.company_id, "select * from job")) == jobs.UNFINISHED_MAX


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param("update app_user set active = false where id = $1", id="disabled"),
        pytest.param("update membership set active = false where user_id = $1", id="left"),
        pytest.param("update membership set role = 'AUDITOR' where user_id = $1", id="demoted"),
        pytest.param(
            "update membership set branch_id = (select id from branch) where user_id = $1",
            id="confined",
        ),
    ],
)
async def test_who_lost_the_right_has_nothing_done(
    web: Web, place: Place, operator: User, loss: str
) -> None:
    rf_serial = await rf_module(place)
    content = f"serial;rf_module;clock_rule\n0012;{rf_serial};+03:00\n".encode()
    await started(web, operator, content)
    async with access.system() as connection:
        await connection.execute(loss, operator.id)

    await work_once(works=WORKS, clock=clock)

    (job,) = await fetch(place.company_id, "select state, error from job")
    assert tuple(job) == ("FAILED", "ASKER_GONE")
    assert await fetch(place.company_id, "select * from meter") == []


async def test_a_template_says_what_a_table_looks_like(web: Web, operator: User) -> None:
    answer = await web.ask(
        "{ importTemplate(kind: METERS) { kind csv columns { name required key example } } }",
        operator,
    )

    template = answer.data["importTemplate"]
    assert template["csv"].startswith("rf_module;serial;make;clock_rule;")
    assert template["columns"][1] == {
        "name": "serial",
        "required": True,
        "key": True,
        "example": "12345678",
    }


def test_both_languages_say_the_same() -> None:
    assert JOB_MESSAGES["tr"].keys() == JOB_MESSAGES["en"].keys()
