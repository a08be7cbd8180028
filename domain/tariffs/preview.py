"""What prices would do: from when, to whom, and what yesterday would have cost. Changes nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId, TariffId
from domain.refusals import NotThere
from domain.tariffs.completeness import check
from domain.tariffs.components import TOTAL_IMPORT, Slabs, Version
from domain.tariffs.courses import Course, Mark, Span
from domain.tariffs.lines import Terms
from domain.tariffs.pricing import CourseMissing, is_monthly, lines
from domain.tariffs.proposals import version_of
from domain.tariffs.schedule import DAY, day_start, period_start

ACCOUNTS_COUNTED_MAX = 10_000
ACCOUNTS_MAX = 100
METERS_MAX = 300
# How far from the edges of a day a reading may be to tell its energy.
MARGIN = timedelta(days=1)

Marks: TypeAlias = dict[MeterId, dict[str, list[Mark]]]
"""What meters showed, by register and time."""

TOUCHED = """
    select a.id from account a
    where a.company_id = $1 and a.closed_at is null and exists (
        select from account_tariffs(a.company_id, a.id) t
        where t.tariff_id = $2 and t.starts_at <= $3 and (t.ends_at is null or t.ends_at > $3))
    order by a.id limit $4
"""
METERS = """
    select ap.account_id, a.category, m.meter_id,
        m.multiplier * ap.share_ppm / 1000000 as multiplier
    from account_point ap
    join account a on a.company_id = ap.company_id and a.id = ap.account_id
    join metering_point p on p.company_id = ap.company_id and p.id = ap.point_id
        and p.role in ('BILLING', 'COMMON_AREA')
    join mounting m on m.company_id = ap.company_id and m.point_id = ap.point_id
        and m.started_at <= $3 and (m.ended_at is null or m.ended_at > $3)
    where ap.company_id = $1 and ap.account_id = any($2::int8[])
        and ap.started_at <= $3 and (ap.ended_at is null or ap.ended_at > $3)
    order by ap.account_id, m.meter_id
"""
INDEXES = """
    select meter_id, ts, max(index_wh) as index_wh from reading
    where company_id = $1 and meter_id = any($2::int8[]) and index_wh is not null
        and (ts between $3 and $4 or ts between $5 and $6)
    group by meter_id, ts order by meter_id, ts
"""
REGISTERS = """
    select r.meter_id, r.ts, shown.obis,
        max(shown.value / (10 ^ -shown.scaler)::int8) as index_wh
    from reading r
    join register_set s on s.company_id = r.company_id and s.id = r.register_set_id
    cross join lateral unnest(s.obis, s.scaler, s.unit, r."values")
        shown (obis, scaler, unit, value)
    where r.company_id = $1 and r.meter_id = any($2::int8[]) and r.index_wh is not null
        and r.ts between $3 and $4 and shown.obis = any($5::text[])
        and shown.unit in ('Wh', 'varh') and shown.value is not null and shown.scaler <= 0
    group by r.meter_id, r.ts, shown.obis order by r.meter_id, r.ts
"""
HOLDS_NOW = """
    select price_per_kwh, definition from tariff_version
    where company_id = $1 and tariff_id = $2 and state = 'ACTIVE' and valid_from <= $3
        and (valid_until is null or valid_until > $3)
"""


class Cost(NamedTuple):
    """What a day costs by the prices that hold now, and by the new ones, gross in millionths."""

    now_micro: int
    then_micro: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What prices would do.

    account_count: whom they touch, up to ACCOUNTS_COUNTED_MAX. meter_count: of the accounts after
    the one that was named; priced_meters: how many of these have readings around the day.
    day: the last whole local day. costs: by account; total: of all `costs`.
    has_next: whether there are more accounts.
    """

    valid_from: datetime
    account_count: int
    meter_count: int
    priced_meters: int
    day: date
    costs: Mapping[AccountId, Cost]
    total: Cost
    has_next: bool


