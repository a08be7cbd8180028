"""Measuring companies: what the energy of days comes to, and how accounts stand, by field.

Each time is one state of the books. What is measured is written at the end, so that a long look
holds up nobody.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from db import access
from db.access import Connection, DatabaseUnavailable
from db.enums import Segment
from db.ids import CompanyId, FieldId
from domain.analytics.standings import SUMS, FieldStanding, standings
from domain.listing import Record
from domain.metering.stays import STAY

log = logging.getLogger(__name__)

# Of a company at a time; days that readings come late for wait their turn.
DAYS_MAX = 10
READ_TIMEOUT_S = 60

# A snapshot only reads unless somebody says otherwise before its first query.
ALSO_WRITE = "set transaction read write"
# Of two who measure a company, the later one goes.
LOCK = "select pg_try_advisory_xact_lock(hashtext('analytics.measure'), $1)"
# A day that is open, or was again since it was measured; the newest first when all have waited
# equally long.
DUE = """
    select d.local_date, case when o.local_date is null then d.opened end as opened
    from charged_day d
    left join measured_day m on m.company_id = d.company_id and m.local_date = d.local_date
    left join open_day o on o.company_id = d.company_id and o.local_date = d.local_date
    where d.company_id = $1 and m.opened is distinct from d.opened
    order by m.as_of nulls first, d.local_date desc limit $2
"""
CHARGES = f"""
    select $2::date as local_date, coalesce(stay.field_id, p.field_id) as field_id,
        sum(r.charged_micro)::int8 as charged_micro, sum(r.energy_wh) as energy_wh,
        count(*)::int4 as accounts
    from accrual r
    join account a on a.company_id = r.company_id and a.id = r.account_id
    join premises p on p.company_id = a.company_id and p.id = a.premises_id
    {STAY.format(day="$2")}
    where r.company_id = $1 and r.local_date = $2
    group by 2
"""
FORGET_CHARGES = "delete from charge_sum where company_id = $1 and local_date = any($2::date[])"
KEEP_CHARGES = """
    insert into charge_sum
        (company_id, local_date, field_id, charged_micro, energy_wh, accounts)
    values ($1, $2, $3, $4, $5, $6)
"""
NOTE_MEASURED = """
    insert into measured_day (company_id, local_date, opened, as_of) values ($1, $2, $3, $4)
    on conflict (company_id, local_date) do update
    set opened = excluded.opened, as_of = excluded.as_of
"""
COLUMNS = ("as_of", "no_energy", "invoiced", "warning_limit", "credit", "below_warning", *SUMS)
KEEP_STANDING = f"""
    insert into standing_sum (company_id, local_date, field_id, {", ".join(COLUMNS)}, run_outs)
    select $1, ($3 at time zone time_zone)::date, $2,
        {", ".join(f"${number}" for number in range(3, 4 + len(COLUMNS)))}
    from company where id = $1
    on conflict (company_id, local_date, field_id) do update
    set {", ".join(f"{name} = excluded.{name}" for name in (*COLUMNS, "run_outs"))}
"""


async def measure(*, now: datetime) -> int:
    """Measure every active company; return how many. Safe to repeat and to run twice at once."""
    measured = 0
    for company_id in await _companies():
        try:
            measured += await measure_company(company_id=company_id, now=now)
        except DatabaseUnavailable:
            raise
        except Exception:
            # Its figures stay as they are, with the time that they are of.
            log.exception("analytics.not_measured", extra={"company": company_id})
    return measured


async def measure_company(*, company_id: CompanyId, now: datetime) -> bool:
    """Measure one company; return whether nobody else does so at this moment."""
    async with access.system(snapshot=True) as connection:
        await connection.execute(ALSO_WRITE)
        await connection.execute(access.LAST_LONGER)
        if not await connection.fetchval(LOCK, company_id):
            return False
        days = await connection.fetch(DUE, company_id, DAYS_MAX)
        charges = [row for day in days for row in await _charges(connection, company_id, day)]
        standing = await standings(connection, company_id, now=now)
        await _keep_charges(connection, company_id, days, charges, now)
        await _keep_standings(connection, company_id, standing, now)
    return True


async def _companies() -> list[CompanyId]:
    rows = await access.read_rows("select id from company where active order by id")
    return [CompanyId(row["id"]) for row in rows]


async def _charges(connection: Connection, company_id: CompanyId, day: Record) -> list[Record]:
    return await connection.fetch(CHARGES, company_id, day["local_date"], timeout=READ_TIMEOUT_S)


async def _keep_charges(
    connection: Connection,
    company_id: CompanyId,
    days: Sequence[Record],
    charges: Sequence[Record],
    now: datetime,
) -> None:
    dates: list[date] = [day["local_date"] for day in days]
    await connection.execute(FORGET_CHARGES, company_id, dates)
    await connection.executemany(KEEP_CHARGES, [(company_id, *row) for row in charges])
    await connection.executemany(
        NOTE_MEASURED, [(company_id, day["local_date"], day["opened"], now) for day in days]
    )


async def _keep_standings(
    connection: Connection,
    company_id: CompanyId,
    standing: Mapping[FieldId, FieldStanding],
    now: datetime,
) -> None:
    rows = [
        (
            company_id,
            field_id,
            now,
            one.segments[Segment.NO_ENERGY],
            one.segments[Segment.INVOICED],
            one.segments[Segment.WARNING_LIMIT],
            one.segments[Segment.CREDIT],
            one.below_warning,
            *(one.sums[name] for name in SUMS),
            one.run_outs,
        )
        for field_id, one in standing.items()
    ]
    await connection.executemany(KEEP_STANDING, rows)
