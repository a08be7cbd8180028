"""What was charged and credited in each period of a stretch of constant terms. Pure."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from db.enums import NettingPeriod
from domain.billing.rules import Anchor, Segment, piece_of
from domain.billing.versions import Pricing
from domain.month_charges.netting import Flowed, Stretch
from domain.month_charges.periods import periods
from domain.tariffs.components import TOTAL_EXPORT, TOTAL_IMPORT, Netting
from domain.tariffs.flows import Span

BOTH = frozenset({TOTAL_IMPORT, TOTAL_EXPORT})


def stretch_of(
    segment: Segment, known: Sequence[Anchor], span: Span, zone: ZoneInfo
) -> Stretch | None:
    """Return what netted components of a segment came to; None if it charged nothing in the span.

    known: by time. span: what is measured of a month.
    """
    piece = piece_of(segment, known, span)
    if piece is None or piece.terms.version.netting is None:
        return None
    pricing = Pricing(piece, known, zone)
    return Stretch(piece.terms, list(_parts(pricing, piece.terms.version.netting, zone)))


def _parts(pricing: Pricing, netting: Netting, zone: ZoneInfo) -> Iterator[Flowed]:
    terms = pricing.piece.terms
    components = [one for one in terms.version.components if netting.nets(one)]
    for period, part in periods(terms.span, netting.period, zone):
        made = pricing.within(part, components)
        is_told = netting.period is NettingPeriod.MONTH or _is_told(pricing, part)
        yield Flowed(period, made.lines, is_told)


def _is_told(pricing: Pricing, part: Span) -> bool:
    """Whether both registers' indexes are known where a period begins and ends."""
    courses = [pricing.courses.get(register) for register in BOTH]
    return all(
        course is not None
        and course.span.starts_at <= part.starts_at
        and part.ends_at <= course.span.ends_at
        and all(course.knows(at) for at in part)
        for course in courses
    )
