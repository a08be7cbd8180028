"""What consumed energy costs. Pure: no clock, no database."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import pairwise
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from db.enums import BillingBasis, LedgerAccountKind, Quality, TaxPoint
from db.ids import AccountId
from domain.billing.portions import Portion
from domain.billing.version_registers import shares_alike
from domain.billing.versions import Piece, Priced, priced
from domain.tariffs.components import Version
from domain.tariffs.courses import Course, Mark
from domain.tariffs.flows import INSTANT, Interval, Span
from domain.tariffs.lines import Terms
from domain.tariffs.schedule import day_start

MICRO_PER_MAJOR_AND_KWH_PER_WH = 1000
# With the tax point at the top-up, what is used takes from what was paid in advance.
TAX_SIDES = {
    TaxPoint.CONSUMPTION: LedgerAccountKind.TAX,
    TaxPoint.TOP_UP: LedgerAccountKind.TAX_IN_ADVANCE,
}

TaxKey: TypeAlias = tuple[AccountId, date, LedgerAccountKind, str]
"""Account, local day, the side of the books, and the tax's name."""
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that a meter's index is known to have had.

    at: UTC. registers: what others than the total showed then, in Wh or varh, where some price
    needs them; the same place has been known with and without. profile: what the load profile
    tells of the time up to the next place, by time; exported: of what was exported.
    step_wh: as of a mark.
    """

    at: datetime
    index_wh: int
    registers: Mapping[str, int] = field(default_factory=dict, compare=False)
    profile: Sequence[Interval] = field(default=(), compare=False)
    step_wh: int = field(default=1, compare=False)
    exported: Sequence[Interval] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of time in which one account pays one price for a meter.

    ends_at: exclusive for the energy after it; None while it lasts.
    price_per_kwh: major currency units per kWh at the consumer's side of the multiplier.
    base_index_wh: the index at which it began, when that is known already.
    version: components to price by, where it is more than one flat price; counted_from: since when
    consumption counts in their slabs.
    portion: what the account pays of the meter, where others pay for it as well; the indexes are
    then those of its portion, and the base is 0.
    basis: by which registers the bands of a version are charged. category: of the account, for
    exemptions from taxes. told_from, told_until: whether the terms before and after share out
    energy across the edge in the same way. power_w_max: the most that the meter carries.
    """

    starts_at: datetime
    ends_at: datetime | None
    account_id: AccountId
    price_per_kwh: Decimal
    multiplier: Decimal
    base_index_wh: int | None
    version: Version | None = None
    counted_from: datetime | None = None
    portion: Portion | None = None
    basis: BillingBasis = BillingBasis.TOTAL_REGISTER
    category: str | None = None
    told_from: bool = False
    told_until: bool = False
    power_w_max: int | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the energy right after `at` belongs here."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def cost_micro(self, index_wh: int, base_index_wh: int) -> int:
        return cost_micro(
            price_per_kwh=self.price_per_kwh,
            multiplier=self.multiplier,
            energy_wh=index_wh - base_index_wh,
        )


S = TypeVar("S", bound=Segment)


@dataclass(frozen=True, slots=True)
class Base:
    """The index at which a segment began; estimated when no reading stood there."""

    index_wh: int
    estimated: bool


@dataclass(slots=True)
class Bill:
    """What a stretch of readings costs, in millionths per account and local day.

    taxes: which parts of the charges are taxes. estimated: on which days energy was split between
    prices by an estimate.
    """

    charges: Counter[tuple[AccountId, date]] = field(default_factory=Counter)
    taxes: Counter[TaxKey] = field(default_factory=Counter)
    estimated: set[tuple[AccountId, date]] = field(default_factory=set)
    bases: dict[datetime, Base] = field(default_factory=dict)


def cost_micro(*, price_per_kwh: Decimal, multiplier: Decimal, energy_wh: int) -> int:
    """Return the price of all energy since a base, in millionths, rounded half away from zero.

    Charges are differences of this, so that rounding never adds up however often a meter is read.
    """
    with localcontext(prec=50):
        exact = price_per_kwh * multiplier * energy_wh * MICRO_PER_MAJOR_AND_KWH_PER_WH
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def energy_date(at: datetime, zone: ZoneInfo) -> date:
    """Return the local day of energy that ends at `at`; midnight belongs to the day before."""
    return (at - INSTANT).astimezone(zone).date()


