"""Posting: once per key, balanced, and found by the check when something differs."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.settings import Urls
from domain.ledger import operations as ledger
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.queries import balance_of, verify
from domain.money import major
from domain.readings import operations as readings
from domain.refusals import NotThere
from tests.factories import NOW, Place, account_of, make_place, make_read, make_register_set

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=3, price=Decimal("2.5"))


async def credit(place: Place, amount: str, *, key: str, number: int = 0) -> int:
    return await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place, number),
        amount=Decimal(amount),
        idempotency_key=key,
        occurred_at=NOW,
    )


async def count(table: str) -> int:
    async with access.system() as connection:
        return int(await connection.fetchval(f"select count(*) from {table}"))


async def test_credit_is_posted_once_however_often_it_is_asked_for(place: Place) -> None:
    made = await asyncio.gather(*(credit(place, "25.50", key="one") for _ in range(10)))

    assert len(set(made)) == 1
    assert await count("journal") == 1
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == Decimal("25.5")
    assert await verify() == []


async def test_concurrent_credits_all_count(place: Place) -> None:
    await asyncio.gather(*(credit(place, "1", key=str(n), number=n % 3) for n in range(30)))

    balances = [
        await balance_of(company_id=place.company_id, account_id=account_of(place, n))
        for n in range(3)
    ]
    assert balances == [Decimal(10)] * 3
    assert await verify() == []


async def test_a_key_used_for_something_else_is_refused(place: Place) -> None:
    await credit(place, "5", key="one")

    with pytest.raises(IdempotencyConflict):
        await credit(place, "6", key="one")

    assert await count("journal") == 1


@pytest.mark.parametrize("amount", ["0", "-1"])
async def test_only_positive_amounts_are_credited(place: Place, amount: str) -> None:
    with pytest.raises(ledger.AmountNotPositive):
        await credit(place, amount, key="one")

    assert await count("journal") == 0


async def test_an_account_of_another_company_is_unknown(place: Place) -> None:
    other = await make_place()

    with pytest.raises(NotThere):
        await ledger.credit_cash(
            company_id=other.company_id,
            account_id=account_of(place),
            amount=Decimal(5),
            idempotency_key="one",
            occurred_at=NOW,
        )

    assert await count("journal") == 0


async def charge_all(place: Place) -> None:
    registers = await make_register_set(place.company_id)
    async with access.system() as connection:
        await readings.store(
            connection,
            [
                make_read(place, registers, NOW, 1_000 * n, supply=supply)
                for n, supply in enumerate(place.supplies, start=1)
            ],
            now=NOW,
        )


async def test_a_day_is_closed_once_even_by_two_at_a_time(place: Place) -> None:
    await charge_all(place)
    assert await ledger.close_days(now=NOW) == 0

    closed = await asyncio.gather(*(ledger.close_days(now=TOMORROW) for _ in range(3)))

    assert sum(closed) == 3
    assert await count("journal") == 3
    assert await count("open_day") == 0
    async with access.system() as connection:
        rows = await connection.fetch(
            "select j.energy_date, e.amount from journal j join entry e"
            " on e.company_id = j.company_id and e.journal_id = j.id"
            " join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id"
            " where l.kind = 'CREDIT' order by e.amount desc"
        )
    assert [tuple(row) for row in rows] == [
        (date(2026, 3, 18), major(-2_500_000)),
        (date(2026, 3, 18), major(-5_000_000)),
        (date(2026, 3, 18), major(-7_500_000)),
    ]
    assert await verify() == []


async def test_the_check_names_a_balance_that_was_tampered_with(
    place: Place, database: Urls
) -> None:
    await credit(place, "10", key="one")
    owner = await asyncpg.connect(database.owner)
    await owner.execute(
        "update account_balance set balance_micro = balance_micro + 1 where account_id = $1",
        account_of(place),
    )
    await owner.close()

    (difference,) = await verify()

    assert (difference.what, difference.account_id) == ("balance", account_of(place))
    assert (difference.stored, difference.rebuilt) == (Decimal("10.000001"), Decimal(10))


async def test_a_callers_key_does_not_stand_in_the_way_of_the_close(place: Place) -> None:
    await charge_all(place)
    await credit(place, "1", key=f"energy/{account_of(place)}/2026-03-18/1")

    assert await ledger.close_days(now=TOMORROW) == 3

    assert await verify() == []


async def test_a_day_that_cannot_be_closed_stops_no_other_company(place: Place) -> None:
    other = await make_place(price=Decimal("2.5"))
    await charge_all(place)
    await charge_all(other)
    async with access.system() as connection:
        await connection.execute(
            "insert into journal (company_id, kind, idempotency_key, request_hash, occurred_at,"
            " energy_date) values ($1, 'ENERGY', $2, '', $3, '2026-03-18')",
            place.company_id,
            f"energy/{account_of(place)}/2026-03-18/1",
            NOW,
        )

    assert await ledger.close_days(now=TOMORROW) == 1

    async with access.system() as connection:
        open_days = await connection.fetch("select company_id from open_day")
    assert [row["company_id"] for row in open_days] == [place.company_id]
