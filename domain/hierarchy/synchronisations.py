"""Records of devices being in step with us: heard or lost, their clocks and parameters."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db import access
from db.access import Connection
from db.ids import CollectorId, CompanyId
from domain.hierarchy.health import FACTS, STATE
from domain.hierarchy.rules import clock_outcome, parameters_outcome
from domain.listing import bound

# A clock that stays as it is is recorded once in this time, however often the device tells it.
CLOCK_RECORD_EVERY = timedelta(hours=1)
# An RF module tells nothing but readings: that it is heard is all that is known of its step.
CONTACT_RECORD_EVERY = timedelta(days=1)
# Devices judged in one transaction.
JUDGED_MAX = 2_000
# Records dropped in one transaction, and such transactions of one call.
FORGOTTEN_MAX = 10_000
FORGET_CHUNKS_MAX = 40
MS = timedelta(milliseconds=1)

SILENCES = """
    with judged as (
        select {table}.id, {table}.silent_since, facts.heard_at, ({state}) = 'SILENT' as is_silent
        from {table} cross join lateral ({facts}) facts
        where {table}.company_id = {{company}} and {table}.active and {table}.id > {{after}}::int8
        order by {table}.id limit {{limit}}
    ), changed as (
        update {table} d
        set silent_since = case when j.is_silent then coalesce(j.heard_at, {{now}}) end {also_set}
        from judged j
        where d.company_id = {{company}} and d.id = j.id
            and (j.is_silent <> (j.silent_since is not null) {or_due})
            and d.silent_since is not distinct from j.silent_since
        returning d.id, d.silent_since
    ), noted as (
        insert into synchronisation (company_id, {table}_id, at, kind, outcome)
        select {{company}}, id, {{now}}::timestamptz, 'CONTACT',
            case when silent_since is null then 'SUCCEEDED' else 'FAILED' end
        from changed returning id
    )
    select (select max(id) from judged) as last, (select count(*) from noted) as noted
"""

# What a collector has synchronised is its clock; an RF module has nothing but its contact.
ALSO_SET = {
    "collector": "",
    "rf_module": """, last_synchronised_at = {now},
        synchronisation_outcome = case when j.is_silent then 'FAILED' else 'SUCCEEDED' end""",
}
OR_DUE = {
    "collector": "",
    "rf_module": """or not j.is_silent
        and j.heard_at > coalesce(d.last_synchronised_at, '-infinity')
        and coalesce(d.last_synchronised_at, '-infinity') <= {due}""",
}

# What a collector tells again and again is recorded when it has changed.
NOTE_PARAMETERS = """
    insert into synchronisation (company_id, collector_id, at, kind, outcome, detail)
    select $1::int4, $2::int8, $3::timestamptz, 'PARAMETERS', $4::text, $5::text
    where not exists (
        select from (
            select outcome, detail from synchronisation
            where company_id = $1 and collector_id = $2 and kind = 'PARAMETERS'
            order by at desc, id desc limit 1
        ) last where (last.outcome, last.detail) = ($4, $5)
    )
