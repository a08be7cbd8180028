"""What months are charged as a whole when they have ended, some accounts at a time.

How far a month is stands in a row, which moves on in the transaction that charges: who dies leaves
nothing half done, and two who work at once do not meet. What becomes known later waits in a queue.
"""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db import access
from db.access import Connection, DatabaseUnavailable
from db.ids import AccountId, CompanyId
from domain.billing.accrual import OPEN_DAYS_LOCK_ALONE
from domain.billing.queries import company_zone
from domain.invoices.rules import Month
from domain.listing import Record
from domain.month_charges.account_month import charge
from domain.month_charges.terms import HAS_MONTHLY, accounts_after
from domain.tariffs.flows import Span
from domain.turns import turn

log = logging.getLogger(__name__)

# Readings of a month's last day have come by then; those that have not are settled later.
WAITED = timedelta(hours=6)
# A month that nobody worked in is made up for, as long as its readings are there.
MADE_UP_MONTHS_MAX = 3
# Whether an account is charged is looked up for all of them, and costs little.
LOOKED_AT_MAX = 500
# A metering point that is read every quarter of an hour takes some 30 ms. One account may have more
# of them than a transaction has time for, and is given more.
CHUNK_POINTS = 25
CHUNK_AGAIN = 5
# Other jobs of the process wait for this one.
CHUNKS_MAX = 20
RETRY_AFTER = timedelta(minutes=1)
AGAIN_AFTER = timedelta(hours=1)

ENDED = f"""
    select c.id as company_id, ended.month::date as month,
        ended.month at time zone c.time_zone as from_at,
        (ended.month + interval '1 month') at time zone c.time_zone as until_at
    from company c
    cross join lateral (
        select date_trunc('month', ($1::timestamptz - $2::interval) at time zone c.time_zone)
            - interval '1 month' as month) last
    cross join lateral generate_series(
        greatest(last.month - $3::int4 * interval '1 month', coalesce(
            (select max(r.month)::timestamp + interval '1 month' from month_run r
                where r.company_id = c.id), last.month)),
        last.month, interval '1 month') ended (month)
    where c.active and exists (
        select from tariff_version where company_id = c.id and state = 'ACTIVE' and {HAS_MONTHLY})
"""
BEGIN = f"""
    insert into month_run (company_id, month, from_at, until_at, begun_at, due_at)
    select company_id, month, from_at, until_at, $1, $1 from ({ENDED}) e on conflict do nothing
"""
TAKE = """
    select company_id, month, from_at, until_at, after_account_id, failures from month_run
    where ended_at is null and due_at <= $1
    order by due_at, company_id, month limit 1 for update skip locked
"""
ADVANCE = """
    update month_run set after_account_id = $3, posted = posted + $4, failed = failed + $5,
        due_at = $6, failures = 0
    where company_id = $1 and month = $2
"""
PUT_RUN_OFF = """
    update month_run set due_at = $3, failures = failures + 1
    where company_id = $1 and month = $2 and ended_at is null
"""
END = "update month_run set ended_at = $3 where company_id = $1 and month = $2"
TAKE_AGAIN = """
    delete from month_due where (company_id, account_id, month) in (
        select company_id, account_id, month from month_due where due_at <= $1
        order by due_at, company_id, account_id, month limit $2 for update skip locked)
    returning company_id, account_id, month
"""
PUT_ALL_OFF = """
    update month_due set due_at = $4 where (company_id, account_id, month) in (
        select * from unnest($1::int4[], $2::int8[], $3::date[]))
"""
PUT_OFF = """
    insert into month_due (company_id, account_id, month, due_at) values ($1, $2, $3, $4)
    on conflict do nothing
"""


async def work(*, now: datetime, chunks_max: int = CHUNKS_MAX) -> int:
    """Charge months that have ended; return how many revisions were posted. Safe to repeat."""
    async with access.system() as connection:
        due = await connection.fetchval(f"select exists ({ENDED})", now, WAITED, MADE_UP_MONTHS_MAX)
        if due:
            # Whoever stores readings meanwhile either sees that the month has begun, or is done.
            await connection.execute(OPEN_DAYS_LOCK_ALONE)
            await connection.execute(BEGIN, now, WAITED, MADE_UP_MONTHS_MAX)
    posted = 0
    for chunk in (_chunk, _again):
        for _ in range(chunks_max):
            made = await chunk(now)
            if made is None:
                break
            posted += made
    return posted


