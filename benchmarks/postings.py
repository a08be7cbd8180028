"""Postings through the one door, against bare inserts of the same rows with no rule at all."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count

import asyncpg
import uvloop

from benchmarks.figures import Figure
from benchmarks.fleet import seed
from benchmarks.servers import Servers, servers
from db import access
from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId
from domain.ledger.posting import POSTINGS_MAX, post_all
from domain.ledger.rules import Line, Posting

CONNECTIONS = 8
ACCOUNTS = 1_000
ROUNDS = 4
POSTINGS_OF_ROUND = 2_000
BATCHES_OF_ROUND = 10
# Every peer makes two rows without keys to check, locks to take or anybody to tell.
ONE_ACCOUNT_PERCENT_MIN = 5
MANY_ACCOUNTS_PERCENT_MIN = 15
BATCH_PERCENT_MIN = 5

Rows = Sequence[tuple[str, AccountId]]
Write = Callable[[Rows], Awaitable[None]]


@dataclass(slots=True)
class Spent:
    """Seconds, over all rounds."""

    posting_s: float = 0.0
    inserting_s: float = 0.0


@dataclass(slots=True)
class Books:
    """Where is posted, and who inserts beside it. Every key is new."""

    company_id: CompanyId
    accounts: Sequence[AccountId]
    now: datetime
    bare: asyncpg.Pool
    _keys: Iterator[int] = field(default_factory=count)

    def rows(self, many: int, accounts: int) -> list[tuple[str, AccountId]]:
        numbers = [next(self._keys) for _ in range(many)]
        return [(str(n), self.accounts[n % accounts]) for n in numbers]

    async def post(self, rows: Rows) -> None:
        """Post them in one transaction."""
        async with access.tenant(self.company_id) as connection:
            postings = [self._posting(key, account_id) for key, account_id in rows]
            await post_all(connection, postings, now=self.now)

    async def insert(self, rows: Rows) -> None:
        """Insert them in one transaction, which is one statement."""
        keys, accounts = zip(*rows, strict=True)
        await self.bare.execute(INSERT, self.company_id, self.now, keys, accounts)

    def _posting(self, key: str, account_id: AccountId) -> Posting:
        amount = Decimal("1.234567")
        return Posting(
            company_id=self.company_id,
            kind=JournalKind.CASH_TOP_UP,
            idempotency_key=key,
            request=key,
            occurred_at=self.now,
            lines=[
                Line(LedgerAccountKind.CREDIT, amount, account_id),
                Line(LedgerAccountKind.CASH, -amount),
            ],
        )


def run(*, now: datetime) -> Iterator[Figure]:
    """Measure one posting a transaction on one and on 1,000 accounts, and 1,000 in each."""
    with servers() as running:
        one, many, batches = uvloop.run(_measure(running, now=now))
    singles = ROUNDS * POSTINGS_OF_ROUND
    yield _figure("postings, one account", singles, one, ONE_ACCOUNT_PERCENT_MIN)
    yield _figure("postings, 1,000 accounts", singles, many, MANY_ACCOUNTS_PERCENT_MIN)
    yield _figure(
        "postings, 1,000 accounts, 1,000 a transaction",
        ROUNDS * BATCHES_OF_ROUND * POSTINGS_MAX,
        batches,
        BATCH_PERCENT_MIN,
    )


def _figure(what: str, postings: int, spent: Spent, percent_min: int) -> Figure:
    posted, inserted = postings / spent.posting_s, postings / spent.inserting_s
    return Figure(
        what,
        f"{posted:,.0f} postings/s",
        f"bare inserts of the same rows: {inserted:,.0f} postings/s",
        f"{100 * posted / inserted:.0f} %",
        f"≥ {percent_min} %",
        holds=100 * posted >= percent_min * inserted,
    )


async def _measure(running: Servers, *, now: datetime) -> tuple[Spent, Spent, Spent]:
    fleet = await seed(running.urls.owner, meters=ACCOUNTS, now=now)
    await access.connect(running.urls, pool_size=CONNECTIONS)
    async with asyncpg.create_pool(
        running.urls.owner, min_size=CONNECTIONS, max_size=CONNECTIONS
    ) as bare:
        await bare.execute(BARE)
        rows = await bare.fetch("select id from account order by id")
        books = Books(fleet.company_id, [row["id"] for row in rows], now, bare)
        await _warm(books)
        one = await _alternate(books, _singles(books, accounts=1))
        many = await _alternate(books, _singles(books, accounts=ACCOUNTS))
        # As when days are closed: one after the other.
        batches = await _alternate(books, _batches(books), connections=1)
        await _check(books)
    await access.close()
    return one, many, batches


def _singles(books: Books, *, accounts: int) -> Callable[[], list[Rows]]:
    return lambda: [[row] for row in books.rows(POSTINGS_OF_ROUND, accounts)]


def _batches(books: Books) -> Callable[[], list[Rows]]:
    return lambda: [books.rows(POSTINGS_MAX, ACCOUNTS) for _ in range(BATCHES_OF_ROUND)]


async def _warm(books: Books) -> None:
    """Let every connection have made its plans."""
    for write in (books.post, books.insert):
        await _all(write, [books.rows(1, ACCOUNTS) for _ in range(20 * CONNECTIONS)])


async def _alternate(
    books: Books, work: Callable[[], list[Rows]], connections: int = CONNECTIONS
) -> Spent:
    """Do as much both ways, by turns: a noisy machine is as noisy for both.

    Checks of keys are planned once a connection, and for the few rows that there were then, until
    the tables are analysed: autovacuum, which would do it, comes once a minute.
    """
    spent = Spent()
    for _ in range(ROUNDS):
        await books.bare.execute("analyze journal, entry")
        spent.inserting_s += await _all(books.insert, work(), connections)
        spent.posting_s += await _all(books.post, work(), connections)
    return spent


async def _all(write: Write, works: Sequence[Rows], connections: int = CONNECTIONS) -> float:
    """Return how many seconds it takes to write everything."""
    waiting = iter(works)

    async def write_some() -> None:
        for rows in waiting:
            await write(rows)

    started_s = time.perf_counter()
    await asyncio.gather(*(write_some() for _ in range(connections)))
    return time.perf_counter() - started_s


async def _check(books: Books) -> None:
    """Fail unless everything was written both ways, and balances say so."""
    found = await books.bare.fetchrow(FOUND)
    each = ROUNDS * (2 * POSTINGS_OF_ROUND + BATCHES_OF_ROUND * POSTINGS_MAX) + 20 * CONNECTIONS
    if found is None or tuple(found) != (
        each,
        2 * each,
        each,
        2 * each,
        each * Decimal("1.234567"),
    ):
        raise RuntimeError(f"{each} postings each way, and there are {found}")


# The columns of the books, and nothing that checks, orders or finds them.
BARE = """
    create table bare_journal as select * from journal with no data;
    create table bare_entry as select * from entry with no data;
"""
INSERT = """
    with journals as (
        insert into bare_journal (company_id, id, kind, idempotency_key, request_hash,
            occurred_at, recorded_at)
        select $1, nextval('id_sequence'), 'CASH_TOP_UP', key, sha256(convert_to(key, 'UTF8')),
            $2, clock_timestamp()
        from unnest($3::text[]) key
        returning id, idempotency_key
    )
    insert into bare_entry (company_id, id, journal_id, line, ledger_account_id, account_id,
        amount, currency, occurred_at)
    select $1, nextval('id_sequence'), j.id, side.line, r.account_id,
        case side.line when 1 then r.account_id end, side.amount, 'TRY', $2
    from unnest($3::text[], $4::int8[]) r (key, account_id)
    join journals j on j.idempotency_key = r.key
    cross join (values (1, 1.234567), (2, -1.234567)) side (line, amount)
"""
FOUND = """
    select (select count(*) from journal), (select count(*) from entry),
        (select count(*) from bare_journal), (select count(*) from bare_entry),
        (select sum(balance_micro) * 0.000001 from account_balance)
"""
