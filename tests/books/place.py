"""Two accounts whose meters are read, and a clock, for those who try the books on them."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

import asyncpg

from db import access
from db.ids import AccountId, AdjustmentId, JournalId, UserId
from db.settings import Urls
from domain.readings import operations as readings
from domain.tariffs import operations as tariffs
from tests.books.model import ModelAccount, ModelBooks, ModelMeter
from tests.factories import NOW, Place, account_of, make_place, make_read, make_register_set

Result = TypeVar("Result")

# Before every reading; the clock goes on from here, for as long as there are partitions.
START = NOW - timedelta(days=2)
DAYS_AHEAD = 40
ACCOUNTS = 2
PRICE = Decimal("2.345678901")


class Runner:
    """Runs what is asynchronous for those who are not, on pools that stay open meanwhile."""

    def __init__(self, urls: Urls) -> None:
        self._runner = asyncio.Runner()
        self.run(self._open(urls))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(work)

    def close(self) -> None:
        self.run(access.close())
        self._runner.close()

    @staticmethod
    async def _open(urls: Urls) -> None:
        owner = await asyncpg.connect(urls.owner)
        await owner.execute("select ensure_partitions($1, 5, $2)", NOW, DAYS_AHEAD)
        await owner.close()
        await access.connect(urls, pool_size=4)


@dataclass
class BooksPlace:
    """A company of its own, and two people who adjust its credit."""

    place: Place
    register_set_id: int
    people: tuple[UserId, UserId]
    now: datetime = START

    @classmethod
    async def make(cls) -> "BooksPlace":
        place = await make_place(meters=ACCOUNTS, price=PRICE, opened_at=START)
        async with access.system() as connection:
            rows = await connection.fetch(
                "insert into app_user (email, name, created_at)"
                " select gen_random_uuid() || '@example.com', 'Deniz', $1"
                " from generate_series(1, 2) returning id",
                START,
            )
        first, second = (UserId(row["id"]) for row in rows)
        return cls(place, await make_register_set(place.company_id), (first, second))

    def model(self) -> ModelBooks:
        return ModelBooks(
            [
                ModelAccount(ModelMeter([(START, Fraction(PRICE))], [(START, 0)]))
                for _ in range(ACCOUNTS)
            ]
        )

    def account_id(self, number: int) -> AccountId:
        return account_of(self.place, number)

    async def set_limit(self, limit_micro: int) -> None:
        async with access.system() as connection:
            await connection.execute(
                "update company set adjustment_approval_limit_micro = $2 where id = $1",
                self.place.company_id,
                limit_micro,
            )

    async def journal_of(self, adjustment_id: AdjustmentId) -> JournalId:
        async with access.system() as connection:
            found = await connection.fetchval(
                "select journal_id from adjustment where company_id = $1 and id = $2",
                self.place.company_id,
                adjustment_id,
            )
        return JournalId(found)

    async def read(self, number: int, at: datetime, index_wh: int) -> None:
        """Let a meter's reading arrive."""
        supply = self.place.supplies[number]
        read = make_read(self.place, self.register_set_id, at, index_wh, supply=supply)
        async with access.system() as connection:
            await readings.store(connection, [read], now=self.now)

    async def set_price(self, price: Decimal, valid_from: datetime) -> None:
        await tariffs.set_price(
            company_id=self.place.company_id,
            tariff_id=self.place.tariff_id,
            price_per_kwh=price,
            valid_from=valid_from,
            now=self.now,
        )

    async def stored(self) -> list[tuple[int, ...]]:
        """Return of each account, in millionths, what is kept and posted, and their difference.

        That is its balance, posted credit and open charges, what is in flight and posted as that,
        and balance less credit plus open charges, which is zero.
        """
        async with access.system() as connection:
            rows = await connection.fetch(STORED, self.place.company_id)
        return [tuple(row) for row in rows]

    async def journals(self) -> dict[str, int]:
        async with access.system() as connection:
            rows = await connection.fetch(
                "select kind, count(*) from journal where company_id = $1 group by kind",
                self.place.company_id,
            )
        return {row["kind"]: row["count"] for row in rows}

    async def days(self) -> dict[tuple[int, date], tuple[int, int]]:
        """Return what each account's local days are charged, and how much of it is posted."""
        numbers = {self.account_id(number): number for number in range(ACCOUNTS)}
        async with access.system() as connection:
            rows = await connection.fetch(
                "select account_id, local_date, charged_micro, posted_micro from accrual"
                " where company_id = $1 and (charged_micro, posted_micro) <> (0, 0)",
                self.place.company_id,
            )
        return {(numbers[row[0]], row[1]): (row[2], row[3]) for row in rows}

    async def unbalanced(self) -> int:
        """Return how many transactions do not sum to zero, or do not have their entries."""
        async with access.system() as connection:
            return int(await connection.fetchval(UNBALANCED, self.place.company_id))


STORED = """
    select balance_micro, credit, open, in_flight_micro, flying, balance_micro - credit + open
    from account_balance b
    cross join lateral (
        select
            coalesce(sum(e.amount * 1000000) filter (where l.kind = 'CREDIT'), 0)::int8 as credit,
            coalesce(sum(e.amount * 1000000) filter (where l.kind = 'IN_FLIGHT'), 0)::int8 as flying
        from entry e
        join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
        where e.company_id = b.company_id and e.account_id = b.account_id
    ) p
    cross join lateral (
        select coalesce(sum(a.charged_micro - a.posted_micro), 0)::int8 as open from accrual a
        where a.company_id = b.company_id and a.account_id = b.account_id
    ) o
    where b.company_id = $1 order by b.account_id
"""
UNBALANCED = """
    select count(*) from (
        select j.id from journal j
        left join entry e on e.company_id = j.company_id and e.journal_id = j.id
        where j.company_id = $1
        group by j.id having coalesce(sum(e.amount), 1) <> 0
    ) wrong
"""
