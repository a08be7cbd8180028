"""What accounts do not pay for because others do: energy that submeters below them measure.

Pure. The energy that a meter charges to its account flowed through the points above it too. It is
deducted from what is paid for the nearest of them that charges at that time, by the prices there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from db.enums import BillingBasis, EnergyDirection
from db.ids import AccountId
from domain.billing.rules import Base, Bill, Segment
from domain.tariffs.components import Component, Flat, TimeOfUse, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """A stretch of time in which a point above a meter charges an account at constant terms.

    distance: how many points it is above the meter's own, from 1 on. ends_at: None while it lasts.
    price_per_kwh: None where `version` has more than one flat price.
    """

    distance: int
    starts_at: datetime
    ends_at: datetime | None
    account_id: AccountId
    price_per_kwh: Decimal | None
    version: Version | None = None
    basis: BillingBasis = BillingBasis.TOTAL_REGISTER
    category: str | None = None

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def unsettles(self, start: datetime, end: datetime | None) -> bool:
        """Whether charges after `end` depend on the energy between: its split, or its day's."""
        if end is not None and self.starts_at >= end:
            return False
        edges = (self.starts_at, self.ends_at)
        splits = any(at is not None and start < at and (end is None or at < end) for at in edges)
        return splits or (
            self.version is not None and (self.ends_at is None or start < self.ends_at)
        )


def deductions(own: Iterable[Segment], above: Sequence[Above]) -> list[Segment]:
    """Return on which terms a meter's energy is deducted, by time; their charges count negative.

    own: on which terms it is charged; where it is not, nothing is deducted. Its base indexes and
    slabs mean nothing here. Of a meter that several accounts pay for, each one's portion is
    deducted apart.
    """
    return [piece for segment in own for piece in _within(segment, above)]


def _within(segment: Segment, above: Sequence[Above]) -> Iterator[Segment]:
    for nearest, pieces in groupby(_pieces(segment, above), key=itemgetter(0)):
        spans = [span for _, span in pieces]
        if nearest is not None:
            yield Segment(
                starts_at=spans[0][0],
                ends_at=spans[-1][1],
                account_id=nearest.account_id,
                price_per_kwh=nearest.price_per_kwh or Decimal(0),
                multiplier=segment.multiplier,
                base_index_wh=None if segment.portion is None else segment.base_index_wh,
                version=None if nearest.version is None else by_energy_alone(nearest.version),
                counted_from=spans[0][0],
                portion=segment.portion,
                basis=nearest.basis,
                category=nearest.category,
                power_w_max=segment.power_w_max,
            )


def _pieces(
    segment: Segment, above: Sequence[Above]
) -> Iterator[tuple[Above | None, tuple[datetime, datetime | None]]]:
    """Yield what is nearest above, from each edge to the next."""
    edges = {at for one in above for at in (one.starts_at, one.ends_at) if at is not None}
    inner = sorted(at for at in edges if segment.starts_at < at and _ends_after(segment, at))
    for starts_at, ends_at in zip(
        [segment.starts_at, *inner], [*inner, segment.ends_at], strict=True
    ):
        covering = [one for one in above if one.covers(starts_at)]
        yield min(covering, key=lambda one: one.distance, default=None), (starts_at, ends_at)


def _ends_after(segment: Segment, at: datetime) -> bool:
    return segment.ends_at is None or segment.ends_at > at


def by_energy_alone(version: Version) -> Version:
    """Return the part of a version by which each kWh costs the same, whatever the others cost.

    A daily charge is due whoever consumes. What slabs charge for a kWh depends on all the others,
    so nothing is deducted by them; the operations refuse them there. What is exported below is not
    exported above.
    """
    return replace(version, components=tuple(filter(_is_by_energy, version.components)))


def _is_by_energy(component: Component) -> bool:
    is_imported = component.direction is EnergyDirection.IMPORT
    return is_imported and isinstance(component.shape, Flat | TimeOfUse)


def net(charged: Bill, deducted: Bill) -> Bill:
    """Return what is charged less what is deducted. Both are of one meter and one stretch."""
    charges = Counter(charged.charges)
    charges.subtract(deducted.charges)
    bases: dict[datetime, Base] = {**deducted.bases, **charged.bases}
    taxes = Counter(charged.taxes)
    taxes.subtract(deducted.taxes)
    return Bill(
        charges=charges,
        taxes=taxes,
        estimated=charged.estimated | deducted.estimated,
        bases=bases,
    )
