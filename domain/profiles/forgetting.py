"""Forgetting load profiles past their company's retention.

No late interval is older than `rules.AGE_MAX` of readings, which no retention falls short of. A day
that nobody keeps any longer is dropped whole; before that, intervals of companies that keep less
are deleted. What was charged by them stays charged.
"""

from dataclasses import dataclass
from datetime import datetime

from db import access
from db.access import Connection

# Of one call: with the work of a chunk, no job may hold up the others.
CHUNKS_MAX = 40
DAYS_DROPPED_MAX = 10
# Of one transaction.
DELETED_MAX = 50_000
REVIEWED_MAX = 10_000

LOCK = "select pg_advisory_xact_lock(hashtext('profiles_forgotten'))"
# Conditions on a day may be tried on tables that are no partitions, before the join.
DAYS = """
    select to_date(substring(c.relname from '^load_interval_([0-9]{8})$'), 'YYYYMMDD') as day
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'load_interval'::regclass
"""
KEPT_FROM = """
    select id as company_id, (
            ($1::timestamptz - profile_retention_days * interval '1 day') at time zone 'UTC'
        )::date as kept_from
    from company
"""
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
FORGET_HELD = """
    delete from held_interval h using (
        select o.company_id, o.id from company c
        join held_interval o on o.company_id = c.id
            and o.received_at < $1::timestamptz - c.profile_retention_days * interval '1 day'
        limit $2
    ) old
    where h.company_id = old.company_id and h.id = old.id
"""
FORGET_CONFLICTS = """
    delete from interval_conflict i using (
        select o.company_id, o.id from company c
        join interval_conflict o on o.company_id = c.id
            and o.received_at < $1::timestamptz - c.profile_retention_days * interval '1 day'
        limit $2
    ) old
    where i.company_id = old.company_id and i.id = old.id
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
    async with access.system() as connection:
        days = await connection.fetch(
            f"select day from ({DAYS}) d where day < (select min(kept_from) from ({KEPT_FROM}) c)"
            " order by day limit $2",
            now,
            DAYS_DROPPED_MAX,
        )
    for row in days:
        async with access.system() as connection:
            await connection.execute(LOCK)
            forgotten.days += await connection.fetchval(
                "select drop_load_intervals($1, $2)", row["day"], now
            )
    for statement in (FORGET_HELD, FORGET_CONFLICTS):
        async with access.system() as connection:
            status = await connection.execute(statement, now, REVIEWED_MAX)
        forgotten.reviewed += int(status.rsplit(" ", 1)[1])
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
        forgotten.days += await connection.fetchval(
            "select drop_load_intervals($1, $2)", due["day"], now
        )
    return True