async def _chunk(now: datetime) -> int | None:
    """Charge the next accounts of a month; None when there is nothing left to look at."""
    return await turn(TAKE, go_on=_go_on, put_off=_put_off, now=now)


async def _put_off(run: Record, error: Exception, now: datetime) -> None:
    _tell(error, company=run["company_id"], month=str(run["month"]))
    async with access.system() as connection:
        later = now + RETRY_AFTER
        await connection.execute(PUT_RUN_OFF, run["company_id"], run["month"], later)


async def _go_on(connection: Connection, run: Record, now: datetime) -> int:
    await connection.execute(access.LAST_LONGER)
    company_id, month = CompanyId(run["company_id"]), Month(run["month"])
    zone = await company_zone(connection, company_id)
    account_ids, last = await _next_accounts(connection, run)
    if last is None:
        await connection.execute(END, company_id, month.first, now)
        return 0
    posted = failed = 0
    for account_id in account_ids:
        made = await _charge(connection, company_id, account_id, month, zone, now)
        posted, failed = posted + (made or 0), failed + (made is None)
    await connection.execute(ADVANCE, company_id, month.first, last, posted, failed, now)
    return posted


async def _next_accounts(
    connection: Connection, run: Record
) -> tuple[list[AccountId], AccountId | None]:
    """Return accounts to be charged, and the last one looked at; None if there was none."""
    looked_at = await accounts_after(
        connection,
        CompanyId(run["company_id"]),
        AccountId(run["after_account_id"]),
        Span(run["from_at"], run["until_at"]),
        # What takes too long together may go through one by one.
        limit=max(1, LOOKED_AT_MAX >> run["failures"]),
    )
    charged: list[AccountId] = []
    last, room = None, CHUNK_POINTS
    for account_id, points in looked_at:
        if charged and points > room:
            break
        if points:
            charged.append(account_id)
        last, room = account_id, room - points
    return charged, last


async def _again(now: datetime) -> int | None:
    """Charge accounts of which something became known; None when there are none."""
    taken: list[Record] = []
    try:
        async with access.system() as connection:
            taken = await connection.fetch(TAKE_AGAIN, now, CHUNK_AGAIN)
            return await _charge_again(connection, taken, now) if taken else None
    except Exception as error:
        if not taken:
            raise
        _tell(error, accounts=[row["account_id"] for row in taken])
        async with access.system() as connection:
            columns = zip(*(tuple(row) for row in taken), strict=True)
            await connection.execute(PUT_ALL_OFF, *columns, now + RETRY_AFTER)
        return 0


async def _charge_again(connection: Connection, taken: list[Record], now: datetime) -> int:
    await connection.execute(access.LAST_LONGER)
    posted = 0
    # In the order in which everybody locks balances.
    for row in sorted(taken, key=tuple):
        company_id, month = CompanyId(row["company_id"]), Month(row["month"])
        zone = await company_zone(connection, company_id)
        account_id = AccountId(row["account_id"])
        posted += await _charge(connection, company_id, account_id, month, zone, now) or 0
    return posted


def _tell(error: Exception, **facts: object) -> None:
    if isinstance(error, DatabaseUnavailable):
        log.warning("month_charges.interrupted", extra={**facts, "reason": repr(error)})
    else:
        log.error("month_charges.failed", extra=facts, exc_info=error)


async def _charge(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    month: Month,
    zone: ZoneInfo,
    now: datetime,
) -> int | None:
    """Charge an account and return how many revisions that took; None if it cannot be charged.

    One that cannot be stops no other, and is tried again.
    """
    try:
        async with connection.transaction():
            return await charge(
                connection,
                company_id=company_id,
                account_id=account_id,
                month=month,
                zone=zone,
                now=now,
            )
    except DatabaseUnavailable:
        raise
    except Exception:
        log.exception("month_charges.account_failed", extra={"account": account_id})
    await connection.execute(PUT_OFF, company_id, account_id, month.first, now + AGAIN_AFTER)
    return None
