"""Any tariffs, over any time, of meters that are used in any way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from db.enums import ComponentKind, EnergyDirection, SlabPeriod, TariffDay
from domain.tariffs.completeness import check
from domain.tariffs.components import (
    Band,
    Component,
    Flat,
    PerDay,
    Slab,
    Slabs,
    TimeOfUse,
    Version,
    Window,
)
from domain.tariffs.presets import TR_TAXES
from tests.unit.tariff_by_the_minute import MINUTE, Stretch

BLOCK = 30
A_DAY = 1440
WORKDAYS = frozenset(list(TariffDay)[:5])
FREE_DAYS = frozenset(TariffDay) - WORKDAYS
prices = st.decimals(min_value=0, max_value=9, places=9)
patterns = st.lists(st.integers(0, 40), min_size=5, max_size=23).filter(any)


@dataclass(frozen=True)
class Case:
    """A meter over some time, and the versions that it is charged by."""

    start: datetime
    count: int
    zone: ZoneInfo
    stretches: Sequence[Stretch]
    pattern: Sequence[int]
    multiplier: Decimal

    def at(self, minute: int) -> datetime:
        return self.start + minute * MINUTE

    def per_minute(self, *, every: int = 1) -> list[int]:
        """Return the Wh of each minute, the same for a block of minutes."""
        blocks = range(-(-self.count // BLOCK))
        made = [self.pattern[b * every % len(self.pattern)] for b in blocks for _ in range(BLOCK)]
        return made[: self.count]


@st.composite
def windows(draw: st.DrawFn, days: frozenset[TariffDay], bands: int) -> list[list[Window]]:
    """Return windows for each band that share out the day; the last goes on after midnight."""
    cuts = sorted(draw(st.sets(st.integers(0, 1439), min_size=bands, max_size=6)))
    made: list[list[Window]] = [[] for _ in range(bands)]
    for place, (starts, ends) in enumerate(zip(cuts, [*cuts[1:], cuts[0]], strict=True)):
        made[place % bands].append(Window(days, starts, ends or A_DAY))
    return made


@st.composite
def hours(draw: st.DrawFn) -> TimeOfUse:
    count = draw(st.integers(1, 3))
    at_work, free = draw(windows(WORKDAYS, count)), draw(windows(FREE_DAYS, count))
    return TimeOfUse(
        tuple(
            Band(f"B{place}", draw(prices), (*at_work[place], *free[place]))
            for place in range(count)
        )
    )


@st.composite
def slabs(draw: st.DrawFn) -> Slabs:
    limits = sorted(draw(st.sets(st.integers(1, 900), min_size=1, max_size=3)))
    tops = [*map(Decimal, limits), None]
    return Slabs(draw(st.sampled_from(SlabPeriod)), tuple(Slab(top, draw(prices)) for top in tops))


@st.composite
def versions(draw: st.DrawFn) -> Version:
    """Return a version that has every shape."""
    version = Version(
        components=(
            Component(name="Hours", kind=ComponentKind.ENERGY, shape=draw(hours())),
            Component(name="Slabs", kind=ComponentKind.ENERGY, shape=draw(slabs())),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(draw(prices))),
            Component(
                name="Standing",
                kind=ComponentKind.FEE,
                shape=PerDay(draw(prices) + 1),
                register=None,
            ),
            Component(
                name="Sold",
                kind=ComponentKind.ENERGY,
                shape=Flat(draw(prices)),
                direction=EnergyDirection.EXPORT,
                register="2.8.0",
            ),
        ),
        taxes=TR_TAXES,
        special_days=draw(
            st.frozensets(st.dates(date(2024, 12, 30), date(2027, 1, 2)), max_size=5)
        ),
    )
    check(version)
    return version


@st.composite
def cases(draw: st.DrawFn, *, start: datetime, count: int, zone: ZoneInfo) -> Case:
    """Return a case in which the version changes once, at any minute."""
    change = draw(st.integers(1, count - 1))
    return Case(
        start,
        count,
        zone,
        [Stretch(0, draw(versions())), Stretch(change, draw(versions()))],
        draw(patterns),
        draw(st.sampled_from([Decimal(1), Decimal(40), Decimal("1.5"), Decimal("0.3333")])),
    )
