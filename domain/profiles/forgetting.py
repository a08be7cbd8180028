"""Forgetting load profiles past their company's retention.

No late interval is older than `rules.AGE_MAX` of readings, which no retention falls short of. A day
that nobody keeps any longer is dropped whole; before that, intervals of companies that keep less
are deleted. What was charged by them stays charged.
"""

from dataclasses import dataclass
from datetime import date, datetime

from db import access
from db.access import Connection
from domain.retention import days, days_nobody_keeps, forget_reviewed, kept_from, past

# Of one call: with the work of a chunk, no job may hold up the others.
CHUNKS_MAX = 40
DAYS_DROPPED_MAX = 10
# Of one transaction.
DELETED_MAX = 50_000

SETTING = "profile_retention_days"

LOCK = "select pg_advisory_xact_lock(hashtext('profiles_forgotten'))"
DAYS = days("load_interval")
KEPT_FROM = kept_from(SETTING)
# Days before the shortest `kept_from` are dropped, but for those that would be made again.
NEXT = f"""
    with day as ({DAYS}), company as ({KEPT_FROM})
    select c.company_id, day.day
    from company c
    left join profiles_forgotten f on f.company_id = c.company_id
    join day on day.day < c.kept_from
        and day.day >= greatest(f.day, least(
            (select min(kept_from) from company),
            ($1::timestamptz at time zone 'UTC')::date - 101))
    order by day.day, c.company_id limit 1
"""
OF_DAY = """
    company_id = $1 and starts_at >= $2::date::timestamp at time zone 'UTC'
    and starts_at < ($2::date + 1)::timestamp at time zone 'UTC'
"""
# A day is one table, and a place in it one row.
DELETE = f"""
    with deleted as (
        delete from load_interval
        where {OF_DAY} and ctid = any(array(
            select ctid from load_interval where {OF_DAY} limit {DELETED_MAX}))
        returning true
    )
    select count(*) from deleted
"""
GO_ON = """
    insert into profiles_forgotten (company_id, day) values ($1, $2::date + 1)
    on conflict (company_id) do update set day = excluded.day
"""
FORGET_HELD = f"""
    delete from held_interval h using ({past("held_interval", SETTING)}) old
    where h.company_id = old.company_id and h.id = old.id
"""
FORGET_CONFLICTS = f"""
    delete from interval_conflict c using ({past("interval_conflict", SETTING)}) old
    where c.company_id = old.company_id and c.id = old.id
"""


@dataclass(slots=True)
class Forgotten:
    """What a call has come to. reviewed: intervals that waited for a person's decision."""

    intervals: int = 0
    reviewed: int = 0
    days: int = 0


async def forget(*, now: datetime, chunks_max: int = CHUNKS_MAX) -> Forgotten:
    """Do some of what is due; a later call goes on. Repeatable; of two at once, each waits.

    What is held, or contradicts others, is as old as its receipt.
    """
    forgotten = Forgotten()
    for _ in range(chunks_max):
        async with access.system() as connection:
            if not await _forget_chunk(connection, forgotten, now=now):
                break
    for day in await days_nobody_keeps(
        "load_interval", SETTING, days_max=DAYS_DROPPED_MAX, now=now
    ):
        async with access.system() as connection:
            await connection.execute(LOCK)
            forgotten.days += await _drop(connection, day, now=now)
    forgotten.reviewed = await forget_reviewed((FORGET_HELD, FORGET_CONFLICTS), now=now)
    return forgotten


async def _forget_chunk(connection: Connection, forgotten: Forgotten, *, now: datetime) -> bool:
    """Delete some of the oldest day of a company; return whether there was one."""
    await connection.execute(LOCK)
    due = await connection.fetchrow(NEXT, now)
    if due is None:
        return False
    deleted = await connection.fetchval(DELETE, *due)
    forgotten.intervals += deleted
    if deleted < DELETED_MAX:
        await connection.execute(GO_ON, *due)
        # Others may have had nothing of that day.
        forgotten.days += await _drop(connection, due["day"], now=now)
    return True


async def _drop(connection: Connection, day: date, *, now: datetime) -> bool:
    """Have a day dropped by the owner, who refuses while anything of it is needed."""
    return bool(await connection.fetchval("select drop_load_intervals($1, $2)", day, now))
