"""What becomes known while an account is looked at again is not lost."""

import asyncio
from datetime import timedelta
from typing import cast

import asyncpg

from db import access
from db.settings import Urls
from domain import rows
from domain.month_charges import due
from domain.readings import operations as readings
from domain.readings.register_sets import ids_of
from tests.db.month_charges.world import (
    CHARGED_AT,
    ENDS_AT,
    FACTORY,
    FEBRUARY,
    STARTS_AT,
    USED,
    charged,
    know,
    make_monthly,
    read,
    value,
    work,
)
from tests.factories import Place, make_read
from tests.waiting import held, others_wait

SHOWN = {
    STARTS_AT: (0, 0, 0, 40_000),
    STARTS_AT + timedelta(days=3): (100_000, 10_000, 0, 12_500),
    ENDS_AT: (1_000_000, 100_000, 0, 12_500),
}
# Maxima that come by themselves move no balance, so that nobody waits for them there.
MAXIMA = (("1.6.0", 0, "W"),)


async def work_after(stored: asyncio.Event) -> int:
    await stored.wait()
    return await work()


async def test_a_reading_that_is_being_stored_is_charged_though_its_account_was_in_the_queue(
    place: Place,
) -> None:
    await read(place, SHOWN)
    await work()
    before = await charged(place)
    await read(place, {ENDS_AT - timedelta(hours=1): (999_000, 99_000, 0, 12_500)})
    assert await value("select count(*) from month_due") == 1
    stored = asyncio.Event()
    # Made out here: a task goes on in the transaction that it was made in.
    working = asyncio.create_task(work_after(stored))
    async with access.system() as connection:
        await connection.execute(access.LAST_LONGER)
        ids = await ids_of(connection, [(place.company_id, MAXIMA)], {})
        (registers,) = ids.values()
        late = [
            make_read(place, registers, STARTS_AT + timedelta(days=day), None, values=[shown_w])
            for day, shown_w in ((3, 12_500), (5, 20_000))
        ]
        await readings.store(connection, late, now=CHARGED_AT)

        stored.set()
        await working
    await work(CHARGED_AT + timedelta(minutes=1))

    assert before == 125
    assert await charged(place) == 200


async def test_a_connection_that_becomes_known_while_its_month_is_charged_counts(
    room: None, database: Urls
) -> None:
    place = await make_monthly(facts={})
    await read(place, USED)
    async with held(database, "lock table unsummed_journal in exclusive mode") as books:
        working = asyncio.create_task(work())
        await others_wait(books, 1)
        await know(place, place.supplies[0], FACTORY)
    await working

    await work(CHARGED_AT + timedelta(minutes=1))

    assert await charged(place) == 250


async def test_a_month_begins_when_a_fault_that_is_being_recorded_is_there(place: Place) -> None:
    await read(place, USED)
    recorded = asyncio.Event()
    working = asyncio.create_task(work_after(recorded))
    async with access.tenant(place.company_id) as connection:
        await connection.execute(access.LAST_LONGER)
        point_id = place.supplies[0].point_id
        await rows.insert(
            connection,
            "compensation_fault",
            company_id=place.company_id,
            point_id=point_id,
            month=FEBRUARY.first,
            reason="A capacitor was dead",
            recorded_at=CHARGED_AT,
        )
        await due.note_point(connection, place.company_id, point_id, FEBRUARY, now=CHARGED_AT)
        recorded.set()
        await others_wait(cast("asyncpg.Connection[asyncpg.Record]", connection), 1)
    await working

    assert await charged(place) == 125