async def preview(
    *,
    company_id: CompanyId,
    tariff_id: TariffId,
    version: Version,
    valid_from: datetime,
    first: int,
    after: AccountId | None = None,
    now: datetime,
) -> Preview:
    """Return what a version would do to the accounts of its tariff.

    first: how many accounts to price, 1 to ACCOUNTS_MAX, those after `after`. What is due by the
    month is left out.

    :raises NotThere: the company has no such tariff
    :raises InvalidValue: the version does not fit together
    """
    check(version, "prices")
    async with access.reading(company_id) as connection:
        zone, old = await _ground(connection, company_id, tariff_id, now)
        touched = await connection.fetch(
            TOUCHED, company_id, tariff_id, max(valid_from, now), ACCOUNTS_COUNTED_MAX
        )
        following = [row["id"] for row in touched if after is None or row["id"] > after]
        rows = await connection.fetch(METERS, company_id, following[:first], now)
        day = now.astimezone(zone).date() - DAY
        span = Span(day_start(day, zone), day_start(day + DAY, zone))
        counted_from = _counted_from((old, version), day, zone)
        marks = await _marks(connection, company_id, rows[:METERS_MAX], span, counted_from)
        await _add_registers(connection, company_id, marks, span, _registers((old, version)))
    terms = [Terms(span=span, counted_from=counted_from, version=one) for one in (old, version)]
    priced = _priced(rows[:METERS_MAX], marks, terms, zone)
    costs: dict[AccountId, Cost] = defaultdict(lambda: Cost(0, 0))
    for account_id, cost in priced:
        before = costs[account_id]
        costs[account_id] = Cost(
            before.now_micro + cost.now_micro, before.then_micro + cost.then_micro
        )
    return Preview(
        valid_from=valid_from,
        account_count=len(touched),
        meter_count=len(rows),
        priced_meters=len(priced),
        day=day,
        costs=dict(costs),
        total=Cost(
            sum(cost.now_micro for cost in costs.values()),
            sum(cost.then_micro for cost in costs.values()),
        ),
        has_next=len(following) > first,
    )


async def _ground(
    connection: Connection, company_id: CompanyId, tariff_id: TariffId, now: datetime
) -> tuple[ZoneInfo, Version]:
    """Return the company's zone, and the prices that hold now: none, if there are none."""
    zone = await connection.fetchval(
        "select c.time_zone from tariff t join company c on c.id = t.company_id"
        " where t.company_id = $1 and t.id = $2",
        company_id,
        tariff_id,
    )
    if zone is None:
        raise NotThere
    row = await connection.fetchrow(HOLDS_NOW, company_id, tariff_id, now)
    return ZoneInfo(zone), Version(components=()) if row is None else version_of(row)


async def _marks(
    connection: Connection,
    company_id: CompanyId,
    meters: Sequence[asyncpg.Record],
    span: Span,
    counted_from: datetime,
) -> Marks:
    """Return the totals around a day, and around when slabs began to count, by meter."""
    rows = await connection.fetch(
        INDEXES,
        company_id,
        [row["meter_id"] for row in meters],
        span.starts_at - MARGIN,
        span.ends_at + MARGIN,
        counted_from - MARGIN,
        counted_from + MARGIN,
    )
    marks: Marks = defaultdict(lambda: defaultdict(list))
    for row in rows:
        marks[row["meter_id"]][TOTAL_IMPORT].append(Mark(row["ts"], row["index_wh"]))
    return marks


async def _add_registers(
    connection: Connection, company_id: CompanyId, marks: Marks, span: Span, registers: list[str]
) -> None:
    """Add what else the meters showed around a day."""
    if not registers:
        return
    rows = await connection.fetch(
        REGISTERS,
        company_id,
        list(marks),
        span.starts_at - MARGIN,
        span.ends_at + MARGIN,
        registers,
    )
    for row in rows:
        marks[row["meter_id"]][row["obis"]].append(Mark(row["ts"], row["index_wh"]))


def _registers(versions: Sequence[Version]) -> list[str]:
    """Return which registers versions charge by, besides the total."""
    components = [component for version in versions for component in version.components]
    named = {one.register for one in components if one.register and not is_monthly(one)}
    return sorted(named - {TOTAL_IMPORT})


def _counted_from(versions: Sequence[Version], day: date, zone: ZoneInfo) -> datetime:
    """Return since when the slabs of some versions count, or the day's beginning."""
    shapes = [component.shape for version in versions for component in version.components]
    periods = [shape.period for shape in shapes if isinstance(shape, Slabs)]
    return day_start(min([day, *(period_start(day, period) for period in periods)]), zone)


def _priced(
    meters: Sequence[asyncpg.Record],
    marks: Marks,
    terms: Sequence[Terms],
    zone: ZoneInfo,
) -> list[tuple[AccountId, Cost]]:
    """Return what the day costs by the old and by the new terms, by account and meter.

    Meters without readings of each register around the day are left out.
    """
    span, made = terms[0].span, []
    for meter in meters:
        known = marks.get(meter["meter_id"], {})
        courses = {
            register: Course(marks=its) for register, its in known.items() if _tells(its, span)
        }
        if TOTAL_IMPORT not in courses:
            continue
        try:
            now_micro, then_micro = (
                sum(line.gross_micro for line in lines(its, courses, zone))
                for its in (
                    replace(one, multiplier=meter["multiplier"], category=meter["category"])
                    for one in terms
                )
            )
        except CourseMissing:
            continue
        made.append((AccountId(meter["account_id"]), Cost(now_micro, then_micro)))
    return made


def _tells(marks: Sequence[Mark], span: Span) -> bool:
    """Whether indexes tell what flowed in a day: known at both ends, and never falling."""
    if marks[0].at > span.starts_at or marks[-1].at < span.ends_at:
        return False
    return all(before.index_wh <= after.index_wh for before, after in pairwise(marks))
