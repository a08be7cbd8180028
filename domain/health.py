"""How the system is doing, from the facts in PostgreSQL. Not here: how it is shown."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from tortoise import Tortoise
from tortoise.exceptions import BaseORMException

from db.access import Connection, DatabaseUnavailable, system
from db.ids import CompanyId
from domain.outbox import Cursor

COUNT_MAX = 100_000
OVERDUE_COMPANIES_MAX = 1_000
INVOICING_LATE_AFTER = timedelta(days=1)
# The runs of the month before, and no older ones.
INVOICING_LOOKED_AT = timedelta(days=35)

# The newest table, or column, without a model; the models name the rest of what the code relies on.
NEWEST_TABLE = ("invoicing_run", "due_at")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What an operator has to know. Counts stop at COUNT_MAX.

    outbox_lag: age of the oldest event that is not delivered, zero when there is none.
    oldest_pending_frame: age of the frame that waits longest for decoding, zero likewise.
    day_close_overdue: by company, how long ago the oldest day ended that is not closed yet.
    invoicing_runs_late: months of companies whose invoices are not all made a day after the first.
    invoicing_accounts_failed: which have no invoice of the last month because making it failed.
    """

    outbox_lag: timedelta
    pending_frames: int
    oldest_pending_frame: timedelta
    review_frames: int
    held_readings: int
    day_close_overdue: Mapping[CompanyId, timedelta]
    invoicing_runs_open: int
    invoicing_runs_late: int
    invoicing_accounts_failed: int


async def vitals(*, now: datetime, delivered: Cursor | None = None) -> Vitals | None:
    """Measure, or return None when PostgreSQL does not answer.

    delivered: how far this process has read the outbox. Without it only what a running
    transaction holds back from every reader counts as not delivered.
    """
    try:
        async with system() as connection:
            return Vitals(
                outbox_lag=await _outbox_lag(connection, now, delivered),
                pending_frames=await _count(connection, "pending_frame"),
                oldest_pending_frame=await _oldest_pending_frame(connection, now),
                review_frames=await _count(connection, "review_frame"),
                held_readings=await _count(connection, "held_reading"),
                day_close_overdue=await _day_close_overdue(connection, now),
                **await _invoicing(connection, now),
            )
    except (*DatabaseUnavailable, asyncpg.PostgresError, BaseORMException) as error:
        log.warning("health.unmeasured", extra={"reason": repr(error)})
        return None


async def is_ready() -> bool:
    """Return whether PostgreSQL answers and has every column that the code relies on."""
    models = [] if Tortoise.apps is None else Tortoise.apps.get_models_iterable()
    metas = [model._meta for model in models]  # noqa: SLF001 - there is no other way to it
    needed = [(meta.db_table, column) for meta in metas for column in meta.db_fields]
    tables, columns = zip(*needed, NEWEST_TABLE, strict=True)
    try:
        async with system() as connection:
            return not await connection.fetchval(MISSING, list(tables), list(columns))
    except (*DatabaseUnavailable, asyncpg.PostgresError, BaseORMException):
        return False


MISSING = """
select exists (
    select from unnest($1::text[], $2::text[]) as needed (table_name, column_name)
    where not exists (
        select from pg_attribute
        where attrelid = to_regclass(table_name) and attname = column_name and not attisdropped
    )
)
"""


async def _outbox_lag(connection: Connection, now: datetime, delivered: Cursor | None) -> timedelta:
    if delivered is None:
        oldest = await connection.fetchval(
            "select min(created_at) from outbox"
            " where xid >= pg_snapshot_xmin(pg_current_snapshot())"
        )
    else:
        oldest = await connection.fetchval(
            "select min(created_at) from outbox where (xid, id) > ($1::text::xid8, $2)",
            str(delivered.xid),
            delivered.id,
        )
    return _age(oldest, now)


async def _oldest_pending_frame(connection: Connection, now: datetime) -> timedelta:
    return _age(await connection.fetchval("select min(received_at) from pending_frame"), now)


async def _count(connection: Connection, table: str) -> int:
    counted = f"select count(*) from (select from {table} limit {COUNT_MAX}) as counted"
    return int(await connection.fetchval(counted))


async def _day_close_overdue(
    connection: Connection, now: datetime
) -> Mapping[CompanyId, timedelta]:
    records = await connection.fetch(
        """
        select o.company_id, min((o.local_date + 1)::timestamp at time zone c.time_zone) as ended_at
        from open_day o join company c on c.id = o.company_id
        group by o.company_id, c.time_zone
        having min((o.local_date + 1)::timestamp at time zone c.time_zone) <= $1
        order by ended_at limit $2
        """,
        now,
        OVERDUE_COMPANIES_MAX,
    )
    return {CompanyId(record["company_id"]): now - record["ended_at"] for record in records}


async def _invoicing(connection: Connection, now: datetime) -> dict[str, int]:
    record = await connection.fetchrow(
        """
        select (select count(*) from invoicing_run where ended_at is null)::int
                as invoicing_runs_open,
            (select count(*) from invoicing_run where ended_at is null and begun_at < $1)::int
                as invoicing_runs_late,
            (select coalesce(sum(failed), 0) from invoicing_run
                where failed > 0 and begun_at > $2)::int as invoicing_accounts_failed
        """,
        now - INVOICING_LATE_AFTER,
        now - INVOICING_LOOKED_AT,
    )
    return dict(record or {})


def _age(since: datetime | None, now: datetime) -> timedelta:
    return timedelta() if since is None else max(now - since, timedelta())
