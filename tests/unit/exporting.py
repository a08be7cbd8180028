"""A meter that imports and exports energy by the hour, and what is netted of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from db.enums import ComponentKind, EnergyDirection, NettingPeriod
from db.ids import AccountId
from domain.billing.rules import Anchor, Segment, version_charges
from domain.month_charges.netting import Netted, netted
from domain.month_charges.stretches import stretch_of
from domain.tariffs.components import Component, Flat, Netting, Shape, Tax, Version
from domain.tariffs.flows import Interval, Span
from tests.unit.tariff_terms import HOUR, ISTANBUL, MIDNIGHT, THURSDAY

QUARTER = timedelta(minutes=15)
MICRO = 1_000_000
VAT = Tax(name="VAT", rate=Decimal("0.2"), on=frozenset({ComponentKind.ENERGY}))


class Hour(NamedTuple):
    """What flowed in an hour, in Wh before the multiplier."""

    imported: int
    exported: int


def version(
    period: NettingPeriod,
    *,
    bought: Shape | str = "3",
    sold: Shape | str = "2",
    taxed: bool = False,
) -> Version:
    """Return prices of energy, of the grid at 1, and of what is exported."""
    return Version(
        components=(
            Component(name="Energy", kind=ComponentKind.ENERGY, shape=_shape(bought)),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(1))),
            Component(
                name="Sold",
                kind=ComponentKind.ENERGY,
                direction=EnergyDirection.EXPORT,
                register="2.8.0",
                shape=_shape(sold),
            ),
        ),
        taxes=(VAT,) if taxed else (),
        netting=Netting(period=period),
    )


def _shape(said: Shape | str) -> Shape:
    return Flat(Decimal(said)) if isinstance(said, str) else said


def segment(its: Version, multiplier: str = "1") -> Segment:
    return Segment(
        starts_at=MIDNIGHT,
        ends_at=None,
        account_id=AccountId(1),
        price_per_kwh=Decimal(0),
        multiplier=Decimal(multiplier),
        base_index_wh=0,
        version=its,
        counted_from=MIDNIGHT,
    )


def read_hourly(hours: Sequence[Hour], every: int = 1) -> list[Anchor]:
    """Return what a meter shows from midnight on, read every so many hours and at the end."""
    totals = list(accumulate(hours, _more, initial=Hour(0, 0)))
    return [
        Anchor(MIDNIGHT + number * HOUR, total.imported, {"2.8.0": total.exported})
        for number, total in enumerate(totals)
        if number % every == 0 or number == len(hours)
    ]


def _more(one: Hour, other: Hour) -> Hour:
    return Hour(one.imported + other.imported, one.exported + other.exported)


def profiled(known: Sequence[Anchor], hours: Sequence[Hour | None]) -> list[Anchor]:
    """Return what is known with hourly intervals of both directions, as far as there are any."""
    told = [
        (MIDNIGHT + number * HOUR, MIDNIGHT + (number + 1) * HOUR, hour)
        for number, hour in enumerate(hours)
        if hour is not None
    ]
    imported = [Interval(starts_at, ends_at, hour.imported) for starts_at, ends_at, hour in told]
    exported = [Interval(starts_at, ends_at, hour.exported) for starts_at, ends_at, hour in told]
    ends = [*(one.at for one in known[1:]), known[-1].at]
    return [
        replace(
            one,
            profile=[i for i in imported if i.ends_at > one.at and i.starts_at < until],
            exported=[i for i in exported if i.ends_at > one.at and i.starts_at < until],
        )
        for one, until in zip(known, ends, strict=True)
    ]


def net(known: Sequence[Anchor], *segments: Segment) -> Netted:
    """Return what is netted of all that is known of a meter."""
    span = Span(known[0].at, known[-1].at)
    stretches = [stretch_of(one, known, span, ISTANBUL) for one in segments]
    netting = next(one.version.netting for one in segments if one.version and one.version.netting)
    return netted(netting.period, [one for one in stretches if one], THURSDAY)


def charged_micro(known: Sequence[Anchor], *segments: Segment) -> int:
    """Return what was charged as it was read, with taxes."""
    span = Span(known[0].at, known[-1].at)
    return sum(
        line.gross_micro
        for one in segments
        for line in version_charges(one, known, span, ISTANBUL).lines
    )


def taken_back_micro(made: Netted) -> int:
    """Return what netting adds to that, with taxes: below zero where it gives back."""
    taxes = sum(tax.amount for line in made.lines for tax in line.taxes)
    return sum(line.amount_micro for line in made.lines) + int(taxes * MICRO)
