"""What consumed energy costs. Pure: no clock, no database."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import pairwise
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from db.enums import LedgerAccountKind, TaxPoint
from db.ids import AccountId
from domain.billing.portions import Portion
from domain.tariffs.components import TOTAL_IMPORT, Slabs, Version
from domain.tariffs.courses import Course, Mark, Span
from domain.tariffs.lines import Line, Terms
from domain.tariffs.pricing import lines
from domain.tariffs.schedule import day_start, period_start

MICRO_PER_MAJOR_AND_KWH_PER_WH = 1000
# With the tax point at the top-up, what is used takes from what was paid in advance.
TAX_SIDES = {
    TaxPoint.CONSUMPTION: LedgerAccountKind.TAX,
    TaxPoint.TOP_UP: LedgerAccountKind.TAX_IN_ADVANCE,
}
INSTANT = timedelta(microseconds=1)

TaxKey: TypeAlias = tuple[AccountId, date, LedgerAccountKind, str]
"""Account, local day, the side of the books, and the tax's name."""
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that a meter's index is known to have had. at: UTC."""

    at: datetime
    index_wh: int


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

    def covers(self, at: datetime) -> bool:
        """Whether the energy right after `at` belongs here."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def cost_micro(self, index_wh: int, base_index_wh: int) -> int:
        return cost_micro(
            price_per_kwh=self.price_per_kwh,
            multiplier=self.multiplier,
            energy_wh=index_wh - base_index_wh,
        )


@dataclass(frozen=True, slots=True)
class Base:
    """The index at which a segment began; estimated when no reading stood there."""

    index_wh: int
    estimated: bool


@dataclass(slots=True)
class Bill:
    """What a stretch of readings costs, in millionths per account and local day.

    taxes: which parts of the charges are taxes.
    """

    charges: Counter[tuple[AccountId, date]] = field(default_factory=Counter)
    taxes: Counter[TaxKey] = field(default_factory=Counter)
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
    the first anchor has its base. A reading across a boundary is split there in proportion to time,
    which is an estimate; the total register always holds (domain rule 3.3).
    earlier: anchors before the first one, for segments with a version: these are priced from the
    beginning of the first anchor's local day on, as each line of theirs is rounded as a whole.
    """
    made = Bill()
    bases = {s.starts_at: s.base_index_wh for s in segments if s.base_index_wh is not None}
    for start, end in pieces(anchors, segments):
        segment = next((s for s in segments if s.covers(start.at)), None)
        if segment is None:
            continue
        if segment.starts_at not in bases:
            bases[segment.starts_at] = start.index_wh
            made.bases[segment.starts_at] = Base(start.index_wh, start not in anchors)
        if segment.version is not None:
            continue
        base = bases[segment.starts_at]
        made.charges[segment.account_id, energy_date(end.at, zone)] += segment.cost_micro(
            end.index_wh, base
        ) - segment.cost_micro(start.index_wh, base)
    for segment in segments:
        for line in _by_version(segment, anchors, earlier, zone):
            _charge(made, segment, line)
    return made


def _charge(made: Bill, segment: Segment, line: Line) -> None:
    assert segment.version is not None  # noqa: S101 - lines are made of versions
    made.charges[segment.account_id, line.day] += line.gross_micro
    side = TAX_SIDES[segment.version.tax_point]
    for tax in line.taxes:
        made.taxes[segment.account_id, line.day, side, tax.name] += tax.amount_micro


@dataclass(frozen=True, slots=True)
class Needed:
    """From when on indexes have to be known: for lines of the day, and for slabs to count."""

    day: datetime
    slabs: datetime


def needed_from(before: datetime, segments: Sequence[Segment], zone: ZoneInfo) -> Needed | None:
    """Return what pricing from an anchor on needs to know before it; None without versions."""
    versions = [segment.version for segment in segments if segment.version is not None]
    if not versions:
        return None
    day = energy_date(before, zone)
    shapes = [component.shape for version in versions for component in version.components]
    periods = [shape.period for shape in shapes if isinstance(shape, Slabs)]
    slabs = min([day, *(period_start(day, period) for period in periods)])
    counted = [segment.counted_from for segment in segments if segment.counted_from is not None]
    since = min((at for at in counted if at <= before), default=before)
    return Needed(day_start(day, zone), max(day_start(slabs, zone), since))


def _by_version(
    segment: Segment, anchors: Sequence[Anchor], earlier: Sequence[Anchor], zone: ZoneInfo
) -> Iterator[Line]:
    """Yield the lines of a segment's version from the beginning of the first anchor's day on."""
    if segment.version is None:
        return
    course = Course(marks=[Mark(anchor.at, anchor.index_wh) for anchor in (*earlier, *anchors)])
    first = day_start(energy_date(anchors[0].at, zone), zone)
    starts_at = max(first, segment.starts_at, course.span.starts_at)
    ends_at = min(segment.ends_at or anchors[-1].at, anchors[-1].at)
    if starts_at >= ends_at:
        return
    terms = Terms(
        span=Span(starts_at, ends_at),
        counted_from=max(segment.counted_from or starts_at, course.span.starts_at),
        version=segment.version,
        multiplier=segment.multiplier,
    )
    yield from lines(terms, {TOTAL_IMPORT: course}, zone)


def pieces(
    anchors: Sequence[Anchor], segments: Sequence[Segment]
) -> Iterator[tuple[Anchor, Anchor]]:
    """Yield the stretches between anchors, cut where a segment begins or ends."""
    edges = sorted({at for s in segments for at in (s.starts_at, s.ends_at) if at is not None})
    for before, after in pairwise(anchors):
        cuts = [_between(before, after, at) for at in edges if before.at < at < after.at]
        yield from pairwise([before, *cuts, after])


def _between(before: Anchor, after: Anchor, at: datetime) -> Anchor:
    share = (after.index_wh - before.index_wh) * ((at - before.at) // INSTANT)
    return Anchor(at, before.index_wh + share // ((after.at - before.at) // INSTANT))


def difference(after: Counter[Key], before: Counter[Key]) -> Counter[Key]:
    """Return the signed settlement that turns what was charged into what is due."""
    due = Counter(after)
    due.subtract(before)
    return Counter({key: amount for key, amount in due.items() if amount})
