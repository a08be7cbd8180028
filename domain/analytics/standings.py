"""How the accounts of each field stand at one instant, counted and summed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import BillingMode, Segment, Supply
from db.ids import CompanyId, FieldId
from domain.accounts.recent_use import DAILY_USE, LASTS, RECENT_USE
from domain.accounts.rules import segment
from domain.analytics.rules import RUN_OUT_DAYS
from domain.listing import Record

FIELDS_OF_CHUNK = 20
READ_TIMEOUT_S = 60
SUMS = (
    "balance_micro",
    "debt_micro",
    "emergency_used_micro",
    "in_flight_micro",
    "daily_use_micro",
    "run_out_days",
)
SECONDS_OF_DAY = 86_400
SPANS = len(RUN_OUT_DAYS) + 1

FIELDS = "select id from field where company_id = $1 order by id"
RUN_OUTS = ", ".join(f"count(*) filter (where is_open and span = {n})" for n in range(SPANS))
# Accounts that have ended have no segment, but what they owe is owed. For how long credit lasts is
# told from now on, and of those whom nobody would warn it is not told.
STANDINGS = f"""
    with own_company as (
        select id, warning_limit_micro, cut_off_limit_micro, time_zone from company where id = $1
    ), known as (
        select p.field_id, a.billing_mode, b.balance_micro, b.debt_micro, b.emergency_used_micro,
            b.in_flight_micro, {DAILY_USE.format(as_of="meters.as_of")} as daily_micro,
            b.balance_micro - limits.cut_off_micro as left_micro, meters.as_of,
            a.billing_mode = 'PREPAID' and a.suspended_at is null as is_watched,
            a.opened_at <= $3::timestamptz
                and (a.closed_at is null or a.closed_at > $3::timestamptz) as is_open,
            b.balance_micro <= greatest(limits.warning_micro, limits.cut_off_micro) as is_low,
            coalesce(meters.are_off, false) as is_off
        from own_company c
        join premises p on p.company_id = c.id and p.field_id = any($2::int8[])
        join account a on a.company_id = p.company_id and a.premises_id = p.id
        join account_balance b on b.company_id = a.company_id and b.account_id = a.id
        cross join lateral (
            select coalesce(a.warning_limit_micro, c.warning_limit_micro) as warning_micro,
                coalesce(a.cut_off_limit_micro, c.cut_off_limit_micro) as cut_off_micro
        ) limits
        cross join lateral (
            select bool_and(m.supply = 'OFF') as are_off, coalesce(
                min(coalesce(s.billed_at, greatest(ap.started_at, mo.started_at))), b.changed_at
            ) as as_of
            from account_point ap
            join metering_point mp on mp.company_id = ap.company_id and mp.id = ap.point_id
                and mp.role in ('BILLING', 'COMMON_AREA')
            join mounting mo on mo.company_id = ap.company_id and mo.point_id = ap.point_id
                and tstzrange(mo.started_at, mo.ended_at) @> $3::timestamptz
            join meter m on m.company_id = mo.company_id and m.id = mo.meter_id
            left join billing_state s on s.company_id = m.company_id and s.meter_id = m.id
            where ap.company_id = a.company_id and ap.account_id = a.id
                and tstzrange(ap.started_at, ap.ended_at) @> $3::timestamptz
        ) meters
        {RECENT_USE.format(as_of="meters.as_of")}
    ), lasting as (
        select *, case when is_watched then
            {LASTS.format(left="left_micro", daily="daily_micro")} end as lasts_days
        from known
    ), standing as (
        select *, case when lasts_days is not null then greatest(0, lasts_days
            - extract(epoch from $3::timestamptz - as_of) / {SECONDS_OF_DAY}) end as days
        from lasting
    ), placed as (
        select *, case
            when is_watched and left_micro <= 0 then 0
            else width_bucket(days, '{{{", ".join(map(str, RUN_OUT_DAYS[1:]))}}}'::numeric[]) + 1
        end as span
        from standing
    )
    select field_id, billing_mode, is_open, is_low, is_off, count(*) as accounts,
        sum(balance_micro) as balance_micro, sum(debt_micro) as debt_micro,
        sum(emergency_used_micro) as emergency_used_micro,
        sum(in_flight_micro) as in_flight_micro,
        coalesce(sum(daily_micro) filter (where is_open), 0) as daily_use_micro,
        coalesce(sum(days) filter (where is_open), 0) as run_out_days,
        array[{RUN_OUTS}] as run_outs
    from placed group by field_id, billing_mode, is_open, is_low, is_off
"""


@dataclass(slots=True)
class FieldStanding:
    """How a field's accounts stand. sums: by the names in SUMS; amounts in millionths.

    below_warning: prepaid accounts at or below their warning limit, whether cut off or not.
    run_outs: accounts by the span of days in which their credit ends, as RUN_OUT_DAYS.
    """

    segments: Counter[Segment] = field(default_factory=Counter)
    below_warning: int = 0
    sums: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(SUMS, Decimal(0)))
    run_outs: list[int] = field(default_factory=lambda: [0] * SPANS)

    def add(self, row: Record) -> None:
        for name in SUMS:
            self.sums[name] += row[name]
        self.run_outs = [a + b for a, b in zip(self.run_outs, row["run_outs"], strict=True)]
        if not row["is_open"]:
            return
        mode = BillingMode(row["billing_mode"])
        self.segments[_segment(row, mode)] += row["accounts"]
        if mode is BillingMode.PREPAID and row["is_low"]:
            self.below_warning += row["accounts"]


def _segment(row: Record, mode: BillingMode) -> Segment:
    """Return the segment of accounts that are alike in all that decides it."""
    return segment(
        billing_mode=mode,
        supplies=[Supply.OFF] if row["is_off"] else [],
        balance_micro=0 if row["is_low"] else 1,
        warning_limit_micro=0,
    )


async def standings(
    connection: Connection, company_id: CompanyId, *, now: datetime
) -> dict[FieldId, FieldStanding]:
    """Return how the accounts of each field stand, some fields at a time.

    The connection's transaction has to see one state throughout.
    """
    fields = [FieldId(row["id"]) for row in await connection.fetch(FIELDS, company_id)]
    found = {field_id: FieldStanding() for field_id in fields}
    for start in range(0, len(fields), FIELDS_OF_CHUNK):
        chunk: Sequence[FieldId] = fields[start : start + FIELDS_OF_CHUNK]
        rows = await connection.fetch(STANDINGS, company_id, chunk, now, timeout=READ_TIMEOUT_S)
        for row in rows:
            found[row["field_id"]].add(row)
    return found
