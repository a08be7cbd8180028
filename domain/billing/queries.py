"""On which terms meters are charged, and which indexes are known."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from asyncpg import Record

from db.access import Connection
from db.enums import BillingBasis
from db.ids import AccountId, CompanyId, MeterId, TariffId
from domain.billing.portions import WHOLE_PPM, Portion
from domain.billing.rules import Segment, told_across
from domain.billing.told import LOOKED_BACK
from domain.tariffs.proposals import version_of

# Mountings, accounts, their tariffs and the versions of these each have their periods; terms are
# constant where one of each overlap; accounts that share a point have each their own. Only BILLING
# and COMMON_AREA points charge.
TERMS_OF = """
    select greatest(m.started_at, ap.started_at, v.valid_from, t.starts_at) as starts_at,
        least(m.ended_at, ap.ended_at, v.valid_until, t.ends_at) as ends_at,
        ap.account_id, t.tariff_id, v.valid_from as version_from, v.price_per_kwh, v.definition,
        t.billing_basis, a.category, m.multiplier,
        greatest(m.started_at, ap.started_at) as counted_from,
        least(m.ended_at, ap.ended_at) as counted_until, ap.point_id, ap.share_ppm, ap.sharing_id
    from mounting m
    join metering_point p on p.company_id = m.company_id and p.id = m.point_id
        and p.role in ('BILLING', 'COMMON_AREA')
    join account_point ap on ap.company_id = m.company_id and ap.point_id = m.point_id
    join account a on a.company_id = ap.company_id and a.id = ap.account_id
    cross join lateral account_tariffs(ap.company_id, ap.account_id) t
    join tariff_version v on v.company_id = ap.company_id and v.tariff_id = t.tariff_id
        and v.state = 'ACTIVE'
    where m.company_id = $1 and m.meter_id = {meter}
        and greatest(m.started_at, ap.started_at, v.valid_from, t.starts_at)
            < coalesce(least(m.ended_at, ap.ended_at, v.valid_until, t.ends_at), 'infinity')
"""
TERMS = TERMS_OF.format(meter="$2")
# Who else pays for the point then, and the meter's index when that began: no estimate, for whoever
# begins to pay, or mounts a meter, says what the register shows.
PORTIONS = """
    left join billing_segment begun on t.share_ppm < 1000000 and begun.company_id = $1
        and begun.meter_id = meter.id and begun.starts_at = t.counted_from
    left join lateral (
        select array_agg(o.account_id order by o.account_id) as account_ids,
            array_agg(o.share_ppm order by o.account_id) as shares_ppm
        from account_point o
        where o.company_id = $1 and o.point_id = t.point_id and o.sharing_id = t.sharing_id
    ) sharers on t.share_ppm < 1000000
"""
# Of meters: $2.
SEGMENTS = f"""
    select t.*, meter.id as meter_id, begun.base_index_wh as begun_wh, sharers.account_ids,
        sharers.shares_ppm, meter.power_w_max,
        case when t.starts_at <= $3 or not b.estimated then b.base_index_wh end as base
    from meter
    cross join lateral ({TERMS_OF.format(meter="meter.id")}) t
    left join billing_segment b on b.company_id = $1 and b.meter_id = meter.id
        and b.starts_at = t.starts_at
    {PORTIONS}
    where meter.company_id = $1 and meter.id = any($2::int8[])
        and t.starts_at <= $4 and (t.ends_at is null or t.ends_at >= $3 - $5::interval)
    order by meter.id, t.starts_at, t.account_id
"""
IS_SHARED = """
    select exists (
        select from mounting m
        join account_point ap on ap.company_id = m.company_id and ap.point_id = m.point_id
            and ap.share_ppm < 1000000 and (ap.ended_at is null or ap.ended_at > $3)
        where m.company_id = $1 and m.meter_id = $2 and (m.ended_at is null or m.ended_at > $3))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSegment(Segment):
    """A segment with the tariff version that it takes its price from."""

    tariff_id: TariffId
    version_from: datetime

    def reaches(self, at: datetime) -> bool:
        """Whether the energy right before `at` belongs here."""
        return self.starts_at < at and (self.ends_at is None or at <= self.ends_at)


