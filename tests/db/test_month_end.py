"""The invoices of a month: each account has one, whoever works, dies or fails meanwhile."""

import asyncio
import subprocess
import sys
from datetime import timedelta

import pytest

from db import access
from db.settings import Urls
from domain.invoices import month_end
from domain.invoices.month_end import CHUNK_ACCOUNTS, RETRY_AFTER
from domain.ledger.queries import verify
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    STARTS_AT,
    make_postpaid,
    measure,
    query,
)
from tests.factories import Place, account_of, add_supply, make_register_set
from tests.waiting import held, others_wait

MANY = 2 * CHUNK_ACCOUNTS + 7
NUMBERS = "select array_agg(place_in_series order by place_in_series) from invoice"
# More accounts of the one subscriber, charged by nothing but their accruals.
ADD_ACCOUNTS = """
    with added as (
        insert into account (company_id, number, subscriber_id, premises_id, tariff_id,
            billing_mode, opened_at)
        select company_id, 'B' || n, subscriber_id, premises_id, tariff_id, billing_mode, opened_at
        from account, generate_series(1, $1::int) n where id = $2
        returning company_id, id, opened_at, billing_mode
    ), charged as (
        insert into accrual (company_id, account_id, local_date, charged_micro, posted_micro)
        select company_id, id, '2026-02-10', 12345678, 12345678 from added
    ), modes as (
        insert into account_mode (company_id, account_id, started_at, mode)
        select company_id, id, opened_at, billing_mode from added
    )
    insert into account_balance (company_id, account_id, changed_at)
    select company_id, id, now() from added
"""


@pytest.fixture
async def place(room: None) -> Place:
    place = await make_postpaid(accounts=2)
    registers = await make_register_set(place.company_id)
    for supply in place.supplies:
        await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 10_000}, supply)
    return place


@pytest.fixture
async def many(place: Place) -> Place:
    async with access.system() as connection:
        await connection.execute(ADD_ACCOUNTS, MANY - 2, account_of(place))
    return place


async def test_all_postpaid_accounts_are_invoiced_once(place: Place) -> None:
    await add_supply(place)

    assert await month_end.work(now=ISSUED_AT) == 2
    assert await month_end.work(now=ISSUED_AT + timedelta(days=1)) == 0

    assert await query("select array_agg(account_id order by id) from invoice") == [
        account_of(place, 0),
        account_of(place, 1),
    ]
    assert await query("select distinct month from invoice") == FEBRUARY.first
    assert await query("select issued from invoicing_run where ended_at is not null") == 2


async def test_a_month_waits_for_the_days_after_it(place: Place) -> None:
    assert await month_end.work(now=ENDS_AT + timedelta(hours=23)) == 0

    assert await month_end.work(now=ENDS_AT + timedelta(hours=24)) == 2


