"""Indicators of 100,000 accounts by field and day, against adding up the books when asked."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import asyncpg
import uvloop

from benchmarks.figures import Figure
from benchmarks.fleet import seed
from benchmarks.servers import Servers, servers
from db import access
from db.ids import CompanyId
from domain.analytics.folding import JOURNALS_OF_CHUNK, fold
from domain.analytics.measuring import measure_company
from domain.analytics.queries import Bucket, indicators
from domain.analytics.rules import IndicatorGrouping
from domain.listing import Wall

ACCOUNTS = 100_000
DAYS = 7
ROUNDS = 5
TIMES_MIN = 20
TIMEOUT_S = 600
ZONE = ZoneInfo("Europe/Istanbul")


@dataclass(slots=True)
class Spent:
    """Seconds: of each answer at its best, and of the work that goes before."""

    told_s: float = float("inf")
    waiting_s: float = float("inf")
    added_up_s: float = float("inf")
    folding_s: float = 0.0
    measuring_s: float = 0.0


def run(*, now: datetime) -> Iterator[Figure]:
    """Ask for each field's days both ways, and compare the answers and the times."""
    with servers() as running:
        spent = uvloop.run(_measure(running, now=now))
    journals = ACCOUNTS * (DAYS + 1)
    sys.stderr.write(
        f"folding: {journals / spent.folding_s:,.0f} journals/s,"
        f" measuring {ACCOUNTS:,} accounts: {spent.measuring_s:.1f} s\n"
    )
    yield _figure("indicators of 100,000 accounts by field and day", spent.told_s, spent)
    yield _figure(f"the same while {JOURNALS_OF_CHUNK:,} transactions wait", spent.waiting_s, spent)


def _figure(what: str, told_s: float, spent: Spent) -> Figure:
    times = spent.added_up_s / told_s
    return Figure(
        what,
        f"{1_000 * told_s:,.0f} ms",
        f"adding up entries, accruals and balances: {1_000 * spent.added_up_s:,.0f} ms",
        f"{times:.0f} times as fast",
        f"≥ {TIMES_MIN} times",
        holds=times >= TIMES_MIN,
    )


async def _measure(running: Servers, *, now: datetime) -> Spent:
    fleet = await seed(running.urls.owner, meters=ACCOUNTS, now=now)
    owner = await asyncpg.connect(running.urls.owner, command_timeout=TIMEOUT_S)
    today = now.astimezone(ZONE).date()
    await _fill(owner, today)
    await access.connect(running.urls, pool_size=2)
    spent = Spent()
    spent.folding_s = -time.perf_counter()
    while await fold():
        pass
    spent.folding_s += time.perf_counter()
    spent.measuring_s = -time.perf_counter()
    await measure_company(company_id=fleet.company_id, now=now)
    spent.measuring_s += time.perf_counter()
    await owner.execute("vacuum analyze money_sum, charge_sum, standing_sum, unsummed_journal")
    for _ in range(ROUNDS):
        told_s, told = await _tell(fleet.company_id, today, now)
        added_up_s, added_up = await _add_up(owner, fleet.company_id, today)
        _check(told, added_up)
        spent.told_s = min(spent.told_s, told_s)
        spent.added_up_s = min(spent.added_up_s, added_up_s)
    await owner.execute(WAIT, fleet.company_id, JOURNALS_OF_CHUNK)
    for _ in range(ROUNDS):
        waiting_s, _ = await _tell(fleet.company_id, today, now)
        spent.waiting_s = min(spent.waiting_s, waiting_s)
    await access.close()
    await owner.close()
    return spent


async def _fill(owner: asyncpg.Connection, today: date) -> None:
    """Write what each account paid once, and used on each day, as it is after the close."""
    await owner.execute("alter table entry disable trigger user")
    await owner.execute(SIDES)
    for statement in (JOURNALS, ACCRUALS, CHARGED):
        await owner.execute(statement, today, DAYS)
    await owner.execute("vacuum analyze journal, ledger_account")
    await owner.execute(ENTRIES)
    await owner.execute(QUEUED)
    await owner.execute(BALANCES)
    await owner.execute("alter table entry enable trigger user")
    await owner.execute("vacuum analyze journal, entry, accrual, account_balance, ledger_account")


async def _tell(
    company_id: CompanyId, today: date, now: datetime
) -> tuple[float, dict[int, list[Bucket]]]:
    edges = [today - timedelta(days=back) for back in range(DAYS, -2, -1)]
    wall = Wall(lambda _: "true", {"company": company_id, "now": now})
    started_s = time.perf_counter()
    async with access.reading(company_id) as connection:
        groups = await indicators(connection, edges, by=IndicatorGrouping.FIELD, wall=wall)
    return time.perf_counter() - started_s, {one.id: list(one.buckets) for one in groups}


async def _add_up(
    owner: asyncpg.Connection, company_id: CompanyId, today: date
) -> tuple[float, list[list[asyncpg.Record]]]:
    started_s = time.perf_counter()
    found = [
        await owner.fetch(ADD_UP_ENTRIES, company_id, today, DAYS),
        await owner.fetch(ADD_UP_ACCRUALS, company_id, today, DAYS),
        await owner.fetch(ADD_UP_BALANCES, company_id),
    ]
    return time.perf_counter() - started_s, found