@dataclass(frozen=True, slots=True)
class Terms:
    """Who pays for a meter, by which tariff version and multiplier; None when nobody does."""

    account_id: AccountId | None = None
    tariff_id: TariffId | None = None
    version_from: datetime | None = None
    multiplier: Decimal = Decimal(1)


async def terms_at(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, at: datetime
) -> Terms:
    """Return the terms for energy right after `at`; none where several accounts have theirs."""
    row = await connection.fetchrow(
        f"select * from ({TERMS}) t where starts_at <= $3 and (ends_at is null or ends_at > $3)"
        " and share_ppm = 1000000",
        company_id,
        meter_id,
        at,
    )
    if row is None:
        return Terms()
    return Terms(row["account_id"], row["tariff_id"], row["version_from"], row["multiplier"])


async def is_shared(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, at: datetime
) -> bool:
    """Whether several accounts pay for a meter, after `at` as far as is known now."""
    return bool(await connection.fetchval(IS_SHARED, company_id, meter_id, at))


async def terms_until(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, since: datetime
) -> datetime | None:
    """Return when terms begin or end next, at `since` or later, as far as is known now."""
    found: datetime | None = await connection.fetchval(
        f"select min(edge) from ({TERMS}) t, unnest(array[starts_at, ends_at]) edge"
        " where edge >= $3",
        company_id,
        meter_id,
        since,
    )
    return found


async def segments(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    from_at: datetime,
    until_at: datetime,
) -> list[MeterSegment]:
    """Return a meter's segments that touch the span, by time.

    An estimated base within the span is left out: readings in the span decide it anew.
    """
    rows = await connection.fetch(SEGMENTS, company_id, [meter_id], from_at, until_at, LOOKED_BACK)
    return _touching(rows, from_at, until_at)


async def segments_of(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_ids: Sequence[MeterId],
    from_at: datetime,
    until_at: datetime,
) -> dict[MeterId, list[MeterSegment]]:
    """Return the same of several meters, as far as they have any."""
    rows: dict[MeterId, list[Record]] = defaultdict(list)
    for row in await connection.fetch(
        SEGMENTS, company_id, meter_ids, from_at, until_at, LOOKED_BACK
    ):
        rows[MeterId(row["meter_id"])].append(row)
    return {meter_id: _touching(found, from_at, until_at) for meter_id, found in rows.items()}


def _touching(rows: Sequence[Record], from_at: datetime, until_at: datetime) -> list[MeterSegment]:
    """Return the segments of a meter's terms that touch the span."""
    return [
        one
        for one in told_across([_segment(row) for row in rows])
        if one.starts_at < until_at and (one.ends_at is None or one.ends_at > from_at)
    ]


def _segment(row: Record) -> MeterSegment:
    portion = _portion(row)
    return MeterSegment(
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        account_id=row["account_id"],
        price_per_kwh=row["price_per_kwh"] or Decimal(0),
        multiplier=row["multiplier"],
        base_index_wh=row["base"] if portion is None else 0,
        version=version_of(row) if row["price_per_kwh"] is None else None,
        counted_from=row["counted_from"],
        portion=portion,
        basis=BillingBasis(row["billing_basis"]),
        category=row["category"],
        power_w_max=row["power_w_max"],
        tariff_id=row["tariff_id"],
        version_from=row["version_from"],
    )


def _portion(row: Record) -> Portion | None:
    if row["share_ppm"] == WHOLE_PPM:
        return None
    return Portion(
        account_id=row["account_id"],
        starts_at=row["counted_from"],
        ends_at=row["counted_until"],
        base_index_wh=row["begun_wh"],
        shares=tuple(zip(row["account_ids"], row["shares_ppm"], strict=True)),
    )


async def company_zone(connection: Connection, company_id: CompanyId) -> ZoneInfo:
    """Return the zone whose days and months are the company's."""
    return ZoneInfo(
        await connection.fetchval("select time_zone from company where id = $1", company_id)
    )