"""


async def note_parameters(
    connection: Connection,
    *,
    company_id: CompanyId,
    collector_id: CollectorId,
    software_version: str | None,
    utc_offset: str | None,
    now: datetime,
) -> None:
    """Record the parameters that a collector tells, if they are news. Safe to repeat.

    utc_offset: of its zone without summer time, such as `+03:00`, in its own words.
    Joins the caller's transaction, which holds the collector's row.
    """
    told = {"software": software_version, "UTC offset": utc_offset}
    detail = ", ".join(f"{name} {value}" for name, value in told.items() if value is not None)
    if not detail:
        return
    time_zone = await connection.fetchval(
        "select time_zone from collector where company_id = $1 and id = $2",
        company_id,
        collector_id,
    )
    outcome = parameters_outcome(utc_offset, zone=ZoneInfo(time_zone), now=now)
    await connection.execute(NOTE_PARAMETERS, company_id, collector_id, now, outcome, detail)


async def note_clock(
    *, company_id: CompanyId, collector_id: CollectorId, device_at: datetime, now: datetime
) -> bool:
    """Record how far a collector's clock is off, if that is news; return whether it was.

    device_at: what it shows, aware, or in the collector's own time zone. Safe to repeat.
    """
    async with access.system() as connection:
        row = await connection.fetchrow(
            "select c.time_zone, co.clock_drift_max_s from collector c"
            " join company co on co.id = c.company_id where c.company_id = $1 and c.id = $2",
            company_id,
            collector_id,
        )
        if row is None:
            return False
        shown = device_at if device_at.tzinfo else device_at.replace(tzinfo=ZoneInfo(row[0]))
        deviation = shown - now
        outcome = clock_outcome(deviation, drift_max=timedelta(seconds=row["clock_drift_max_s"]))
        return await _record_clock(
            connection, company_id, collector_id, outcome.value, deviation // MS, now
        )


async def _record_clock(
    connection: Connection,
    company_id: CompanyId,
    collector_id: CollectorId,
    outcome: str,
    deviation_ms: int,
    now: datetime,
) -> bool:
    return bool(
        await connection.fetchval(
            """
            with changed as (
                update collector set last_synchronised_at = $3, synchronisation_outcome = $4
                where company_id = $1 and id = $2
                    and (synchronisation_outcome is distinct from $4
                        or last_synchronised_at is null or last_synchronised_at <= $5)
                returning id
            )
            insert into synchronisation (company_id, collector_id, at, kind, outcome, deviation_ms)
            select $1, id, $3, 'CLOCK', $4, $6 from changed returning true
            """,
            company_id,
            collector_id,
            now,
            outcome,
            now - CLOCK_RECORD_EVERY,
            deviation_ms,
        )
    )


async def note_silences(*, now: datetime) -> int:
    """Record which devices have fallen silent or are heard again; return how many. Repeatable.

    That an RF module is heard as before is recorded once a day.
    """
    async with access.system() as connection:
        companies = await connection.fetch("select id from company where active order by id")
    noted = 0
    for row in companies:
        for table in FACTS:
            noted += await _note_silences(table, CompanyId(row["id"]), now)
    return noted


async def _note_silences(table: str, company_id: CompanyId, now: datetime) -> int:
    template = SILENCES.format(
        table=table,
        state=STATE,
        facts=FACTS[table],
        also_set=ALSO_SET[table],
        or_due=OR_DUE[table],
    )
    due = now - CONTACT_RECORD_EVERY
    after: int | None = 0
    noted = 0
    while after is not None:
        values = {
            "company": company_id,
            "now": now,
            "due": due,
            "after": after,
            "limit": JUDGED_MAX,
        }
        text, arguments = bound(template, values)
        async with access.system() as connection:
            (row,) = await connection.fetch(text, *arguments)
        after, noted = row["last"], noted + row["noted"]
    return noted


async def forget(*, now: datetime) -> int:
    """Drop records past their company's retention, 400,000 at most; return how many. Repeatable."""
    forgotten = 0
    for _ in range(FORGET_CHUNKS_MAX):
        chunk = await _forget_chunk(now=now)
        forgotten += chunk
        if chunk < FORGOTTEN_MAX:
            break
    return forgotten


async def _forget_chunk(*, now: datetime) -> int:
    async with access.system() as connection:
        status = await connection.execute(
            """
            delete from synchronisation s using (
                select o.company_id, o.id from company c
                join synchronisation o on o.company_id = c.id
                    and o.at < $1::timestamptz - c.synchronisation_retention_days * interval '1 day'
                limit $2
            ) old
            where s.company_id = old.company_id and s.id = old.id
            """,
            now,
            FORGOTTEN_MAX,
        )
    return int(status.rsplit(" ", 1)[1])
