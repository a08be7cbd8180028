"""Accounts are warned when their credit falls to the limit: once, and by whatever way it fell."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import orjson
import pytest

from db import access
from db.enums import BillingMode
from domain.accounts import operations as accounts
from domain.accounts import suspension
from domain.accounts.forecasts import Forecast
from domain.accounts.outlooks import of_accounts
from domain.listing import Wall
from domain.subscribers import operations as subscribers
from domain.warnings import asking
from domain.warnings.operations import attend
from tests.credit import HOUR, Books
from tests.factories import (
    KEYRING,
    NOW,
    OPENED_AT,
    add_supply,
    make_place,
    make_register_set,
    open_account,
)
from workers.jobs import accounts as jobs


@pytest.fixture
async def books(connected: None) -> Books:
    place = await make_place(price=Decimal(1))
    books = Books(place, await make_register_set(place.company_id))
    await books.set(warning_limit=Decimal(50), cut_off_limit=Decimal(0))
    await books.top_up("100")
    await jobs.attend(now=NOW)
    return books


async def fetch(query: str, *arguments: object) -> list[asyncpg.Record]:
    async with access.system() as connection:
        return await connection.fetch(query, *arguments)


async def warnings() -> list[dict[str, Any]]:
    rows = await fetch("select facts from message where kind = 'LOW_CREDIT' order by id")
    return [orjson.loads(row["facts"]) for row in rows]


async def marks(account_id: int) -> tuple[int | None, int | None]:
    (row,) = await fetch(
        "select wake_below_micro / 1000000 as below, wake_above_micro as above"
        " from account_balance where account_id = $1",
        account_id,
    )
    return row["below"], row["above"]


async def test_an_account_is_warned_once_and_again_after_it_has_recovered(books: Books) -> None:
    told = []
    for step in ("-49", "-1", "-10", "+10.5", "-10", "-41", "+60", "-0.5", "-20"):
        await (books.use(step[1:]) if step[0] == "-" else books.top_up(step[1:]))
        told.append(await attend(now=NOW))

    # 51 50 40 50.5 40.5 -0.5 59.5 59 39
    assert told == [0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert [one["balance"]["amount"] for one in await warnings()] == ["50.000000", "39.000000"]
    assert await fetch("select from attention") == []


async def test_a_warning_tells_for_how_long_the_credit_lasts(books: Books) -> None:
    for _ in range(12):
        await books.use("5")

    await attend(now=NOW)

    (told,) = await warnings()
    # 60 in the 165 hours since the local day began that is six days before the last reading's.
    as_of = NOW - 18 * HOUR
    assert told["balance"] == {"amount": "40.000000", "currency": "TRY"}
    assert told["as_of"] == as_of.isoformat()
    assert not told["is_used_up"]
    assert told["smallest_top_up"] == {"amount": "11.000000", "currency": "TRY"}
    assert told["daily_use"] == {"amount": "8.727272", "currency": "TRY"}
    assert told["days_left"] == 3


async def test_only_who_pays_in_advance_has_a_forecast(books: Books) -> None:
    supply = await add_supply(books.place, with_account=False)
    postpaid = await open_account(
        books.place,
        {supply.point_id: 0},
        supply.premises_id,
        opened_at=OPENED_AT,
        billing_mode=BillingMode.POSTPAID,
    )
    for _ in range(12):
        await books.use("5")
    wall = Wall(lambda _: "true", {"company": books.place.company_id, "now": NOW})

    async with access.tenant(books.place.company_id) as connection:
        found = await of_accounts(connection, [books.account_id, postpaid], wall=wall)

    lasts_us = 40_000_000 * 24 * 3600 * 10**6 // 8_727_272
    runs_out_at = NOW - 18 * HOUR + timedelta(microseconds=lasts_us)
    assert found == {books.account_id: Forecast(8_727_272, runs_out_at)}


async def test_marks_stand_where_something_changes(books: Books) -> None:
    before = await marks(books.account_id)
    await books.use("60")
    await attend(now=NOW)
    warned = await marks(books.account_id)
    await books.use("40")
    await attend(now=NOW)
    used_up = await marks(books.account_id)

    assert before == (50, None)
    assert warned == (0, 51_000_000)
    assert used_up == (None, 1)


async def test_a_changed_limit_of_the_company_acts_without_a_charge(books: Books) -> None:
    await books.set(warning_limit=Decimal(100))
    waiting = await fetch("select * from limits_moved")

    await jobs.attend(now=NOW)
    await jobs.attend(now=NOW)

    assert [row["after_account_id"] for row in waiting] == [0]
    assert [one["balance"]["amount"] for one in await warnings()] == ["100.000000"]
    assert await fetch("select from limits_moved") == []


async def test_a_changed_limit_of_the_account_acts_without_a_charge(books: Books) -> None:
    await accounts.update(
        company_id=books.place.company_id,
        account_id=books.account_id,  # type: ignore[arg-type]
        expected_version=1,
        changes={"warning_limit": Decimal(150)},
        now=NOW,
    )

    await attend(now=NOW)

    assert len(await warnings()) == 1
    assert await marks(books.account_id) == (0, 151_000_000)


async def test_limits_of_many_accounts_move_in_chunks(
    books: Books,
) -> None:
    for _ in range(4):
        await add_supply(books.place)
    await books.set(cut_off_limit=Decimal(10))

    asked = [await asking.ask_attention(chunk=2) for _ in range(4)]

    assert asked == [2, 2, 1, 0]
    assert len(await fetch("select from attention")) == 5


async def test_who_is_suspended_is_warned_after_it(books: Books) -> None:
    whose = {"company_id": books.place.company_id, "account_id": books.account_id}
    await suspension.suspend(**whose, expected_version=1, reason="Closed for winter", now=NOW)  # type: ignore[arg-type]
    await attend(now=NOW)
    await books.use("60")
    during = await attend(now=NOW)
    await suspension.resume(**whose, expected_version=2)  # type: ignore[arg-type]

    after = await attend(now=NOW)

    assert (during, after) == (0, 1)
    assert await marks(books.account_id) == (0, 51_000_000)


async def test_who_pays_afterwards_or_not_any_more_is_not_warned(books: Books) -> None:
    supply = await add_supply(books.place, with_account=False)
    postpaid = await open_account(
        books.place,
        {supply.point_id: 0},
        supply.premises_id,
        opened_at=OPENED_AT,
        billing_mode=BillingMode.POSTPAID,
    )
    await books.use("90")
    async with access.system() as connection:
        await connection.execute(
            "update account set closed_at = $1 where id = $2", NOW, books.account_id
        )
        await connection.execute(
            "insert into attention (company_id, account_id, since) values ($1, $2, $3)",
            books.place.company_id,
            postpaid,
            NOW,
        )

    assert await attend(now=NOW) == 0
    assert await warnings() == []
    assert await marks(books.account_id) == await marks(postpaid) == (None, None)
    assert await fetch("select from attention") == []


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        pytest.param(["MAIL"], ["MAIL"], id="by mail"),
        pytest.param(["SMS", "MAIL", "SMS"], ["MAIL", "SMS"], id="by both"),
        pytest.param([], [], id="by none"),
    ],
)
async def test_the_company_chooses_the_channels(
    books: Books, channels: list[str], expected: list[str]
) -> None:
    await books.set(message_channels=channels)
    await books.use("60")

    await attend(now=NOW)

    rows = await fetch("select channel, subscriber_id, account_id from message order by channel")
    assert [tuple(row) for row in rows] == [
        (channel, books.place.subscriber_id, books.account_id) for channel in expected
    ]
    assert await marks(books.account_id) == (0, 51_000_000)


async def test_who_cannot_be_reached_leaves_a_message_that_fails(books: Books) -> None:
    await subscribers.update(
        company_id=books.place.company_id,
        subscriber_id=books.place.subscriber_id,
        expected_version=1,
        changes={},
        contact={"phone": None},
        keyring=KEYRING,
    )
    await books.set(message_channels=["SMS"])
    await books.use("60")

    assert await attend(now=NOW) == 1
    assert [row["channel"] for row in await fetch("select channel from message")] == ["SMS"]


async def test_several_workers_warn_once(books: Books) -> None:
    for _ in range(3):
        await add_supply(books.place)
    await books.set(warning_limit=Decimal(200))
    await asking.ask_attention()

    told = await asyncio.gather(*(attend(now=NOW) for _ in range(3)))

    assert sum(told) == 4
    assert len(await warnings()) == 4


async def test_charges_beside_the_job_lose_no_crossing(books: Books) -> None:
    async def look() -> None:
        for _ in range(30):
            await attend(now=NOW)
            await asyncio.sleep(0.005)

    async def charge() -> None:
        for _ in range(12):
            await books.use("5")

    await asyncio.gather(look(), charge())
    await attend(now=NOW)

    assert len(await warnings()) == 1
    assert await marks(books.account_id) == (0, 51_000_000)
