"""What forgetting by days has in common: tables of a day, and companies that keep for so long."""

from collections.abc import Sequence
from datetime import date, datetime

from db import access

# Of one statement in a call.
REVIEWED_MAX = 10_000


def days(table: str) -> str:
    """Return the query of the days that a table has partitions of.

    Conditions on a day may be tried on tables that are no partitions, before the join.
    """
    return f"""
        select to_date(substring(c.relname from '^{table}_([0-9]{{8}})$'), 'YYYYMMDD') as day
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = '{table}'::regclass
    """


def kept_from(setting: str) -> str:
    """Return the query of the first day of UTC that each company keeps. $1: now."""
    return f"""
        select id as company_id, (
                ($1::timestamptz - {setting} * interval '1 day') at time zone 'UTC'
            )::date as kept_from
        from company
    """


async def days_nobody_keeps(
    table: str, setting: str, *, days_max: int, now: datetime
) -> list[date]:
    """Return days of a table that no company keeps any longer, the oldest first."""
    async with access.system() as connection:
        rows = await connection.fetch(
            f"select day from ({days(table)}) d"
            f" where day < (select min(kept_from) from ({kept_from(setting)}) c)"
            " order by day limit $2",
            now,
            days_max,
        )
    return [row["day"] for row in rows]


def past(table: str, setting: str) -> str:
    """Return the query of some rows that came before what their companies keep. $1: now; $2: limit.

    As old as their receipt: their own time may be what is wrong with them.
    """
    return f"""
        select o.company_id, o.id from company c
        join {table} o on o.company_id = c.id
            and o.received_at < $1::timestamptz - c.{setting} * interval '1 day'
        limit $2
    """


async def forget_reviewed(statements: Sequence[str], *, now: datetime) -> int:
    """Run what deletes rows that waited for a person; return how many went."""
    deleted = 0
    for statement in statements:
        async with access.system() as connection:
            status = await connection.execute(statement, now, REVIEWED_MAX)
        deleted += int(status.rsplit(" ", 1)[1])
    return deleted