def bill(
    anchors: Sequence[Anchor],
    segments: Sequence[Segment],
    zone: ZoneInfo,
    earlier: Sequence[Anchor] = (),
) -> Bill:
    """Return what the energy between the first and the last anchor costs.

    anchors: by time, never decreasing. segments: by time, not overlapping; one that begins before
    the first anchor has its base. A reading across a boundary is split there by the load profile,
    else in proportion to time, which is an estimate; the total register always holds (domain
    rule 3.3).
    earlier: anchors before the first one, for segments with a version: these are priced from the
    beginning of the first anchor's local day on, as each line of theirs is rounded as a whole.
    """
    made = Bill()
    read = {anchor.at for anchor in anchors}
    known = read | _told(anchors, segments)
    bases = {s.starts_at: s.base_index_wh for s in segments if s.base_index_wh is not None}
    for start, end in pieces(anchors, segments):
        segment = next((s for s in segments if s.covers(start.at)), None)
        if segment is None:
            continue
        if segment.starts_at not in bases:
            bases[segment.starts_at] = start.index_wh
            made.bases[segment.starts_at] = Base(start.index_wh, start.at not in read)
        if segment.version is not None:
            continue
        base = bases[segment.starts_at]
        day = energy_date(end.at, zone)
        if end.index_wh > start.index_wh and not {start.at, end.at} <= known:
            made.estimated.add((segment.account_id, day))
        made.charges[segment.account_id, day] += segment.cost_micro(
            end.index_wh, base
        ) - segment.cost_micro(start.index_wh, base)
    for segment in segments:
        if segment.version is not None:
            _charge(made, segment, segment.version, _by_version(segment, anchors, earlier, zone))
    return made


def _charge(made: Bill, segment: Segment, version: Version, its: Priced) -> None:
    side = TAX_SIDES[version.tax_point]
    for line in its.lines:
        made.charges[segment.account_id, line.day] += line.gross_micro
        for tax in line.taxes:
            made.taxes[segment.account_id, line.day, side, tax.name] += tax.amount_micro
    made.estimated |= {(segment.account_id, day) for day in its.estimated}


def told_across(segments: Sequence[S]) -> list[S]:
    """Return segments that know whether those before and after them share out energy alike."""
    return [
        replace(
            segment,
            told_from=any(
                one.ends_at == segment.starts_at and _shares_alike(one, segment) for one in segments
            ),
            told_until=any(
                one.starts_at == segment.ends_at and _shares_alike(one, segment) for one in segments
            ),
        )
        for segment in segments
    ]


def _shares_alike(one: Segment, other: Segment) -> bool:
    if one.version is None or other.version is None:
        return False
    return shares_alike(one.version, other.version)


def _by_version(
    segment: Segment, anchors: Sequence[Anchor], earlier: Sequence[Anchor], zone: ZoneInfo
) -> Priced:
    """Return what a segment's version charges from the beginning of the first anchor's day on."""
    first = day_start(energy_date(anchors[0].at, zone), zone)
    within = Span(first, anchors[-1].at)
    return version_charges(segment, [*earlier, *anchors], within, zone)


def version_charges(
    segment: Segment, known: Sequence[Anchor], within: Span, zone: ZoneInfo
) -> Priced:
    """Return what a segment's version charges within a span, as far as indexes are known."""
    piece = piece_of(segment, known, within)
    return Priced() if piece is None else priced(piece, known, zone)


def piece_of(segment: Segment, known: Sequence[Anchor], within: Span) -> Piece | None:
    """Return what of a segment its version prices, as far as indexes are known."""
    starts_at = max(within.starts_at, segment.starts_at, known[0].at)
    ends_at = min(within.ends_at, segment.ends_at or within.ends_at, known[-1].at)
    if segment.version is None or starts_at >= ends_at:
        return None
    terms = Terms(
        span=Span(starts_at, ends_at),
        counted_from=max(segment.counted_from or starts_at, known[0].at),
        version=segment.version,
        multiplier=segment.multiplier,
        basis=segment.basis,
        category=segment.category,
    )
    return Piece(
        terms=terms,
        starts_at=segment.starts_at,
        ends_at=segment.ends_at,
        told_from=segment.told_from,
        told_until=segment.told_until,
        power_w_max=segment.power_w_max,
    )


def pieces(
    anchors: Sequence[Anchor], segments: Sequence[Segment]
) -> Iterator[tuple[Anchor, Anchor]]:
    """Yield the stretches between anchors, cut where a segment begins or ends."""
    edges = _edges(segments)
    for before, after in pairwise(anchors):
        within = [at for at in edges if before.at < at < after.at]
        course = _between(before, after) if within else None
        cuts = [Anchor(at, course.index_at(at)) for at in within] if course else []
        yield from pairwise([before, *cuts, after])


def _told(anchors: Sequence[Anchor], segments: Sequence[Segment]) -> set[datetime]:
    """Return the edges of segments between anchors at which the load profile tells the index."""
    return {
        at
        for before, after in pairwise(anchors)
        if before.profile
        for at in _edges(segments)
        if before.at < at < after.at
        and _between(before, after).quality([Span(before.at, at)]) is Quality.ACTUAL
    }


def _edges(segments: Sequence[Segment]) -> list[datetime]:
    return sorted({at for s in segments for at in (s.starts_at, s.ends_at) if at is not None})


def _between(before: Anchor, after: Anchor) -> Course:
    marks = [Mark(one.at, one.index_wh, one.step_wh) for one in (before, after)]
    return Course(marks=marks, profile=before.profile)


def difference(after: Counter[Key], before: Counter[Key]) -> Counter[Key]:
    """Return the signed settlement that turns what was charged into what is due."""
    due = Counter(after)
    due.subtract(before)
    return Counter({key: amount for key, amount in due.items() if amount})
