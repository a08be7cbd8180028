"""By which terms accounts are charged for a month as a whole, and with which meters."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import NettingPeriod
from db.ids import AccountId, CompanyId, MeterId, PointId, TariffId
from domain.billing.portions import WHOLE_PPM
from domain.billing.queries import TERMS_OF
from domain.listing import Record
from domain.month_charges.verdicts import Facts
from domain.tariffs.components import Version
from domain.tariffs.deductible import BY_MONTH
from domain.tariffs.flows import Span, overlap
from domain.tariffs.pricing import is_monthly
from domain.tariffs.proposals import version_of

HOURLY_POINTS = 8
# As an index of tariff_version has it.
HAS_MONTHLY = f"definition @? '{BY_MONTH}'"
# Of an account ($2) within a span.
TERMS = f"""
    select t.*, meter.id as meter_id, meter.power_w_max, p.installed_kva, p.connection_kw, p.phases
    from (
        select distinct m.id, m.power_w_max
        from account_point ap
        join mounting mo on mo.company_id = $1 and mo.point_id = ap.point_id
            and mo.started_at < $4 and (mo.ended_at is null or mo.ended_at > $3)
        join meter m on m.company_id = $1 and m.id = mo.meter_id
        where ap.company_id = $1 and ap.account_id = $2
            and ap.started_at < $4 and (ap.ended_at is null or ap.ended_at > $3)
    ) meter
    cross join lateral ({TERMS_OF.format(meter="meter.id")}) t
    join metering_point p on p.company_id = $1 and p.id = t.point_id
    where t.account_id = $2 and t.price_per_kwh is null
        and t.starts_at < $4 and (t.ends_at is null or t.ends_at > $3)
    order by t.point_id, t.starts_at
"""
# The next accounts after $2, with how many metering points to look at within a span. One that nets
# by the hour takes as long as several others.
ACCOUNTS = f"""
    select a.id, case when priced.weight is null then 0 else priced.weight * (
            select count(*) from account_point ap
            where ap.company_id = $1 and ap.account_id = a.id and ap.started_at < $4
                and (ap.ended_at is null or ap.ended_at > $3)
        ) end as points
    from account a
    cross join lateral (
        select max(case when v.definition @? '$.netting ? (@.period == "HOUR")'
            then {HOURLY_POINTS} else 1 end) as weight
        from account_tariffs($1, a.id) t
        join tariff_version v on v.company_id = $1 and v.tariff_id = t.tariff_id
            and v.state = 'ACTIVE' and v.{HAS_MONTHLY}
        where greatest(t.starts_at, v.valid_from) < $4
            and (t.ends_at is null or t.ends_at > $3)
            and (v.valid_until is null or v.valid_until > $3)
    ) priced
    where a.company_id = $1 and a.id > $2 and a.opened_at < $4
        and (a.closed_at is null or a.closed_at > $3)
    order by a.id limit $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A meter over a stretch of a month. since: when the account began to pay for it there."""

    meter_id: MeterId
    span: Span
    since: datetime
    multiplier: Decimal
    power_w_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTerms:
    """By what an account is charged for a month at a metering point.

    version: the last one of the month that has something due at its end; what is measured is so
    while one had. netted_by: over which time the last one nets that does. pieces: by time.
    """

    point_id: PointId
    tariff_id: TariffId
    version_from: datetime
    version: Version
    facts: Facts
    is_shared: bool
    netted_by: NettingPeriod | None
    pieces: Sequence[Piece]


async def accounts_after(
    connection: Connection,
    company_id: CompanyId,
    after: AccountId,
    span: Span,
    *,
    limit: int,
) -> list[tuple[AccountId, int]]:
    """Return the next accounts, each with how many points a month may charge, as work goes."""
    rows = await connection.fetch(ACCOUNTS, company_id, after, *span, limit)
    return [(AccountId(row["id"]), row["points"]) for row in rows]


async def terms_of(
    connection: Connection, *, company_id: CompanyId, account_id: AccountId, within: Span
) -> list[PointTerms]:
    """Return the terms of an account for a month by metering point, where it has any."""
    by_point: dict[PointId, list[tuple[Record, Version]]] = defaultdict(list)
    for row in await connection.fetch(TERMS, company_id, account_id, *within):
        version = version_of(row)
        if version.netting or any(is_monthly(component) for component in version.components):
            by_point[PointId(row["point_id"])].append((row, version))
    return [
        _of_point(point_id, found, within)
        for point_id, found in sorted(by_point.items(), key=lambda of_point: of_point[0])
    ]


def _of_point(
    point_id: PointId, found: Sequence[tuple[Record, Version]], within: Span
) -> PointTerms:
    row, version = found[-1]
    return PointTerms(
        point_id=point_id,
        tariff_id=TariffId(row["tariff_id"]),
        version_from=row["version_from"],
        version=version,
        facts=Facts(
            installed_kva=row["installed_kva"],
            connection_kw=row["connection_kw"],
            phases=row["phases"],
            category=row["category"],
        ),
        is_shared=any(one["share_ppm"] != WHOLE_PPM for one, _ in found),
        netted_by=next((v.netting.period for _, v in reversed(found) if v.netting), None),
        pieces=_joined([_piece(one, within) for one, _ in found]),
    )


def _piece(row: Record, within: Span) -> Piece:
    span = overlap(Span(row["starts_at"], row["ends_at"] or within.ends_at), within)
    assert span is not None  # noqa: S101 - the query looks for those that touch
    return Piece(
        meter_id=MeterId(row["meter_id"]),
        span=span,
        since=row["counted_from"],
        multiplier=row["multiplier"],
        power_w_max=row["power_w_max"],
    )


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces without the cuts at which only prices changed, or fell due by the day."""
    made: list[Piece] = []
    for piece in pieces:
        last = made[-1] if made else None
        if last is not None and replace(piece, span=last.span) == last:
            made[-1] = replace(last, span=Span(last.span.starts_at, piece.span.ends_at))
        else:
            made.append(piece)
    return made
