"""What readings and load profiles tell of a month's energy in both directions, and what is netted.

Measured as the month's other energies are: from one reading to another, so that months follow each
other without a gap. In between, energy comes as it is charged.
"""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from db.access import Connection
from db.enums import NotNetted
from db.ids import AccountId, CompanyId, MeterId
from domain.billing import indexes, queries
from domain.billing.rules import Anchor, Segment
from domain.month_charges.energies import edges_of, used_between
from domain.month_charges.measures import shown_around
from domain.month_charges.netting import Netted, Stretch, netted
from domain.month_charges.stretches import BOTH, stretch_of
from domain.month_charges.terms import Piece, PointTerms
from domain.tariffs.components import TOTAL_EXPORT
from domain.tariffs.flows import Span


async def netting_of(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    terms: PointTerms,
    last_day: date,
    zone: ZoneInfo,
) -> Netted | None:
    """Return what of an account's month at a metering point is netted; None if its tariff does not.

    last_day: of the month.
    """
    period = terms.netted_by
    if period is None:
        return None
    if terms.is_shared:
        return Netted(period=period, not_netted=NotNetted.SHARED)
    stretches: list[Stretch] = []
    for piece in terms.pieces:
        span = await _measured(connection, company_id, piece)
        if isinstance(span, NotNetted):
            return Netted(period=period, not_netted=span)
        stretches += await _stretches(
            connection, company_id, account_id, piece.meter_id, span, zone
        )
    return netted(period, stretches, last_day)


async def _measured(
    connection: Connection, company_id: CompanyId, piece: Piece
) -> Span | NotNetted:
    """Return from which reading to which a piece is measured, or why nobody can tell."""
    shown = await shown_around(connection, company_id, piece, [TOTAL_EXPORT])
    edges = edges_of(shown, piece.span, BOTH)
    if edges is None:
        return NotNetted.READINGS_MISSING
    if used_between(*edges, BOTH, power_w_max=piece.power_w_max) is None:
        return NotNetted.READINGS_IMPLAUSIBLE
    return Span(*(one.at for one in edges))


async def _stretches(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    meter_id: MeterId,
    span: Span,
    zone: ZoneInfo,
) -> list[Stretch]:
    segments = [
        segment
        for segment in await queries.segments(
            connection,
            company_id=company_id,
            meter_id=meter_id,
            from_at=span.starts_at,
            until_at=span.ends_at,
        )
        if segment.account_id == account_id and segment.version and segment.version.netting
    ]
    known = await _known(connection, company_id, meter_id, segments, span, zone)
    found = [stretch_of(segment, known, span, zone) for segment in segments]
    return [stretch for stretch in found if stretch is not None]


async def _known(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    segments: Sequence[Segment],
    span: Span,
    zone: ZoneInfo,
) -> list[Anchor]:
    """Return what is known of a meter, as far as what it charged in a span depends on it."""
    around = await indexes.anchors(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        from_at=span.starts_at,
        until_at=span.ends_at,
    )
    earlier = await indexes.earlier_anchors(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        before=around[0].at,
        segments=segments,
        zone=zone,
    )
    return [*earlier, *around]
