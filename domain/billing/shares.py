"""Bills of meters whose energy several accounts pay for, or one after the other. Pure.

Each account that shares a meter has, as it were, a meter of its own, which counts its portion.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.billing.energy import NONE, Energy, consumed
from domain.billing.portions import Portion
from domain.billing.rules import Anchor, Bill, Segment, bill
from domain.tariffs.courses import step_of


@dataclass(frozen=True, slots=True)
class _Own:
    """What is known of what an account's own meter counts; or of the meter, where nobody shares."""

    anchors: Sequence[Anchor]
    earlier: Sequence[Anchor]
    segments: Sequence[Segment]


def charged(
    anchors: Sequence[Anchor],
    segments: Sequence[Segment],
    zone: ZoneInfo,
    earlier: Sequence[Anchor] = (),
) -> Bill:
    """Return what `rules.bill` does, for segments that may be shared."""
    made = Bill()
    for own in _told_apart(anchors, segments, earlier):
        part = bill(own.anchors, own.segments, zone, own.earlier)
        made.charges.update(part.charges)
        made.taxes.update(part.taxes)
        made.estimated |= part.estimated
        made.bases.update(part.bases)
    return made


def used(anchors: Sequence[Anchor], segments: Sequence[Segment], zone: ZoneInfo) -> Energy:
    """Return what `energy.consumed` does, for segments that may be shared."""
    made: Energy = {}
    for own in _told_apart(anchors, segments, ()):
        for key, energy_wh in consumed(own.anchors, own.segments, zone).items():
            made[key] = made.get(key, NONE) + energy_wh
    return made


def _told_apart(
    anchors: Sequence[Anchor], segments: Sequence[Segment], earlier: Sequence[Anchor]
) -> Iterator[_Own]:
    for portion in dict.fromkeys(segment.portion for segment in segments):
        of_portion = [segment for segment in segments if segment.portion == portion]
        if portion is None:
            yield _Own(anchors, earlier, of_portion)
        elif any(portion.reaches(anchor.at) for anchor in anchors):
            yield _Own(counted(anchors, portion), counted(earlier, portion), of_portion)


def counted(anchors: Sequence[Anchor], portion: Portion) -> list[Anchor]:
    """Return what is known of the meter that an account has, as it were, by its portion."""
    return [
        Anchor(
            anchor.at,
            portion.of_index(anchor.index_wh),
            {name: portion.of(shown) for name, shown in anchor.registers.items()},
            portion.of_profile(anchor.profile),
            step_of(anchor.index_wh),
        )
        for anchor in anchors
        if portion.reaches(anchor.at)
    ]
