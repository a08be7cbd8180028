"""Premises, points, mountings, subscribers and accounts come from files, and go into them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import ImportMode, Scope, TableFormat
from db.ids import CompanyId, SubscriberId
from domain.identity.passwords import Passwords
from domain.listing import Wall
from domain.longwork.jobs import Asker
from domain.subscribers import contacts
from tests.db.tables import POINTS, SUBSCRIBERS, tables
from tests.db.test_exports import exported, sheet
from tests.factories import KEYRING, Place, make_place
from tests.imports import faults, fetch, imported, make_asker, workbook


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


async def contact(company_id: CompanyId, reference: str) -> dict[str, str | None]:
    async with access.tenant(company_id) as connection:
        row_id = await connection.fetchval(
            "select id from subscriber where company_id = $1 and reference = $2",
            company_id,
            reference,
        )
        found = await contacts.read(
            connection, KEYRING, [row_id], wall=Wall(lambda _: "true", {"company": company_id})
        )
    return {name: found[SubscriberId(row_id)].field(name) for name in ("name", "email", "address")}


async def test_everything_comes_from_one_workbook(place: Place, asker: Asker) -> None:
    job = await imported(place.company_id, asker, workbook(**await tables(place)))

    assert (job["state"], job["error"]) == ("SUCCEEDED", None)
    assert {kind: one["created"] for kind, one in job["result"]["counts"].items()} == {
        "meters": 2,
        "premises": 2,
        "metering_points": 4,
        "mountings": 2,
        "subscribers": 2,
        "accounts": 2,
    }
    points = await fetch(
        place.company_id,
        "select c.code, c.role, p.code as parent from metering_point c"
        " left join metering_point p on p.id = c.parent_id order by c.code",
    )
    assert [tuple(row) for row in points] == [
        ("P0", "FEEDER", None),
        ("P1", "BILLING", "P0"),
        ("P2", "BILLING", "P0"),
        ("P3", "BILLING", None),
    ]
    states = await fetch(
        place.company_id,
        "select m.serial, b.base_index_wh, b.multiplier, a.number from billing_state b"
        " join meter m on m.id = b.meter_id join account a on a.id = b.account_id order by 1",
    )
    assert [tuple(row) for row in states] == [
        ("M1", 1_300_000, 1, "A-1"),
        ("M2", 500, 40, "A-1"),
    ]
    accounts = await fetch(
        place.company_id,
        "select number, billing_mode, warning_limit_micro, cut_off_limit_micro,"
        " reconnect_limit_micro, category from account order by 1",
    )
    assert [tuple(row) for row in accounts] == [
        ("A-1", "PREPAID", 12_500_000, -3_000_000, 1_250_000, "STREET_LIGHTING"),
        ("A-2", "POSTPAID", None, None, None, None),
    ]


async def test_what_is_kept_of_people_is_sealed(place: Place, asker: Asker) -> None:
    await imported(place.company_id, asker, workbook(subscribers=SUBSCRIBERS))

    assert await contact(place.company_id, "S-1") == {
        "name": "Ayşe Işık",
        "email": "ayse@example.com",
        "address": "Atatürk Cad. 1\nİzmir",
    }
    (row,) = await fetch(
        place.company_id,
        "select string_agg(c::text, '') as text from subscriber_contact c",
    )
    assert "Ayşe" not in row["text"]


@pytest.mark.parametrize("mode", ImportMode)
async def test_the_same_again_changes_nothing(place: Place, asker: Asker, mode: ImportMode) -> None:
    content = workbook(**await tables(place))
    await imported(place.company_id, asker, content, mode=mode)
    changes = (
        "select count(*) from daily_entry"
        " where object_type not in ('File', 'Job') and kind <> 'READ'"
    )
    before = await fetch(place.company_id, changes)

    again = await imported(place.company_id, asker, content, mode=mode)

    assert (again["state"], again["error"]) == ("SUCCEEDED", None)
    assert {kind: one["unchanged"] for kind, one in again["result"]["counts"].items()} == {
        "meters": 2,
        "premises": 2,
        "metering_points": 4,
        "mountings": 2,
        "subscribers": 2,
        "accounts": 2,
    }
    assert await fetch(place.company_id, changes) == before


async def test_what_may_change_does(place: Place, asker: Asker) -> None:
    await imported(place.company_id, asker, workbook(**await tables(place)))
    changed: dict[str, Any] = {
        "metering_points": [POINTS[0], ("North", "Mall", "Shop B", "P0", "CHECK", None)],
        "subscribers": [("reference", "email"), ("S-1", None), ("S-2", "firm@example.com")],
        "accounts": [
            ("number", "warning_limit", "cut_off_limit", "reconnect_limit"),
            ("A-1", None, "-7,5", 2),
        ],
    }

    job = await imported(
        place.company_id, asker, workbook(**changed), mode=ImportMode.CREATE_OR_UPDATE
    )

    assert (job["state"], await faults(place.company_id)) == ("SUCCEEDED", [])
    assert {kind: one["updated"] for kind, one in job["result"]["counts"].items()} == {
        "metering_points": 1,
        "subscribers": 2,
        "accounts": 1,
    }
    assert (await contact(place.company_id, "S-1"))["email"] is None
    assert (await contact(place.company_id, "S-1"))["name"] == "Ayşe Işık"
    assert (await contact(place.company_id, "S-2"))["email"] == "firm@example.com"
    rows = await fetch(
        place.company_id,
        "select role from metering_point where code = 'P0' union all"
        " select unnest(array[warning_limit_micro, cut_off_limit_micro,"
        " reconnect_limit_micro])::text from account where number = 'A-1'",
    )
    assert [row["role"] for row in rows] == ["CHECK", None, "-7500000", "2000000"]
    (asked,) = await fetch(
        place.company_id,
        "select count(*) as n from attention join account a on a.id = account_id"
        " where a.number = 'A-1'",
    )
    assert asked["n"] == 1


async def test_who_may_not_see_contacts_neither_sets_nor_exports_them(
    place: Place, asker: Asker
) -> None:
    await imported(place.company_id, asker, workbook(subscribers=SUBSCRIBERS))
    lesser = replace(asker, scopes=asker.scopes - {Scope.SUBSCRIBERS_CONTACT})
    reads = "select count(*) as n from daily_entry where kind = 'READ'"
    before = await fetch(place.company_id, reads)

    refused = await imported(place.company_id, lesser, workbook(subscribers=SUBSCRIBERS))
    _, content = await exported(place.company_id, lesser)

    assert refused["error"] == "FAULTY_FILE"
    assert {(one[2], one[3]) for one in await faults(place.company_id)} == {
        (name, "COLUMN_NOT_ALLOWED") for name in SUBSCRIBERS[0][1:]
    }
    assert sheet(content, "subscribers")[0] == ("reference",)
    assert await fetch(place.company_id, reads) == before


async def test_exporting_contacts_leaves_an_entry_for_each_person(
    place: Place, asker: Asker
) -> None:
    await imported(place.company_id, asker, workbook(subscribers=SUBSCRIBERS))

    _, content = await exported(place.company_id, asker)

    assert ("S-1", "Ayşe Işık") in [row[:2] for row in sheet(content, "subscribers")]
    read = await fetch(
        place.company_id,
        "select s.reference, e.actor_kind, e.actor_name, e.user_id from daily_entry e"
        " join subscriber s on s.id = e.object_id where e.kind = 'READ' order by 1",
    )
    assert [tuple(row) for row in read][:2] == [
        ("S-1", "JOB", "export", asker.user_id),
        ("S-2", "JOB", "export", asker.user_id),
    ]


@pytest.mark.parametrize("table_format", TableFormat)
async def test_everything_moves_to_another_company_and_back(
    place: Place, asker: Asker, passwords: Passwords, table_format: TableFormat
) -> None:
    await imported(place.company_id, asker, workbook(**await tables(place)))
    _, content = await exported(place.company_id, asker, table_format)
    async with access.system() as connection:
        # A collector is one company's.
        await connection.execute("delete from collector_identity")
    other = await make_place(meters=0)
    elsewhere = await make_asker(other.company_id, passwords)

    there = await imported(other.company_id, elsewhere, content)
    here = await imported(
        place.company_id, asker, content, mode=ImportMode.CREATE_OR_UPDATE, dry_run=True
    )

    assert (there["state"], there["error"]) == ("SUCCEEDED", None)
    assert await described(other.company_id) == await described(place.company_id)
    assert await contact(other.company_id, "S-1") == await contact(place.company_id, "S-1")
    assert await contact(other.company_id, "S-2") == await contact(place.company_id, "S-2")
    assert {(one["created"], one["updated"]) for one in here["result"]["counts"].values()} == {
        (0, 0)
    }


async def described(company_id: CompanyId) -> set[tuple[Any, ...]]:
    rows = await fetch(
        company_id,
        "select a.number, s.reference, a.billing_mode, a.warning_limit_micro,"
        " a.cut_off_limit_micro, a.reconnect_limit_micro, a.opened_at, a.category,"
        " mp.code, ap.opening_index_wh, m.serial, mo.started_at, mo.initial_index_wh,"
        " mo.multiplier, q.code from account a join subscriber s on s.id = a.subscriber_id"
        " join account_point ap on ap.account_id = a.id"
        " join metering_point mp on mp.id = ap.point_id"
        " left join metering_point q on q.id = mp.parent_id"
        " left join mounting mo on mo.point_id = mp.id left join meter m on m.id = mo.meter_id",
    )
    assert {row["multiplier"] for row in rows} == {Decimal(1), Decimal(40), None}
    return {tuple(row) for row in rows}
