"""A queue of accounts whose charges of a month are to be looked at again, and why they come there.

Only months whose charges have begun: all others are looked at in their turn.
"""

from collections.abc import Sequence
from datetime import datetime

from db.access import Connection
from db.ids import CompanyId, PointId
from domain.billing.accrual import OPEN_DAYS_LOCK
from domain.invoices.rules import Month
from domain.month_charges.energies import EDGE_MAX

# Who is in the queue already is held there until the transaction is over: a row that is taken
# before that would be charged without what has become known, and be gone.
ONCE = "on conflict (company_id, account_id, month) do update set due_at = month_due.due_at"
# Who begins a month takes OPEN_DAYS_LOCK alone: so whoever has it either sees that the month has
# begun, or is done before, and the month sees what became known.
# What came late into months whose charges have begun; most batches have nothing of that age.
LATE = f"""
    with late as materialized (
        select distinct t.company_id, t.meter_id, t.ts from stage t
        where t.ts <= (select max(until_at) from month_run)
    )
    insert into month_due (company_id, account_id, month, due_at)
    select distinct late.company_id, ap.account_id, r.month, $1::timestamptz
    from late
    join month_run r on r.company_id = late.company_id
        and late.ts > r.from_at - $2::interval and late.ts <= r.until_at
    join mounting mo on mo.company_id = late.company_id and mo.meter_id = late.meter_id
        and mo.started_at < r.until_at and (mo.ended_at is null or mo.ended_at > r.from_at)
    join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        and ap.started_at < r.until_at and (ap.ended_at is null or ap.ended_at > r.from_at)
    order by 1, 2, 3
    {ONCE}
"""
OF_POINT = f"""
    insert into month_due (company_id, account_id, month, due_at)
    select distinct r.company_id, ap.account_id, r.month, $4::timestamptz
    from month_run r
    join account_point ap on ap.company_id = r.company_id and ap.point_id = $2
        and ap.started_at < r.until_at and (ap.ended_at is null or ap.ended_at > r.from_at)
    where r.company_id = $1 and r.month = $3
    order by 1, 2, 3
    {ONCE}
"""
# Also of those who turn out to have paid for nothing.
PAYERS_SINCE = f"""
    insert into month_due (company_id, account_id, month, due_at)
    select distinct r.company_id, payer.account_id, r.month, $4::timestamptz
    from month_run r
    cross join lateral (
        select ap.account_id from account_point ap
        where ap.company_id = r.company_id and ap.point_id = any($2::int8[])
            and ap.started_at < r.until_at and (ap.ended_at is null or ap.ended_at > r.from_at)
        union
        select v.account_id from month_verdict v
        where v.company_id = r.company_id and v.point_id = any($2::int8[]) and v.month = r.month
    ) payer
    where r.company_id = $1 and r.until_at > $3
    order by 1, 2, 3
    {ONCE}
"""
# Also of months that are being charged: what becomes of those, nobody else sees yet.
UNKNOWN = f"""
    insert into month_due (company_id, account_id, month, due_at)
    select company_id, account_id, month, $3::timestamptz from month_verdict
    where company_id = $1 and point_id = $2 and not_judged = 'CONNECTION_UNKNOWN'
    union
    select r.company_id, ap.account_id, r.month, $3
    from month_run r
    join account_point ap on ap.company_id = r.company_id and ap.point_id = $2
        and ap.started_at < r.until_at and (ap.ended_at is null or ap.ended_at > r.from_at)
    where r.company_id = $1 and r.ended_at is null
    order by 1, 2, 3
    {ONCE}
"""


async def note_late(connection: Connection, *, now: datetime) -> None:
    """Note the months that the staged readings of this transaction came late for."""
    await connection.execute(OPEN_DAYS_LOCK)
    await connection.execute(LATE, now, EDGE_MAX)


async def note_point(
    connection: Connection, company_id: CompanyId, point_id: PointId, month: Month, *, now: datetime
) -> None:
    """Note a month of all who paid for a metering point in it."""
    await connection.execute(OPEN_DAYS_LOCK)
    await connection.execute(OF_POINT, company_id, point_id, month.first, now)


async def note_payers(
    connection: Connection,
    company_id: CompanyId,
    point_ids: Sequence[PointId],
    *,
    since: datetime,
    now: datetime,
) -> None:
    """Note the months since an instant, when it turns out who paid for metering points."""
    await connection.execute(OPEN_DAYS_LOCK)
    await connection.execute(PAYERS_SINCE, company_id, point_ids, since, now)


async def note_unknown(
    connection: Connection, company_id: CompanyId, point_id: PointId, *, now: datetime
) -> None:
    """Note the months that were not judged because nobody knew the point's connection."""
    await connection.execute(OPEN_DAYS_LOCK)
    await connection.execute(UNKNOWN, company_id, point_id, now)
