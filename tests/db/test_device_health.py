"""How collectors and RF modules do, and the records that are kept of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from db import access
from db.enums import Health
from domain import listing
from domain.collectors import operations as collectors
from domain.companies import settings
from domain.hierarchy import health, synchronisations
from domain.hierarchy.queries import COLLECTORS, RF_MODULES
from domain.listing import Wall, Window
from tests.factories import NOW, TOKEN, Place, make_place
from tests.health_cases import CASES

pytestmark = pytest.mark.usefixtures("connected")

PERIOD = timedelta(seconds=900)
HOUR = timedelta(hours=1)


def wall(place: Place, now: datetime = NOW) -> Wall:
    return Wall(lambda _: "true", {"company": place.company_id, "now": now})


async def execute(query: str, *values: object) -> None:
    async with access.system() as connection:
        await connection.execute(query, *values)


async def heard(place: Place, at: datetime | None) -> None:
    """Let the place's meters and collector have been heard last at some time."""
    await execute("delete from meter_latest where company_id = $1", place.company_id)
    await execute(
        "update collector set last_contact_at = $2 where company_id = $1", place.company_id, at
    )
    if at is not None:
        await execute(
            "insert into meter_latest (company_id, meter_id, register_set_id, ts, batch, values)"
            " select company_id, id, 1, $2, 1, '{1}' from meter where company_id = $1",
            place.company_id,
            at,
        )


async def records(place: Place) -> list[tuple[Any, ...]]:
    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(
            "select case when collector_id is null then 'rf_module' else 'collector' end, at,"
            " kind, outcome, deviation_ms from synchronisation where company_id = $1"
            " order by at, id",
            place.company_id,
        )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(("periods", "expected", "failing", "expects_news"), CASES)
async def test_rows_are_judged_as_the_rule_says(
    periods: float | None, expected: Health, failing: bool, expects_news: bool
) -> None:
    place = await make_place(meters=1 if expects_news else 0)
    await heard(place, None if periods is None else NOW - periods * PERIOD)
    outcome = "FAILED" if failing else "SUCCEEDED"
    for table in ("rf_module", "collector"):
        query = f"update {table} set synchronisation_outcome = $2 where company_id = $1"
        await execute(query, place.company_id, outcome)

    async with access.tenant(place.company_id) as connection:
        found = await health.by_field(connection, [place.field_id], wall=wall(place))
        listed = {
            (rows.table, state)
            for state in Health
            for rows in (RF_MODULES, COLLECTORS)
            for _ in (
                await listing.page(
                    connection,
                    rows,
                    window=Window(10),
                    wall=health.in_states(wall(place), [state]),
                )
            ).rows
        }

    assert found[place.field_id].rf_modules == {expected: 1}
    assert found[place.field_id].collectors == {expected: 1}
    assert listed == {("rf_module", expected), ("collector", expected)}


async def test_retired_devices_are_not_judged() -> None:
    place = await make_place(meters=0)
    for table in ("rf_module", "collector"):
        query = f"update {table} set active = false where company_id = $1"
        await execute(query, place.company_id)

    async with access.tenant(place.company_id) as connection:
        found = await health.by_field(connection, [place.field_id], wall=wall(place))

    assert (found[place.field_id].rf_modules, found[place.field_id].collectors) == ({}, {})


async def test_silence_and_its_end_are_recorded_once() -> None:
    place = await make_place()
    await heard(place, NOW - 4 * PERIOD)
    later = NOW + timedelta(minutes=5)

    first = await synchronisations.note_silences(now=NOW)
    again = await synchronisations.note_silences(now=NOW)
    await heard(place, later)
    ended = await synchronisations.note_silences(now=later)

    assert (first, again, ended) == (2, 0, 2)
    assert sorted(await records(place)) == [
        ("collector", NOW, "CONTACT", "FAILED", None),
        ("collector", later, "CONTACT", "SUCCEEDED", None),
        ("rf_module", NOW, "CONTACT", "FAILED", None),
        ("rf_module", later, "CONTACT", "SUCCEEDED", None),
    ]


async def test_a_silent_device_says_since_when() -> None:
    place = await make_place()
    await heard(place, NOW - 4 * PERIOD)

    await synchronisations.note_silences(now=NOW)

    async with access.tenant(place.company_id) as connection:
        query = "select silent_since from rf_module where company_id = $1"
        assert await connection.fetchval(query, place.company_id) == NOW - 4 * PERIOD


async def clock(place: Place, off_s: int, now: datetime) -> bool:
    return await synchronisations.note_clock(
        company_id=place.company_id,
        collector_id=place.collector_id,
        device_at=now + timedelta(seconds=off_s),
        now=now,
    )


async def test_a_clock_is_recorded_when_it_goes_wrong_and_else_once_an_hour() -> None:
    place = await make_place(meters=0)
    minute = timedelta(minutes=1)

    noted = [
        await clock(place, 2, NOW),
        await clock(place, 3, NOW + minute),
        await clock(place, 301, NOW + 2 * minute),
        await clock(place, 302, NOW + 3 * minute),
        await clock(place, 303, NOW + 62 * minute),
    ]

    assert noted == [True, False, True, False, True]
    assert [(at, outcome, off_ms) for _, at, _, outcome, off_ms in await records(place)] == [
        (NOW, "SUCCEEDED", 2_000),
        (NOW + 2 * minute, "FAILED", 301_000),
        (NOW + 62 * minute, "FAILED", 303_000),
    ]


