"""Readings past their company's retention go."""

import asyncio

import pytest

from db import access
from db.enums import ValidationRule
from db.ids import MeterId
from db.settings import Urls
from domain.companies import settings
from domain.readings import exceptions, forgetting
from domain.readings.forgetting import Forgotten
from tests.db.kept_readings import (
    DAY,
    HOUR,
    KEPT,
    OLD,
    days_there,
    kept_indexes,
    make_days,
    place_keeping,
    store,
    stored,
)
from tests.db.rows import fetch
from tests.factories import NOW, make_read, make_register_set

pytestmark = pytest.mark.usefixtures("connected")


async def test_only_what_a_company_no_longer_keeps_goes(database: Urls) -> None:
    await make_days(database, OLD, KEPT)
    short, long = await place_keeping(365), await place_keeping(3_650)
    for place in (short, long):
        registers = await make_register_set(place.company_id)
        await store(make_read(place, registers, OLD - HOUR, 1_000))
        await store(make_read(place, registers, OLD, 2_000))
        await store(make_read(place, registers, KEPT, 3_000))

    forgotten = await forgetting.forget(now=NOW)

    assert forgotten == Forgotten(readings=2, reviewed=0, days=0)
    assert await stored(short) == [KEPT]
    assert await stored(long) == [OLD - HOUR, OLD, KEPT]
    assert await kept_indexes(short) == [(OLD, 2_000)]
    assert await kept_indexes(long) == []
    assert await days_there() == [OLD.date()]


async def test_forgetting_again_or_twice_at_once_changes_nothing_more(database: Urls) -> None:
    await make_days(database, OLD)
    short, long = await place_keeping(365), await place_keeping(3_650)
    for place in (short, long):
        registers = await make_register_set(place.company_id)
        await store(make_read(place, registers, OLD, 2_000))

    both = await asyncio.gather(forgetting.forget(now=NOW), forgetting.forget(now=NOW))
    again = await forgetting.forget(now=NOW)

    assert sum(one.readings for one in both) == 1
    assert again == Forgotten()
    assert await kept_indexes(short) == [(OLD, 2_000)]


async def test_a_day_that_nobody_keeps_is_dropped_whole(database: Urls) -> None:
    await make_days(database, OLD, KEPT)
    places = [await place_keeping(365), await place_keeping(365)]
    for place in places:
        registers = await make_register_set(place.company_id)
        await store(make_read(place, registers, OLD, 2_000))
        await store(make_read(place, registers, KEPT, 3_000))

    forgotten = await forgetting.forget(now=NOW)

    assert forgotten == Forgotten(readings=0, reviewed=0, days=1)
    assert await days_there() == []
    for place in places:
        assert await stored(place) == [KEPT]
        assert await kept_indexes(place) == [(OLD, 2_000)]


async def test_who_has_nothing_of_a_day_does_not_keep_it(database: Urls) -> None:
    await make_days(database, OLD)
    short = await place_keeping(365)
    await place_keeping(3_650)
    await store(make_read(short, await make_register_set(short.company_id), OLD, 2_000))

    forgotten = await forgetting.forget(now=NOW)

    assert forgotten == Forgotten(readings=1, reviewed=0, days=1)
    assert await days_there() == []


async def test_many_meters_take_several_calls(database: Urls) -> None:
    await make_days(database, OLD)
    short = await place_keeping(365, meters=0)
    await place_keeping(3_650)
    registers = await make_register_set(short.company_id)
    meters_count = 2 * forgetting.METERS_DELETED_MAX + 1
    await fetch(
        "with m as (insert into meter (company_id, rf_module_id, serial, register_digits,"
        " power_w_max, clock_rule) select $1, $2, 'S' || n, 6, 1, 'UTC'"
        " from generate_series(1, $5::int) n returning id)"
        " insert into reading (company_id, meter_id, register_set_id, ts, index_wh, quality,"
        " time_source, received_at, frame_id, values)"
        " select $1, id, $3, $4::timestamptz, id, 'ACTUAL', 'METER', $4, 1, array[id] from m",
        short.company_id,
        short.rf_module_id,
        registers,
        OLD,
        meters_count,
    )

    # Two chunks keep the indexes, and one is left for deleting.
    calls = [await forgetting.forget(now=NOW, chunks_max=3) for _ in range(4)]

    assert [call.readings for call in calls] == [100, 101, 0, 0]
    assert [call.days for call in calls] == [0, 1, 0, 0]
    assert len(await kept_indexes(short)) == meters_count


async def test_the_owner_drops_no_day_that_is_still_needed(database: Urls) -> None:
    await make_days(database, OLD, KEPT)
    place = await place_keeping(365)
    registers = await make_register_set(place.company_id)
    await store(make_read(place, registers, OLD, 2_000))
    await store(make_read(place, registers, KEPT, 3_000))

    not_kept_yet = await fetch("select drop_readings($1, $2)", OLD.date(), NOW)
    await forgetting.forget(now=NOW - DAY)
    too_young = await fetch("select drop_readings($1, $2)", KEPT.date(), NOW)
    empty_but_young = await fetch("select drop_readings($1, $2)", NOW.date(), NOW)
    never_there = await fetch("select drop_readings($1, $2)", OLD.date() - 9 * DAY, NOW)

    assert [not_kept_yet, too_young, empty_but_young, never_there] == [[(False,)]] * 4
    assert await stored(place) == [OLD, KEPT]


async def test_a_longer_retention_saves_what_is_there_still(database: Urls) -> None:
    await make_days(database, OLD)
    place = await place_keeping(365)
    await store(make_read(place, await make_register_set(place.company_id), OLD, 2_000))
    await settings.update(
        company_id=place.company_id,
        expected_version=2,
        changes={"reading_retention_days": 366},
    )

    assert await forgetting.forget(now=NOW) == Forgotten()

    assert await stored(place) == [OLD]


async def test_readings_that_wait_for_a_decision_are_as_old_as_their_receipt() -> None:
    place = await place_keeping(365)
    registers = await make_register_set(place.company_id)
    received = (NOW - 365 * DAY - HOUR, NOW - 365 * DAY + HOUR)
    waiting = [
        make_read(place, registers, NOW - 9_000 * DAY, n, received_at=at)
        for n, at in enumerate(received)
    ]
    async with access.system() as connection:
        await exceptions.hold(connection, [(read, ValidationRule.TOO_OLD) for read in waiting])
        await exceptions.keep_conflicts(connection, waiting)

    forgotten = await forgetting.forget(now=NOW)

    assert forgotten == Forgotten(readings=0, reviewed=2, days=0)
    for table in ("held_reading", "reading_conflict"):
        assert await fetch(f"select received_at from {table}") == [(received[1],)]


async def test_an_index_in_another_register_set_is_not_kept_twice(database: Urls) -> None:
    await make_days(database, OLD)
    place = await place_keeping(365)
    registers = await make_register_set(place.company_id)
    full = await make_register_set(place.company_id, ("1.8.0", "5.8.0"))
    await store(
        make_read(place, registers, OLD - HOUR, 1_000),
        make_read(place, full, OLD, 2_000, values=[2_000, 7]),
        make_read(place, registers, OLD, 2_000),
        make_read(place, await make_register_set(place.company_id, ("32.7.0",)), OLD + HOUR, None),
    )

    await forgetting.forget(now=NOW)

    meter_id: MeterId = place.supplies[0].meter_id
    assert await fetch("select meter_id, at, index_wh from kept_index") == [(meter_id, OLD, 2_000)]
