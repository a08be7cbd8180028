"""What becomes known while an account is looked at again is not lost."""

import asyncio
from datetime import timedelta

from db import access
from domain.readings import operations as readings
from domain.readings.register_sets import ids_of
from tests.db.month_charges.world import (
    CHARGED_AT,
    ENDS_AT,
    STARTS_AT,
    charged,
    read,
    value,
    work,
)
from tests.factories import Place, make_read

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
