"""What is stored while a month begins is charged with it, or settled after it."""

import asyncio
from datetime import timedelta
from typing import cast

import asyncpg

from db import access
from domain.ledger.queries import verify
from domain.readings import operations as readings
from domain.readings.register_sets import ids_of
from tests.db.month_charges.world import (
    CHARGED_AT,
    ENDS_AT,
    REGISTERS,
    STARTS_AT,
    charged,
    read,
    value,
    work,
)
from tests.factories import Place, make_read
from tests.waiting import others_wait

SHOWN = {STARTS_AT: (0, 0, 0), ENDS_AT - timedelta(hours=1): (1_000_000, 300_000, 0)}
AT_END = [None, 1_001_000, 320_000, 0]


async def work_after(stored: asyncio.Event) -> int:
    await stored.wait()
    return await work()


async def test_a_month_begins_when_readings_that_are_being_stored_are_there(place: Place) -> None:
    await read(place, SHOWN)
    stored = asyncio.Event()
    # Made out here: a task goes on in the transaction that it was made in.
    working = asyncio.create_task(work_after(stored))
    async with access.system() as connection:
        await connection.execute(access.LAST_LONGER)
        ids = await ids_of(connection, [(place.company_id, REGISTERS)], {})
        (registers,) = ids.values()
        late = make_read(place, registers, ENDS_AT, 1_001_000, values=AT_END)
        await readings.store(connection, [late], now=CHARGED_AT)

        stored.set()
        await others_wait(cast("asyncpg.Connection[asyncpg.Record]", connection), 1)
    posted = await working

    assert posted == 1
    assert await charged(place) == 160
    assert await value("select count(*) from month_due") == 0
    assert await verify() == []