async def test_a_month_waits_for_all_its_days_in_the_books(place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("insert into open_day values ($1, '2026-02-28')", place.company_id)

    assert await month_end.work(now=ISSUED_AT) == 0
    assert await query("select count(*) from invoicing_run") == 0


async def test_a_company_may_invoice_by_hand_alone(place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("update company set invoice_after_days = null")

    assert await month_end.work(now=ISSUED_AT) == 0


async def test_several_workers_share_a_month(many: Place) -> None:
    issued = await asyncio.gather(*(month_end.work(now=ISSUED_AT) for _ in range(4)))
    issued += [await month_end.work(now=ISSUED_AT)]

    assert sum(issued) == MANY
    assert await query(NUMBERS) == list(range(1, MANY + 1))
    assert await query("select count(distinct account_id) from invoice") == MANY


async def test_who_begins_again_goes_on_where_the_month_stood(many: Place) -> None:
    assert await month_end.work(now=ISSUED_AT, chunks_max=1) == CHUNK_ACCOUNTS

    assert await month_end.work(now=ISSUED_AT) == MANY - CHUNK_ACCOUNTS
    assert await query("select issued from invoicing_run") == MANY


async def test_one_account_that_fails_stops_no_other(many: Place) -> None:
    async with access.system() as connection:
        # Nothing that the books or an invoice could take.
        await connection.execute(
            "update accrual set posted_micro = 9223372036854775807 where account_id = $1",
            account_of(many, 1),
        )

    assert await month_end.work(now=ISSUED_AT) == MANY - 1

    assert await query("select failed from invoicing_run") == 1
    assert await query(NUMBERS) == list(range(1, MANY))


async def test_a_company_that_fails_as_a_whole_stops_no_other(many: Place) -> None:
    other = await make_postpaid()
    await measure(other, await make_register_set(other.company_id), {STARTS_AT: 0, ENDS_AT: 10_000})
    # PostgreSQL knows it, and Python does not.
    await set_zone(many, "WAT-3")

    assert await month_end.work(now=ISSUED_AT) == 1

    assert await query("select account_id from invoice") == account_of(other)
    assert await query("select company_id from invoicing_run where ended_at is null") == (
        many.company_id
    )


async def test_a_company_that_failed_goes_on_with_fewer_accounts_at_once(many: Place) -> None:
    await set_zone(many, "WAT-3")
    await month_end.work(now=ISSUED_AT)
    await set_zone(many, "Europe/Istanbul")

    assert await month_end.work(now=ISSUED_AT + RETRY_AFTER - timedelta(seconds=1)) == 0
    again_at = ISSUED_AT + RETRY_AFTER
    assert await month_end.work(now=again_at, chunks_max=1) == CHUNK_ACCOUNTS // 2
    assert await month_end.work(now=again_at) == MANY - CHUNK_ACCOUNTS // 2


async def test_companies_take_turns(place: Place) -> None:
    other = await make_postpaid()
    await measure(other, await make_register_set(other.company_id), {STARTS_AT: 0, ENDS_AT: 10_000})

    await month_end.work(now=ISSUED_AT, chunks_max=1)
    await month_end.work(now=ISSUED_AT + timedelta(seconds=5), chunks_max=1)

    assert await query("select array_agg(issued order by company_id) from invoicing_run") == [2, 1]
    assert await query("select count(ended_at) from invoicing_run") == 0


async def set_zone(place: Place, zone: str) -> None:
    async with access.system() as connection:
        await connection.execute(
            "update company set time_zone = $2 where id = $1", place.company_id, zone
        )


WORK = """
import asyncio, sys
from datetime import datetime
from db import access
from db.settings import Urls
from domain.invoices import month_end

async def main(owner, app, system, now):
    await access.connect(Urls(owner=owner, app=app, system=system), pool_size=2)
    await month_end.work(now=datetime.fromisoformat(now), chunks_max=1000)
    await access.close()

asyncio.run(main(*sys.argv[1:]))
"""
# An invoice refers to its account, and waits for whoever holds it.
HOLD = """
    select from account where id = (select id from account order by id offset $1 limit 1)
    for update
"""


async def killed_at(database: Urls, place: int) -> int:
    """Kill a process that is in the middle of some accounts; return how many have invoices."""
    arguments = [database.owner, database.app, database.system, ISSUED_AT.isoformat()]
    async with held(database, HOLD, place) as holder:
        process = subprocess.Popen([sys.executable, "-c", WORK, *arguments])  # noqa: ASYNC220, S603 - ourselves
        try:
            await others_wait(holder, 1)
        finally:
            process.kill()
            process.wait()
    return int(await query("select count(*) from invoice"))


async def test_a_killed_process_leaves_no_gap_and_no_account_twice(
    many: Place, database: Urls
) -> None:
    reached = [await killed_at(database, place) for place in (CHUNK_ACCOUNTS + 30, MANY - 2)]

    assert reached == [CHUNK_ACCOUNTS, 2 * CHUNK_ACCOUNTS]

    await month_end.work(now=ISSUED_AT)

    assert await query(NUMBERS) == list(range(1, MANY + 1))
    assert await query("select count(distinct account_id) from invoice") == MANY
    assert await query("select issued from invoicing_run") == MANY
    assert [one for one in await verify() if "journal" in str(one)] == []
