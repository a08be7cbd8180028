"""What is known of meters' indexes around the instants at which a month's charges are split."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.billing import indexes
from domain.billing.rules import Anchor, Segment
from domain.listing import Record
from domain.tariffs.flows import Span

# Most meters are read often: whoever was not is looked for further around.
WINDOWS = (timedelta(days=1), timedelta(days=10), timedelta(days=100), timedelta(days=400))

# The first and the last index between each two of the instants: the others change nothing there.
KNOWN = """
    select meter_id, min(at) as first_at, min(index_wh) as first_wh, max(at) as last_at,
        max(index_wh) as last_wh,
        (array_agg(is_estimated order by at))[1] as is_first_estimated,
        (array_agg(is_estimated order by at desc))[1] as is_last_estimated
    from (
        select asked.meter_id, k.at, max(k.index_wh) as index_wh,
            bool_and(k.is_estimated) as is_estimated
        from unnest($2::int8[]) asked (meter_id)
        cross join lateral (
            select ts as at, index_wh, quality not in ('ACTUAL', 'MANUAL') as is_estimated
            from reading
            where company_id = $1 and meter_id = asked.meter_id and index_wh is not null
            union all
            select at, index_wh, false from kept_index
            where company_id = $1 and meter_id = asked.meter_id
            union all
            select starts_at, base_index_wh, false from billing_segment
            where company_id = $1 and meter_id = asked.meter_id and not estimated
        ) k
        where k.at >= $3 and k.at <= $4
        group by asked.meter_id, k.at
    ) known
    group by meter_id, width_bucket(at, $5::timestamptz[])
    order by meter_id, first_at
"""


@dataclass(slots=True)
class Known:
    """What is known of a meter's index. estimated: when it was not measured, but told so.

    told: with what other registers showed, where a price needs them.
    """

    marks: dict[datetime, int] = field(default_factory=dict)
    estimated: set[datetime] = field(default_factory=set)
    told: dict[datetime, Anchor] = field(default_factory=dict)

    def add(self, row: Record) -> None:
        for which in ("first", "last"):
            at = row[f"{which}_at"]
            self.marks[at] = row[f"{which}_wh"]
            if row[f"is_{which}_estimated"]:
                self.estimated.add(at)

    def surrounds(self, span: Span) -> bool:
        """Whether the index is known at or before the span's start, and at or after its end."""
        return min(self.marks) <= span.starts_at and max(self.marks) >= span.ends_at

    def anchors(self) -> list[Anchor]:
        """Return all that is known by time."""
        bare = {at: Anchor(at, index_wh) for at, index_wh in self.marks.items()}
        return [anchor for _, anchor in sorted({**bare, **self.told}.items())]


async def known_around(
    connection: Connection,
    *,
    company_id: CompanyId,
    spans: Mapping[Span, Iterable[MeterId]],
    instants: Iterable[datetime],
) -> dict[MeterId, Known]:
    """Return what is known of meters within spans, and next before and after them.

    instants: of all that is known in between, what is next to these is enough.
    """
    edges = sorted(set(instants))
    found: dict[MeterId, Known] = defaultdict(Known)
    for span, meter_ids in spans.items():
        missing = sorted(set(meter_ids))
        for window in WINDOWS:
            if not missing:
                break
            rows = await _fetch(connection, company_id, missing, span, window, edges)
            around: dict[MeterId, Known] = defaultdict(Known)
            for row in rows:
                around[row["meter_id"]].add(row)
                found[row["meter_id"]].add(row)
            missing = [
                one for one in missing if one not in around or not around[one].surrounds(span)
            ]
    return found


async def tell_registers(
    connection: Connection,
    known: Mapping[MeterId, Known],
    *,
    company_id: CompanyId,
    segments: Mapping[MeterId, Sequence[Segment]],
    within: Span,
    zone: ZoneInfo,
) -> None:
    """Add what other registers showed, of meters that are charged by these on some terms.

    All readings within the span count then, and as many before as billing asks for: between each
    two of them the total is shared out by itself.
    """
    for meter_id, terms in segments.items():
        around = await indexes.anchors(
            connection,
            company_id=company_id,
            meter_id=meter_id,
            from_at=within.starts_at,
            until_at=within.ends_at,
        )
        if not around:
            continue
        earlier = await indexes.earlier_anchors(
            connection,
            company_id=company_id,
            meter_id=meter_id,
            before=around[0].at,
            segments=terms,
            zone=zone,
        )
        known[meter_id].told.update({one.at: one for one in (*earlier, *around)})


async def _fetch(
    connection: Connection,
    company_id: CompanyId,
    meter_ids: Sequence[MeterId],
    span: Span,
    window: timedelta,
    edges: Sequence[datetime],
) -> list[Record]:
    inside = [span.starts_at, *(at for at in edges if span.starts_at < at < span.ends_at)]
    since, until = span.starts_at - window, span.ends_at + window
    cuts = sorted({*inside, span.ends_at})
    return await connection.fetch(KNOWN, company_id, meter_ids, since, until, cuts)
