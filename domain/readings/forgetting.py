"""Forgetting readings past their company's retention, without losing what billing goes on from.

Before readings of a day of UTC go, the newest index of each meter among them is kept: a late
reading, or the first after a long silence, is charged from there. No late reading is older than
`rules.AGE_MAX`, which every retention exceeds. A day that nobody keeps any longer is dropped
whole; before that, readings of companies that keep less are deleted by meters.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from db import access
from db.access import Connection
from db.ids import CompanyId
from domain.retention import days, days_nobody_keeps, forget_reviewed, kept_from, past

# Of one call: with the work of a chunk, no job may hold up the others.
CHUNKS_MAX = 40
DAYS_DROPPED_MAX = 10
# Of one transaction. A meter has 96 readings a day, or up to 1,440 of each register set.
METERS_KEPT_MAX = 500
METERS_DELETED_MAX = 100

SETTING = "reading_retention_days"

LOCK = "select pg_advisory_xact_lock(hashtext('readings_forgotten'))"
DAYS = days("reading")
KEPT_FROM = kept_from(SETTING)
# Days before the shortest `kept_from` are not deleted by meters: they are dropped.
NEXT = f"""
    with day as ({DAYS}), company as ({KEPT_FROM}), due as (
        select company_id, 'KEEP' as step, '-infinity'::date as due_from, kept_from as due_until
        from company
        union all
        select c.company_id, 'DELETE', (select min(kept_from) from company),
            least(c.kept_from, k.day)
        from company c
        join readings_forgotten k on k.company_id = c.company_id and k.step = 'KEEP'
    )
    select due.company_id, due.step, day.day,
        case when f.day = day.day then f.after_meter_id else 0 end as after_meter_id
    from due
    left join readings_forgotten f on f.company_id = due.company_id and f.step = due.step
    join day on day.day >= greatest(due.due_from, f.day) and day.day < due.due_until
    order by due.step desc, day.day, due.company_id limit 1
"""
METERS = "select id from meter where company_id = $1 and id > $2 order by id limit $3"
OF_DAY = """
    reading.company_id = $1 and reading.ts >= $4::date::timestamp at time zone 'UTC'
    and reading.ts < ($4::date + 1)::timestamp at time zone 'UTC'
"""
KEEP = f"""
    with chunk as ({METERS}), kept as (
        insert into kept_index as k (company_id, meter_id, at, index_wh)
        select $1, chunk.id, newest.ts, newest.index_wh
        from chunk cross join lateral (
            select reading.ts, reading.index_wh from reading
            where {OF_DAY} and reading.meter_id = chunk.id and reading.index_wh is not null
            order by reading.ts desc, reading.index_wh desc limit 1
        ) newest
        order by chunk.id
        on conflict (company_id, meter_id) do update
        set at = excluded.at, index_wh = excluded.index_wh
        where (k.at, k.index_wh) < (excluded.at, excluded.index_wh)
    )
    select max(id) as last, 0::int8 as deleted from chunk
"""
DELETE = f"""
    with chunk as ({METERS}), deleted as (
        delete from reading using chunk where {OF_DAY} and reading.meter_id = chunk.id
        returning true
    )
    select (select max(id) from chunk) as last, (select count(*) from deleted) as deleted
"""
GO_ON = """
    insert into readings_forgotten as f (company_id, step, day, after_meter_id)
    values ($1, $2, $3::date + case when $4::int8 is null then 1 else 0 end, coalesce($4, 0))
    on conflict (company_id, step) do update
    set day = excluded.day, after_meter_id = excluded.after_meter_id
"""
FORGET_HELD = f"""
    delete from held_reading h using ({past("held_reading", SETTING)}) old
    where h.company_id = old.company_id and h.id = old.id
"""
FORGET_CONFLICTS = f"""
    delete from reading_conflict c using ({past("reading_conflict", SETTING)}) old
    where c.company_id = old.company_id and c.id = old.id
"""


class Step(StrEnum):
    """What is done to a company's day: first the one, then perhaps the other."""

    KEEP = "KEEP"
    DELETE = "DELETE"


STATEMENTS = {Step.KEEP: (KEEP, METERS_KEPT_MAX), Step.DELETE: (DELETE, METERS_DELETED_MAX)}


@dataclass(slots=True)
class Forgotten:
    """What a call has come to. reviewed: readings that waited for a person's decision."""

    readings: int = 0
    reviewed: int = 0
    days: int = 0


async def forget(*, now: datetime, chunks_max: int = CHUNKS_MAX) -> Forgotten:
    """Do some of what is due; a later call goes on. Repeatable; of two at once, each waits.

    Readings that are held, or that contradict others, are as old as their receipt: their own time
    may be what is wrong with them.
    """
    forgotten = Forgotten()
    for _ in range(chunks_max):
        async with access.system() as connection:
            if not await _forget_chunk(connection, forgotten, now=now):
                break
    for day in await days_nobody_keeps("reading", SETTING, days_max=DAYS_DROPPED_MAX, now=now):
        async with access.system() as connection:
            await connection.execute(LOCK)
            forgotten.days += await _drop(connection, day, now=now)
    forgotten.reviewed = await forget_reviewed((FORGET_HELD, FORGET_CONFLICTS), now=now)
    return forgotten


async def _forget_chunk(connection: Connection, forgotten: Forgotten, *, now: datetime) -> bool:
    """Work on the next meters of a day of a company; return whether there were any to work on."""
    await connection.execute(LOCK)
    due = await connection.fetchrow(NEXT, now)
    if due is None:
        return False
    company_id, step, day = CompanyId(due["company_id"]), Step(due["step"]), due["day"]
    statement, meters_max = STATEMENTS[step]
    (done,) = await connection.fetch(statement, company_id, due["after_meter_id"], meters_max, day)
    await connection.execute(GO_ON, company_id, step, day, done["last"])
    forgotten.readings += done["deleted"]
    if step is Step.DELETE and done["last"] is None:
        # Others may have had nothing of that day.
        forgotten.days += await _drop(connection, day, now=now)
    return True


async def _drop(connection: Connection, day: date, *, now: datetime) -> bool:
    """Have a day dropped by the owner, who refuses while anything of it is needed."""
    return bool(await connection.fetchval("select drop_readings($1, $2)", day, now))
