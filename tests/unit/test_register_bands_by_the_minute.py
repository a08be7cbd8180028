"""Bands that a meter counts itself cost what their minutes cost."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.enums import ComponentKind
from domain.billing.rules import Anchor, bill
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import TR_TAXES
from tests.unit.bands import (
    BANDS,
    BERLIN,
    EXAMPLES,
    HOUR,
    HOURS,
    ISTANBUL,
    START,
    changed_alike,
    days_of,
    prices,
    registers,
    segment,
    shown,
    version,
)
from tests.unit.tariff_by_the_minute import MINUTE, Stretch, minutes, price_by_minute


@dataclass(frozen=True)
class Meter:
    """What a meter counted in each block of minutes by the local hour, and when it was read."""

    start: datetime
    zone: ZoneInfo
    blocks: list[int]
    reads: list[int]
    tells: list[bool]

    def energies(self) -> Iterator[tuple[datetime, int, int]]:
        """Yield each block with the place of its band."""
        for number, energy in enumerate(self.blocks):
            at = self.start + number * BLOCK
            hour = at.astimezone(self.zone).hour
            band = next(
                place
                for place, (first, last) in enumerate(HOURS)
                if (hour - first) % 24 < (last - first) % 24
            )
            yield at, energy, band

    def anchors(self) -> list[Anchor]:
        totals = [Anchor(self.start, 0, dict.fromkeys(BANDS, 0))]
        for at, energy, band in self.energies():
            registers = dict(totals[-1].registers)
            registers[BANDS[band]] += energy
            totals.append(Anchor(at + BLOCK, totals[-1].index_wh + energy, registers))
        places = [0, *self.reads, len(self.blocks)]
        known = [totals[place] for place in sorted(set(places))]
        inner = [
            one if tells else Anchor(one.at, one.index_wh)
            for one, tells in zip(known[1:-1], self.tells, strict=False)
        ]
        return [known[0], *inner, known[-1]]


BLOCK = timedelta(minutes=30)


A_DAY = 48


@st.composite
def meters(draw: st.DrawFn, *, start: datetime, zone: ZoneInfo, days: int) -> Meter:
    pattern = draw(st.lists(st.integers(0, 900), min_size=5, max_size=23))
    count = days * A_DAY
    reads = sorted(draw(st.sets(st.integers(1, count - 1), max_size=12)))
    return Meter(
        start=start,
        zone=zone,
        blocks=[pattern[number % len(pattern)] for number in range(count)],
        reads=reads,
        tells=draw(st.lists(st.booleans(), min_size=len(reads), max_size=len(reads))),
    )


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        pytest.param(BERLIN, datetime(2025, 3, 28, 17, tzinfo=UTC), id="23 hours"),
        pytest.param(BERLIN, datetime(2025, 10, 24, 3, tzinfo=UTC), id="25 hours"),
        pytest.param(ISTANBUL, datetime(2026, 2, 27, 9, tzinfo=UTC), id="end of a month"),
    ],
)
@EXAMPLES
@given(data=st.data(), three=prices)
def test_bands_cost_what_their_minutes_cost(
    data: st.DataObject, three: list[Decimal], zone: ZoneInfo, start: datetime
) -> None:
    meter = data.draw(meters(start=start, zone=zone, days=4))
    known = meter.anchors()
    bands = replace(version(three), components=version(three).components[:1])
    its = replace(segment(bands), starts_at=start, counted_from=start)

    made = bill(known, [its], zone)

    assert days_of(made) == by_the_minute(meter, three, known)
    assert made.estimated == set()


def by_the_minute(
    meter: Meter, three: Sequence[Decimal], known: Sequence[Anchor]
) -> dict[date, int]:
    """Price each band as a register of its own that runs evenly between readings that have it."""
    count = len(meter.blocks) * 30
    full = [one for one in known if one.registers]
    energies: dict[str, list[int]] = {
        band: spread([(one.at, one.registers[band]) for one in full]) for band in BANDS
    }
    parts = tuple(
        Component(name=band, kind=ComponentKind.ENERGY, shape=Flat(price), register=band)
        for band, price in zip(BANDS, three, strict=True)
    )
    apart = Version(components=parts, taxes=TR_TAXES)
    amounts = price_by_minute(
        [Stretch(0, apart)], minutes(meter.start, count, meter.zone), energies, Fraction(1)
    )
    days: Counter[date] = Counter()
    for key, amount in amounts.items():
        days[key.day] += amount.net_micro + amount.tax_micro
    return {day: micro for day, micro in days.items() if micro}


def spread(marks: Sequence[tuple[datetime, int]]) -> list[int]:
    """Return the energy of each minute, at an even rate in whole Wh between marks."""
    made: list[int] = []
    for (since, before), (until, after) in pairwise(marks):
        count = (until - since) // MINUTE
        reached = [(after - before) * n // count for n in range(count + 1)]
        made += [later - sooner for sooner, later in pairwise(reached)]
    return made


@EXAMPLES
@given(
    steps=st.lists(
        st.tuples(st.integers(1, 40), st.integers(0, 30_000), st.one_of(st.none(), registers)),
        min_size=1,
        max_size=8,
    ),
    change=st.integers(1, 200),
)
def test_the_total_holds_whatever_the_bands_show(
    steps: list[tuple[int, int, Mapping[str, int] | None]], change: int
) -> None:
    known = [shown(0, 0, 0, 0, 0)]
    for hours, energy, bands in steps:
        before = known[-1]
        known.append(Anchor(before.at + hours * HOUR, before.index_wh + energy, bands or {}))
    one_price = version([Decimal(1)] * 3, grid="0")
    one_price = replace(one_price, taxes=())
    cut = START + change * HOUR

    made = bill(known, changed_alike(cut, one_price), ISTANBUL)

    assert sum(made.charges.values()) == known[-1].index_wh * 1_000