def _check(told: dict[int, list[Bucket]], added_up: list[list[asyncpg.Record]]) -> None:
    """Fail unless both say the same."""
    entries, accruals, balances = added_up
    buckets = [bucket for group in told.values() for bucket in group]
    movements = sum(
        (one.credited + one.debited for bucket in buckets for one in bucket.movements), Decimal(0)
    )
    charged = sum((bucket.charged.amount for bucket in buckets), Decimal(0))
    balance = sum(
        (group[-1].standing.balance for group in told.values() if group[-1].standing), Decimal(0)
    )
    if (movements, charged, balance) != (
        sum(row["moved"] for row in entries),
        sum(row["charged"] for row in accruals),
        sum(row["balance"] for row in balances),
    ):
        raise RuntimeError("indicators are not what the books say")


SIDES = """
    insert into ledger_account (company_id, kind, account_id, currency)
    select company_id, 'CREDIT', id, 'TRY' from account
    union all
    select c.id, kind, null, 'TRY' from company c, unnest('{CASH,REVENUE}'::text[]) kind
"""
# On the first day a payment; on each day what was used the day before.
JOURNALS = """
    insert into journal (company_id, kind, idempotency_key, request_hash, occurred_at,
        local_date, energy_date)
    select company_id, case n when 0 then 'CASH_TOP_UP' else 'ENERGY' end, id || '/' || n, '',
        ($1::date - $2::int + n)::timestamp at time zone 'Europe/Istanbul', $1::date - $2::int + n,
        case when n > 0 then $1::date - $2::int + n - 1 end
    from account, generate_series(0, $2::int) n
"""
ENTRIES = """
    with made as (
        select j.company_id, j.id, j.kind, j.occurred_at, p.field_id, a.id as account_id
        from journal j
        join account a on a.company_id = j.company_id
            and a.id = split_part(j.idempotency_key, '/', 1)::int8
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
    )
    insert into entry (company_id, journal_id, line, ledger_account_id, account_id, amount,
        currency, occurred_at, field_id)
    select m.company_id, m.id, 1, l.id, m.account_id,
        case m.kind when 'ENERGY' then -1.5 else 20 end, 'TRY', m.occurred_at, m.field_id
    from made m
    join ledger_account l on l.company_id = m.company_id and l.account_id = m.account_id
    union all
    select m.company_id, m.id, 2, l.id, null, case m.kind when 'ENERGY' then 1.5 else -20 end,
        'TRY', m.occurred_at, m.field_id
    from made m
    join ledger_account l on l.company_id = m.company_id
        and l.kind = case m.kind when 'ENERGY' then 'REVENUE' else 'CASH' end
"""
ACCRUALS = """
    insert into accrual (company_id, account_id, local_date, charged_micro, posted_micro,
        revision, energy_wh)
    select company_id, id, $1::date - n, 1500000, case n when 0 then 0 else 1500000 end, 1, 600
    from account, generate_series(0, $2::int) n
"""
CHARGED = """
    insert into charged_day (company_id, local_date)
    select id, $1::date - n from company, generate_series(0, $2::int) n
"""
QUEUED = "insert into unsummed_journal select company_id, id from journal"
BALANCES = "update account_balance set balance_micro = 8000000"
# As if the last ones had been posted this moment.
WAIT = """
    insert into unsummed_journal
    select company_id, id from journal where company_id = $1 order by id desc limit $2
"""
ADD_UP_ENTRIES = """
    select p.field_id, (e.occurred_at at time zone c.time_zone)::date as local_date, j.kind,
        l.kind as side, sum(abs(e.amount)) as moved, sum(e.amount) as amount, count(*) as entries
    from entry e
    join company c on c.id = e.company_id
    join journal j on j.company_id = e.company_id and j.id = e.journal_id
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    join entry own on own.company_id = e.company_id and own.journal_id = e.journal_id
        and own.line = 1
    join account a on a.company_id = own.company_id and a.id = own.account_id
    join premises p on p.company_id = a.company_id and p.id = a.premises_id
    where e.company_id = $1
        and e.occurred_at >= ($2::date - $3::int)::timestamp at time zone c.time_zone
    group by 1, 2, 3, 4
"""
ADD_UP_ACCRUALS = """
    select p.field_id, r.local_date, sum(r.charged_micro) * 0.000001 as charged,
        sum(r.energy_wh) as energy_wh
    from accrual r
    join account a on a.company_id = r.company_id and a.id = r.account_id
    join premises p on p.company_id = a.company_id and p.id = a.premises_id
    where r.company_id = $1 and r.local_date >= $2::date - $3::int
    group by 1, 2
"""
ADD_UP_BALANCES = """
    select p.field_id, a.billing_mode, count(*) as accounts,
        sum(b.balance_micro) * 0.000001 as balance, sum(b.debt_micro) * 0.000001 as debt
    from account a
    join account_balance b on b.company_id = a.company_id and b.account_id = a.id
    join premises p on p.company_id = a.company_id and p.id = a.premises_id
    where a.company_id = $1 group by 1, 2
"""