async def test_a_clock_without_offset_shows_the_collectors_zone() -> None:
    place = await make_place(meters=0)
    istanbul = (NOW + timedelta(hours=3)).replace(tzinfo=None)

    await synchronisations.note_clock(
        company_id=place.company_id,
        collector_id=place.collector_id,
        device_at=istanbul,
        now=NOW,
    )

    assert [record[-1] for record in await records(place)] == [0]


async def told(place: Place, now: datetime, **facts: object) -> None:
    await collectors.identify(
        flag="WTL",
        serial=place.collector_serial,
        token=TOKEN,
        facts=facts,
        tokenless_allowed=False,
        now=now,
    )


async def parameters(place: Place) -> list[tuple[Any, ...]]:
    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(
            "select collector_id, at, kind, outcome, detail from synchronisation"
            " where company_id = $1 order by at, id",
            place.company_id,
        )
    assert {(row["collector_id"], row["kind"]) for row in rows} <= {
        (place.collector_id, "PARAMETERS")
    }
    return [(row["at"], row["outcome"], row["detail"]) for row in rows]


async def test_parameters_are_recorded_when_they_are_news() -> None:
    place = await make_place(meters=0)

    await told(place, NOW, firmware="1.01", timezone="+03:00", signal=13)
    await told(place, NOW + HOUR, firmware="1.01", timezone="+03:00", signal=9)
    await told(place, NOW + 2 * HOUR, firmware="1.02", timezone="+03:00")
    await told(place, NOW + 3 * HOUR, firmware="1.02", timezone="+02:00")
    await told(place, NOW + 4 * HOUR, firmware="1.01", timezone="+03:00")

    assert await parameters(place) == [
        (NOW, "SUCCEEDED", "software 1.01, UTC offset +03:00"),
        (NOW + 2 * HOUR, "SUCCEEDED", "software 1.02, UTC offset +03:00"),
        (NOW + 3 * HOUR, "FAILED", "software 1.02, UTC offset +02:00"),
        (NOW + 4 * HOUR, "SUCCEEDED", "software 1.01, UTC offset +03:00"),
    ]
    async with access.tenant(place.company_id) as connection:
        query = "select software_version from collector where company_id = $1"
        assert await connection.fetchval(query, place.company_id) == "1.01"


async def test_a_collector_that_tells_no_parameters_leaves_no_record() -> None:
    place = await make_place(meters=0)

    await told(place, NOW, signal=13, firmware=7)

    assert await parameters(place) == []


async def test_records_are_forgotten_after_the_companys_time() -> None:
    usual, short = await make_place(meters=0), await make_place(meters=0)
    days = {"synchronisation_retention_days": 30}
    await settings.update(company_id=short.company_id, expected_version=1, changes=days)
    for place in (usual, short):
        await clock(place, 0, NOW)
        await clock(place, 0, NOW + timedelta(days=1))

    first = await synchronisations.forget(now=NOW + timedelta(days=30, hours=1))
    second = await synchronisations.forget(now=NOW + timedelta(days=365, hours=1))

    assert (first, second) == (1, 2)
    assert [record[1] for record in await records(usual)] == [NOW + timedelta(days=1)]
    assert await records(short) == []


async def test_more_records_than_a_chunk_are_forgotten_at_once() -> None:
    place = await make_place(meters=0)
    await execute(
        "insert into synchronisation (company_id, collector_id, at, kind, outcome)"
        " select $1, $2, $3, 'CLOCK', 'SUCCEEDED' from generate_series(1, $4::int)",
        place.company_id,
        place.collector_id,
        NOW,
        synchronisations.FORGOTTEN_MAX + 1,
    )

    forgotten = await synchronisations.forget(now=NOW + timedelta(days=366))

    assert forgotten == synchronisations.FORGOTTEN_MAX + 1
    assert await records(place) == []


async def test_ten_thousand_rf_modules_are_judged_by_indexes() -> None:
    place = await make_place(meters=0)
    # Every row has its daily entry, and transactions end within five seconds.
    for first in range(0, 10_000, 2_000):
        await execute(
            "with r as (insert into rf_module (company_id, collector_id, serial, frequency)"
            " select $1, $2, 'S' || ($3 + n), 'MHZ_868' from generate_series(1, 2000) n"
            " returning id, serial) insert into meter (company_id, rf_module_id, serial,"
            " register_digits, power_w_max, clock_rule)"
            " select $1, id, serial, 6, 1, 'UTC' from r",
            place.company_id,
            place.collector_id,
            first,
        )
    await heard(place, NOW)
    await execute("analyze meter")
    await execute("analyze meter_latest")
    text, arguments = listing.bound(health.COUNTS, {**wall(place).values, "ids": [place.field_id]})

    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(f"explain (analyze, timing off) {text}", *arguments)
        found = await health.by_field(connection, [place.field_id], wall=wall(place))

    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on meter_latest" not in plan, plan
    assert found[place.field_id].rf_modules == {Health.HEALTHY: 10_001}
