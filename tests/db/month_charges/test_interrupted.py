"""Whoever dies while months are charged leaves nothing half done, and no account twice."""

import subprocess
import sys

from db.settings import Urls
from domain.ledger.queries import verify
from domain.month_charges.runs import CHUNK_POINTS
from tests.db.month_charges.world import CHARGED_AT, USED, add_factory, read, value, work
from tests.factories import Place
from tests.waiting import held, others_wait

ACCOUNTS = CHUNK_POINTS + 3
WORK = """
import asyncio, sys
from datetime import datetime
from db import access
from db.settings import Urls
from domain.month_charges import runs

async def main(owner, app, system, now):
    await access.connect(Urls(owner=owner, app=app, system=system), pool_size=2)
    await runs.work(now=datetime.fromisoformat(now))
    await access.close()

asyncio.run(main(*sys.argv[1:]))
"""
# Whoever charges an account locks its balance, and waits for whoever holds it.
HOLD = """
    select from account_balance
    where account_id = (select id from account order by id offset $1 limit 1) for update
"""


async def killed_at(database: Urls, place: int) -> int:
    """Kill a process that is in the middle of some accounts; return how many are charged."""
    arguments = [database.owner, database.app, database.system, CHARGED_AT.isoformat()]
    async with held(database, HOLD, place) as holder:
        process = subprocess.Popen([sys.executable, "-c", WORK, *arguments])  # noqa: ASYNC220, S603 - ourselves
        try:
            await others_wait(holder, 1)
        finally:
            process.kill()
            process.wait()
    return int(await value("select count(*) from month_charge"))


async def test_a_killed_process_charges_nobody_twice(place: Place, database: Urls) -> None:
    for _ in range(ACCOUNTS - 1):
        await add_factory(place)
    for supply in place.supplies:
        await read(place, USED, supply)

    reached = [await killed_at(database, place) for place in (3, CHUNK_POINTS + 1)]
    await work()

    assert reached == [0, CHUNK_POINTS]
    assert await value("select count(*) from month_charge") == ACCOUNTS
    assert await value("select count(distinct account_id) from month_charge") == ACCOUNTS
    assert await value("select posted from month_run where ended_at is not null") == ACCOUNTS
    assert await verify() == []
