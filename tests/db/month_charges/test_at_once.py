"""What is stored while a month begins is charged with it, or settled after it."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import cast

import asyncpg

from db import access
from db.settings import Urls
from domain.ledger.queries import verify
from domain.month_charges import runs
from domain.readings import operations as readings
from domain.readings.register_sets import ids_of
from tests.db.account_ends.ending import close
from tests.db.account_ends.mistaken import let_own, reopen
from tests.db.month_charges.world import (
    CHARGED_AT,
    ENDS_AT,
    FEBRUARY,
    REGISTERS,
    STARTS_AT,
    charged,
    make_monthly,
    read,
    value,
    work,
)
from tests.factories import Place, account_of, make_read
from tests.waiting import held, others_wait

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


async def test_a_company_that_cannot_go_on_keeps_no_other_back(place: Place) -> None:
    await read(place, SHOWN)
    other = await make_monthly()
    await read(other, SHOWN)
    # No such zone is known: not even the month's accounts can be charged.
    await value("update company set time_zone = 'Nowhere' where id = $1", place.company_id)
    await value(
        "insert into month_run (company_id, month, from_at, until_at, begun_at, due_at)"
        " values ($1, $2, $3, $4, $4, $4)",
        place.company_id,
        FEBRUARY.first,
        STARTS_AT,
        ENDS_AT,
    )
    await value("update company set active = false where id = $1", place.company_id)

    await work()
    await value(
        "update company set active = true, time_zone = 'Europe/Istanbul' where id = $1",
        place.company_id,
    )
    kept_back = await charged(place)
    await work(CHARGED_AT + runs.RETRY_AFTER)

    assert await charged(other) == 150
    assert (kept_back, await charged(place)) == (Decimal(0), Decimal(150))
    assert await value("select failures from month_run where ended_at is null") is None


async def test_what_waits_is_held_before_balances_when_an_end_is_taken_back(
    place: Place, database: Urls
) -> None:
    supply, account_id = place.supplies[0], account_of(place)
    owner = await let_own(place, supply)
    await read(place, {STARTS_AT: (0, 0, 0)})
    await close(place, at=ENDS_AT - timedelta(days=3), index_wh=500_000, now=ENDS_AT)
    await read(place, {ENDS_AT: (1_000_000, 300_000, 0)})
    await work()
    await value(
        "insert into month_due (company_id, account_id, month, due_at) values ($1, $2, $3, $4)",
        place.company_id,
        owner,
        FEBRUARY.first,
        CHARGED_AT,
    )

    # As whoever charges it again, who locks the balance then.
    async with held(database, "delete from month_due where account_id = $1", owner) as charging:
        reopened = asyncio.create_task(reopen(place, account_id, now=CHARGED_AT))
        await others_wait(charging, 1)
        await charging.execute(
            "select from account_balance where account_id = $1 for no key update nowait", owner
        )
    await reopened
    await work()

    assert await value("select count(*) from month_due") == 0
    assert await charged(place, account_id=owner) == 0
    assert await verify() == []
