"""Notices that go out by themselves, where a company wants that."""

import asyncio
from datetime import date, datetime, timedelta

import asyncpg
import pytest

from db import access
from db.enums import DeliveryMethod
from db.ids import InvoiceId, NoticeId
from db.settings import Urls
from domain.companies import settings
from domain.invoices import monthly
from domain.notices import holidays, starting
from domain.notices import operations as notices
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    STARTS_AT,
    make_postpaid,
    measure,
    query,
)
from tests.factories import Place, account_of, make_register_set

# Issued on Monday the 2nd of March 2026 and due on Thursday the 12th.
TELL = "select array_agg(invoice_id order by invoice_id) from overdue_notice"
# A fault of one invoice that no rule knows of.
REFUSE = """
    create function refuse_one() returns trigger language plpgsql as $$
    begin
        if new.invoice_id = {invoice_id} then raise exception 'no'; end if;
        return new;
    end $$;
    create trigger refuse_one before insert on overdue_notice
        for each row execute function refuse_one()
"""


def at(day: int, hour: int = 12) -> datetime:
    """Return an hour of a day of March, in Istanbul."""
    return ISSUED_AT.replace(day=day, hour=hour - 3)


@pytest.fixture
async def place(room: None) -> Place:
    place = await make_postpaid(accounts=3)
    registers = await make_register_set(place.company_id)
    for supply in place.supplies:
        await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 123_456}, supply)
    return place


@pytest.fixture
async def invoice_ids(place: Place) -> list[InvoiceId]:
    return [
        await monthly.issue(
            company_id=place.company_id,
            account_id=account_of(place, number),
            month=FEBRUARY,
            now=ISSUED_AT,
        )
        for number in range(3)
    ]


async def start_after(place: Place, days: int | None) -> None:
    version = await query("select version from company where id = $1", place.company_id)
    await settings.update(
        company_id=place.company_id,
        expected_version=version,
        changes={"notice_after_days": days},
    )


async def prove(place: Place, invoice_id: InvoiceId, *, now: datetime) -> None:
    notice_id = await query("select max(id) from overdue_notice where invoice_id = $1", invoice_id)
    await notices.record_delivery(
        company_id=place.company_id,
        notice_id=NoticeId(notice_id),
        expected_version=1,
        method=DeliveryMethod.HAND,
        evidence="receipt 7",
        delivered_at=now,
        now=now,
    )


async def test_nobody_is_told_unless_the_company_wants_that(
    place: Place, invoice_ids: list[InvoiceId]
) -> None:
    assert await starting.work(now=at(31)) == 0

    assert await query("select count(*) from overdue_notice") == 0


async def test_the_first_notice_goes_out_so_many_days_after_the_due_date(
    place: Place, invoice_ids: list[InvoiceId]
) -> None:
    await start_after(place, 5)

    assert await starting.work(now=at(16)) == 0
    assert await starting.work(now=at(17, hour=8)) == 0
    assert await starting.work(now=at(17, hour=9)) == 3
    assert await starting.work(now=at(17, hour=17)) == 0

    assert await query(TELL) == invoice_ids
    assert await query("select count(*) from message where kind = 'OVERDUE_NOTICE'") == 3


async def test_notices_wait_for_a_working_day(place: Place, invoice_ids: list[InvoiceId]) -> None:
    await start_after(place, 0)
    days = {date(2026, 3, 13): "Bayram"}
    await holidays.set_year(company_id=place.company_id, year=2026, days=days)

    # The day on which it is due, a holiday, a weekend and a Monday.
    told = [await starting.work(now=at(day)) for day in (12, 13, 14, 15, 16)]

    assert told == [0, 0, 0, 0, 3]


async def test_the_second_notice_follows_the_proof_of_the_first(
    place: Place, invoice_ids: list[InvoiceId]
) -> None:
    await start_after(place, 1)
    days = {date(2026, 3, 19): "Bayram"}
    await holidays.set_year(company_id=place.company_id, year=2026, days=days)
    await starting.work(now=at(13))
    await prove(place, invoice_ids[1], now=at(13, hour=14))

    # The 16th to the 18th, the 20th and the 23rd lie between.
    assert await starting.work(now=at(23)) == 0
    assert await starting.work(now=at(24)) == 1

    second = "select invoice_id from overdue_notice where number = 2"
    assert await query(second) == invoice_ids[1]


async def test_no_third_notice_follows_by_itself(
    place: Place, invoice_ids: list[InvoiceId]
) -> None:
    await start_after(place, 1)
    await starting.work(now=at(13))
    await prove(place, invoice_ids[0], now=at(13, hour=14))
    await starting.work(now=at(23))
    await prove(place, invoice_ids[0], now=at(23, hour=14))

    assert await starting.work(now=at(31)) == 0


async def test_those_who_start_at_once_tell_everybody_once(
    place: Place, invoice_ids: list[InvoiceId]
) -> None:
    await start_after(place, 1)

    told = await asyncio.gather(*(starting.work(now=at(13)) for _ in range(4)))

    assert sum(told) == 3
    assert await query(TELL) == invoice_ids


async def test_one_invoice_that_fails_stops_no_other(
    place: Place, invoice_ids: list[InvoiceId], database: Urls
) -> None:
    await start_after(place, 1)
    owner = await asyncpg.connect(database.owner)
    await owner.execute(REFUSE.format(invoice_id=invoice_ids[0]))
    await owner.close()

    assert await starting.work(now=at(13)) == 2

    assert await query(TELL) == invoice_ids[1:]


async def test_one_company_that_fails_stops_no_other(
    place: Place, invoice_ids: list[InvoiceId]
) -> None:
    later = await make_postpaid()
    registers = await make_register_set(later.company_id)
    await measure(later, registers, {STARTS_AT: 0, ENDS_AT: 123_456})
    invoice_id = await monthly.issue(
        company_id=later.company_id, account_id=account_of(later), month=FEBRUARY, now=ISSUED_AT
    )
    await start_after(place, 1)
    await start_after(later, 1)
    async with access.system() as connection:
        # PostgreSQL knows it, and Python does not.
        await connection.execute(
            "update company set time_zone = 'WAT-3' where id = $1", place.company_id
        )

    assert await starting.work(now=at(13)) == 1

    assert await query(TELL) == [invoice_id]


async def test_a_notice_that_is_not_next_is_not_sent(
    place: Place, invoice_ids: list[InvoiceId]
) -> None:
    with pytest.raises(notices.NotNext):
        await notices.issue(
            company_id=place.company_id,
            invoice_id=invoice_ids[0],
            number=2,
            now=at(13) + timedelta(days=9),
        )

    assert await query("select count(*) from overdue_notice") == 0
