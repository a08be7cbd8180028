"""A queue of accounts whose charges of a month are to be looked at again, and why they come there.

Only months whose charges have begun: all others are looked at in their turn.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId, PointId
from domain.billing.accrual import OPEN_DAYS_LOCK
from domain.invoices.rules import Month
from domain.month_charges.energies import EDGE_MAX
from domain.tariffs.deductible import BY_MONTH
from domain.tariffs.flows import Span

# Who is in the queue already is held there until the transaction is over: a row that is taken
# before that would be charged without what has become known, and be gone.
ONCE = "on conflict (company_id, account_id, month) do update set due_at = month_due.due_at"
# Whether a company nets energy. company: the column that names it.
NETS = f"""exists (select from tariff_version v where v.company_id = {{company}}
    and v.state = 'ACTIVE' and v.definition @? '{BY_MONTH}'
    and v.definition @? '$.netting.period')"""
# Who begins a month takes OPEN_DAYS_LOCK alone: so whoever has it either sees that the month has
# begun, or is done before, and the month sees what became known.
# What came late into months whose charges have begun; most batches have nothing of that age. A
# load profile matters where energy is netted. So does whatever is charged otherwise there, for that
# is what netting takes back: slabs begin, and bands are told apart, by readings of other months.
LATE = f"""
    with late as materialized (
        select distinct t.company_id, t.meter_id, t.ts as since, t.ts as until from stage t
        where t.ts <= (select max(until_at) from month_run)
        union
        select told.* from unnest($3::int4[], $4::int8[], $5::timestamptz[], $6::timestamptz[])
            told (company_id, meter_id, since, until)
        where told.since <= (select max(until_at) from month_run)
            and {NETS.format(company="told.company_id")}
    )
    insert into month_due (company_id, account_id, month, due_at)
    select distinct late.company_id, ap.account_id, r.month, $1::timestamptz
    from late
    join month_run r on r.company_id = late.company_id
        and late.until > r.from_at - $2::interval and late.since <= r.until_at
    join mounting mo on mo.company_id = late.company_id and mo.meter_id = late.meter_id
        and mo.started_at < r.until_at and (mo.ended_at is null or mo.ended_at > r.from_at)
    join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        and ap.started_at < r.until_at and (ap.ended_at is null or ap.ended_at > r.from_at)
    union
    select c.company_id, c.account_id, r.month, $1
    from charge c
    join month_run r on r.company_id = c.company_id
        and c.local_date >= r.month and c.local_date < r.month + interval '1 month'
    where c.local_date <= (select max(until_at) from month_run)
        and {NETS.format(company="c.company_id")}
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
        union
        select $5::int8
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


async def note_late(
    connection: Connection,
    profiles: Mapping[tuple[CompanyId, MeterId], Span],
    *,
    now: datetime,
) -> None:
    """Note the months that the staged readings and charges of this transaction came late for.

    profiles: of which times of meters it has stored intervals of load profiles.
    """
    await connection.execute(OPEN_DAYS_LOCK)
    told = [(*meter, *span) for meter, span in profiles.items()]
    columns = zip(*told, strict=True) if told else ((),) * 4
    await connection.execute(LATE, now, EDGE_MAX, *map(list, columns))


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
    account_id: AccountId,
    *,
    since: datetime,
    now: datetime,
) -> None:
    """Note the months since an instant, when it turns out that an account paid for metering points.

    Comes before that is written: after any lock of meters, and before those of balances.
    """
    await connection.execute(OPEN_DAYS_LOCK)
    await connection.execute(PAYERS_SINCE, company_id, point_ids, since, now, account_id)


async def note_unknown(
    connection: Connection, company_id: CompanyId, point_id: PointId, *, now: datetime
) -> None:
    """Note the months that were not judged because nobody knew the point's connection."""
    await connection.execute(OPEN_DAYS_LOCK)
    await connection.execute(UNKNOWN, company_id, point_id, now)
