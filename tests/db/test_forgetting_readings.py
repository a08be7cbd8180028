"""Readings past their company's retention go, and no money changes by it."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from db import access
from db.enums import ValidationRule
from db.ids import MeterId
from db.settings import Urls
from domain.companies import settings
from domain.ledger.queries import balance_of, verify
from domain.readings import exceptions, forgetting
from domain.readings import operations as readings
from domain.readings.batch import Read
from domain.readings.forgetting import Forgotten
from domain.tariffs import operations as tariffs
from tests.db.rows import fetch
from tests.factories import NOW, Place, account_of, make_place, make_read, make_register_set

pytestmark = pytest.mark.usefixtures("connected")

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OPENED_AT = NOW - 430 * DAY
# At noon, 365 days back, is the first day of which a company that keeps a year keeps anything.
OLD = NOW - 366 * DAY
KEPT = NOW - 365 * DAY


async def make_days(database: Urls, *days: datetime) -> None:
    owner = await asyncpg.connect(database.owner)
    for day in days:
        await owner.execute("select ensure_partitions($1, 0, 0)", day)
    await owner.close()


async def place_keeping(days: int, *, meters: int = 1) -> Place:
    place = await make_place(meters=meters, price=Decimal(2), opened_at=OPENED_AT)
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"reading_retention_days": days},
    )
    return place


async def store(*reads: Read, now: datetime | None = None) -> readings.Stored:
    async with access.system() as connection:
        return await readings.store(
            connection, reads, now=now or max(read.at for read in reads) + HOUR
        )


async def stored(place: Place) -> list[datetime]:
    rows = await fetch("select ts from reading where company_id = $1 order by 1", place.company_id)
    return [at for (at,) in rows]


async def days_there() -> list[date]:
    rows = await fetch(f"select day from ({forgetting.DAYS}) d where day < $1 order by 1", KEPT)
    return [day for (day,) in rows]


async def kept_indexes(place: Place) -> list[tuple[datetime, int]]:
    found: list[Any] = await fetch(
        "select at, index_wh from kept_index where company_id = $1 order by meter_id",
        place.company_id,
    )
    return found


async def charges(place: Place) -> Sequence[tuple[Any, ...]]:
    return await fetch(
        "select local_date, charged_micro from accrual where company_id = $1 order by 1",
        place.company_id,
    )


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


async def price_change(place: Place, at: datetime) -> None:
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(3),
        valid_from=at,
        now=at - HOUR,
    )


@pytest.mark.parametrize(
    "dropped", [pytest.param(True, id="dropped whole"), pytest.param(False, id="deleted")]
)
async def test_a_late_reading_is_charged_as_if_nothing_had_been_forgotten(
    database: Urls, dropped: bool
) -> None:
    first, last = NOW - 420 * DAY, NOW - 419 * DAY
    late, newest = NOW - 80 * DAY, NOW - DAY
    await make_days(database, first, last, late)
    place = await place_keeping(365)
    if not dropped:
        await place_keeping(3_650)
    registers = await make_register_set(place.company_id)
    await store(make_read(place, registers, first, 1_000))
    await store(make_read(place, registers, last, 5_000))
    await price_change(place, NOW - 100 * DAY)
    reads = [make_read(place, registers, newest, 25_000), make_read(place, registers, late, 20_000)]

    forgotten = await forgetting.forget(now=NOW)
    for read in reads:
        await store(read, now=NOW)

    assert (forgotten.readings, forgotten.days) == ((0, 2) if dropped else (2, 2))
    assert await stored(place) == [late, newest]
    # 15 kWh in 339 days, of which the first 319 are at the old price: 14,115 Wh; then 5,885 Wh.
    assert await charges(place) == [
        (first.date(), 2_000_000),
        (last.date(), 8_000_000),
        ((NOW - 100 * DAY).date(), 28_230_000),
        (late.date(), 2_655_000),
        (newest.date(), 15_000_000),
    ]
    account_id = account_of(place)
    balance = await balance_of(company_id=place.company_id, account_id=account_id)
    assert balance == Decimal("-55.885000")
    assert await verify() == []


async def test_a_late_reading_is_charged_alike_beside_one_who_keeps_everything(
    database: Urls,
) -> None:
    told = [(-400, 4_000), (-399, 4_500), (-395, 9_000)]
    late = [(-2, 60_000), (-85, 30_000), (-40, 48_000)]
    await make_days(database, *(NOW + day * DAY for day, _ in (*told, *late)))
    places = short, long = await place_keeping(365), await place_keeping(3_650)
    registers = {place.company_id: await make_register_set(place.company_id) for place in places}
    for place in places:
        for day, index_wh in told:
            read = make_read(place, registers[place.company_id], NOW + day * DAY, index_wh)
            await store(read)
        await price_change(place, NOW - 200 * DAY)
        await price_change(place, NOW - 60 * DAY)

    await forgetting.forget(now=NOW)
    for place in places:
        for day, index_wh in late:
            read = make_read(place, registers[place.company_id], NOW + day * DAY, index_wh)
            await store(read, now=NOW)

    assert (len(await stored(short)), len(await stored(long))) == (3, 6)
    assert await charges(short) == await charges(long)
    assert sum(amount for _, amount in await charges(short)) > 120_000_000


async def test_what_was_forgotten_is_held_when_it_comes_again(database: Urls) -> None:
    await make_days(database, OLD)
    place = await place_keeping(365)
    read = make_read(place, await make_register_set(place.company_id), OLD, 2_000)
    await store(read)
    before = await charges(place)
    await forgetting.forget(now=NOW)

    again = await store(read, now=NOW)

    assert again == readings.Stored(new=0, known=0, held=1, conflicting=0)
    assert await charges(place) == before == [(OLD.date(), 4_000_000)]
    assert await stored(place) == []


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
