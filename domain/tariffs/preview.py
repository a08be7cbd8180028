"""What prices would do: from when, to whom, and what yesterday would have cost. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId, TariffId
from domain.refusals import NotThere
from domain.tariffs.completeness import check
from domain.tariffs.components import Version
from domain.tariffs.previewed_day import Day, Payer, known_of
from domain.tariffs.proposals import version_of
from domain.tariffs.schedule import DAY

ACCOUNTS_COUNTED_MAX = 10_000
ACCOUNTS_MAX = 100
METERS_MAX = 300

TOUCHED = """
    select a.id from account a
    where a.company_id = $1 and a.closed_at is null and exists (
        select from account_tariffs(a.company_id, a.id) t
        where t.tariff_id = $2 and t.starts_at <= $3 and (t.ends_at is null or t.ends_at > $3))
    order by a.id limit $4
"""
METERS = """
    select ap.account_id, a.category, m.meter_id, pays.billing_basis,
        m.multiplier * ap.share_ppm / 1000000 as multiplier
    from account_point ap
    join account a on a.company_id = ap.company_id and a.id = ap.account_id
    join metering_point p on p.company_id = ap.company_id and p.id = ap.point_id
        and p.role in ('BILLING', 'COMMON_AREA')
    join mounting m on m.company_id = ap.company_id and m.point_id = ap.point_id
        and m.started_at <= $3 and (m.ended_at is null or m.ended_at > $3)
    cross join lateral (
        select t.billing_basis from account_tariffs(a.company_id, a.id) t
        where t.tariff_id = $4 and t.starts_at <= $5 and (t.ends_at is null or t.ends_at > $5)
    ) pays
    where ap.company_id = $1 and ap.account_id = any($2::int8[])
        and ap.started_at <= $3 and (ap.ended_at is null or ap.ended_at > $3)
    order by ap.account_id, m.meter_id
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
        rows = await connection.fetch(
            METERS, company_id, following[:first], now, tariff_id, max(valid_from, now)
        )
        payers = [Payer.of(row) for row in rows[:METERS_MAX]]
        day = now.astimezone(zone).date() - DAY
        tried = Day.of(day, zone, (old, version))
        known = await known_of(connection, company_id, {one.meter_id for one in payers}, tried)
    priced = [
        (payer.account_id, Cost(*costs))
        for payer in payers
        if (costs := payer.costs_micro(known.get(payer.meter_id, ()), tried)) is not None
    ]
    costs_by_account: dict[AccountId, list[Cost]] = defaultdict(list)
    for account_id, cost in priced:
        costs_by_account[account_id].append(cost)
    return Preview(
        valid_from=valid_from,
        account_count=len(touched),
        meter_count=len(rows),
        priced_meters=len(priced),
        day=day,
        costs={account_id: _sum(costs) for account_id, costs in costs_by_account.items()},
        total=_sum(cost for _, cost in priced),
        has_next=len(following) > first,
    )


def _sum(costs: Iterable[Cost]) -> Cost:
    each = list(costs)
    return Cost(sum(one.now_micro for one in each), sum(one.then_micro for one in each))


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
