"""Which meters accounts pay for within a span and on which terms, and what others pay for below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId
from domain.billing import ancestors, queries
from domain.billing.deductions import deductions
from domain.billing.rules import Segment
from domain.tariffs.flows import Span, overlap

# The meters of what accounts pay for, and all below them: their energy came through.
METERS = """
    with recursive below(point_id, way) as (
        select ap.point_id, array[ap.point_id]
        from account_point ap
        where ap.company_id = $1 and ap.account_id = any($2::int8[])
            and ap.started_at < $4 and (ap.ended_at is null or ap.ended_at > $3)
        union
        select c.point_id, below.way || c.point_id
        from below join point_parent c on c.company_id = $1 and c.parent_id = below.point_id
        where c.starts_at < $4 and (c.ends_at is null or c.ends_at > $3)
            and c.point_id <> all (below.way)
    )
    select m.id, m.serial, bool_or(cardinality(below.way) > 1) as is_below
    from below
    join mounting mo on mo.company_id = $1 and mo.point_id = below.point_id
        and mo.started_at < $4 and (mo.ended_at is null or mo.ended_at > $3)
    join meter m on m.company_id = $1 and m.id = mo.meter_id
    group by m.id, m.serial order by m.serial
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a span in which the terms of a meter are constant.

    segment: the terms, which may have begun before. is_deducted: its account does not pay for the
    energy, which came through its own meters, as another account does.
    """

    meter_id: MeterId
    serial: str
    segment: Segment
    span: Span
    is_deducted: bool


async def stretches(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    within: Span,
) -> list[Stretch]:
    """Return the stretches of accounts within a span: what is deducted last, by serial and time."""
    meters = await connection.fetch(METERS, company_id, account_ids, *within)
    meter_ids = [MeterId(row["id"]) for row in meters]
    segments = await queries.segments_of(
        connection,
        company_id=company_id,
        meter_ids=meter_ids,
        from_at=within.starts_at,
        until_at=within.ends_at,
    )
    above = await ancestors.above_of(
        connection,
        company_id=company_id,
        meter_ids=[MeterId(row["id"]) for row in meters if row["is_below"]],
    )
    wanted = set(account_ids)
    found = []
    for row in meters:
        meter_id = MeterId(row["id"])
        own = segments.get(meter_id, [])
        deducted = deductions(own, above.get(meter_id, []))
        found += [
            Stretch(meter_id=meter_id, serial=row["serial"], segment=s, span=span, is_deducted=is_)
            for terms, is_ in ((own, False), (deducted, True))
            for s, span in _clipped(terms, within)
            if s.account_id in wanted
        ]
    return sorted(found, key=lambda stretch: stretch.is_deducted)


def _clipped(segments: Sequence[Segment], within: Span) -> Iterator[tuple[Segment, Span]]:
    for segment in segments:
        whole = Span(segment.starts_at, segment.ends_at or within.ends_at)
        span = overlap(whole, within)
        if span is not None:
            yield segment, span
