"""Another pricing, to compare with: minute by minute, in fractions, without any look ahead.

It knows tariff versions as data and takes nothing else from the domain.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.enums import EnergyDirection, SlabPeriod, TariffDay
from domain.tariffs.components import Component, Flat, PerDay, Slabs, Tax, TimeOfUse, Version

MINUTE = timedelta(minutes=1)
MULTIPLIER_STEPS = 10_000


class Minute(NamedTuple):
    """The local day, the minute that the clock shows, and whether the day begins here."""

    day: date
    shown: int
    begins: bool


class Key(NamedTuple):
    """What a line is of: which stretch of terms, day, component and rate."""

    stretch: int
    day: date
    component: str
    rate: str


class Amount(NamedTuple):
    """Quantity in kWh or days, and money in millionths."""

    quantity: Fraction
    net_micro: int
    tax_micro: int


@dataclass(frozen=True)
class Stretch:
    """A version from some minute on."""

    from_minute: int
    version: Version


@dataclass
class Tally:
    """What a line has before it is rounded: for each rate its price and quantities so far."""

    price: Fraction = Fraction(0)
    before: int = 0
    after: int = 0


@lru_cache(maxsize=4)
def minutes(start: datetime, count: int, zone: ZoneInfo) -> list[Minute]:
    """Return what the clock on the wall shows at each minute."""
    made = []
    day = (start - MINUTE).astimezone(zone).date()
    for number in range(count):
        local = (start + number * MINUTE).astimezone(zone)
        begins = local.date() != day
        day = local.date() if begins else day
        made.append(Minute(day, local.hour * 60 + local.minute, begins))
    return made


def price_by_minute(
    stretches: Sequence[Stretch],
    wall: Sequence[Minute],
    energies: Mapping[str, Sequence[int]],
    multiplier: Fraction,
) -> dict[Key, Amount]:
    """Return all that is charged. energies: Wh in each minute, by register."""
    scaled = int(multiplier * MULTIPLIER_STEPS)
    amounts: dict[Key, Amount] = {}
    ends = [s.from_minute for s in stretches[1:]] + [len(wall)]
    for place, (stretch, end) in enumerate(zip(stretches, ends, strict=True)):
        for component in stretch.version.components:
            tallies = _tallies(
                component,
                stretch.version,
                wall[:end],
                energies.get(component.register or "", ()),
                stretch.from_minute,
                scaled,
            )
            for (day, rate), tally in tallies.items():
                if tally.after != tally.before:
                    key = Key(place, day, component.name, rate)
                    amounts[key] = _amount(component, stretch.version.taxes, tally)
    return amounts


def _tallies(
    component: Component,
    version: Version,
    wall: Sequence[Minute],
    energies: Sequence[int],
    first: int,
    scaled: int,
) -> dict[tuple[date, str], Tally]:
    match component.shape:
        case Flat(price=price):
            return _flat(Fraction(price), wall, energies, first, scaled)
        case PerDay(price=price):
            unit = 1000 * MULTIPLIER_STEPS
            begun = [minute.day for minute in wall[first:] if minute.begins]
            return {(day, ""): Tally(Fraction(price), 0, unit) for day in begun}
        case TimeOfUse():
            return _by_hours(component.shape, version, wall, energies, first, scaled)
        case Slabs():
            return _by_slabs(component.shape, wall, energies, first, scaled)


def _flat(
    price: Fraction, wall: Sequence[Minute], energies: Sequence[int], first: int, scaled: int
) -> dict[tuple[date, str], Tally]:
    used: dict[date, int] = defaultdict(int)
    for minute, energy in zip(wall[first:], energies[first:], strict=False):
        used[minute.day] += energy
    return {(day, ""): Tally(price, 0, wh * scaled) for day, wh in used.items()}


def _by_hours(
    shape: TimeOfUse,
    version: Version,
    wall: Sequence[Minute],
    energies: Sequence[int],
    first: int,
    scaled: int,
) -> dict[tuple[date, str], Tally]:
    weekdays = list(TariffDay)[:7]
    bands = {kind: [_band(shape, kind, minute) for minute in range(1440)] for kind in TariffDay}
    used: dict[tuple[date, int], int] = defaultdict(int)
    day, table = date.min, bands[TariffDay.SPECIAL]
    for minute, energy in zip(wall[first:], energies[first:], strict=False):
        if minute.day != day:
            day = minute.day
            special = day in version.special_days
            table = bands[TariffDay.SPECIAL if special else weekdays[day.weekday()]]
        used[day, table[minute.shown]] += energy
    return {
        (day, shape.bands[band].name): Tally(Fraction(shape.bands[band].price), 0, wh * scaled)
        for (day, band), wh in used.items()
    }


def _band(shape: TimeOfUse, kind: TariffDay, minute: int) -> int:
    for place, band in enumerate(shape.bands):
        for window in band.windows:
            width = (window.until_minute - window.from_minute) % 1440 or 1440
            if kind in window.days and (minute - window.from_minute) % 1440 < width:
                return place
    raise AssertionError(f"{kind} {minute}")


@dataclass
class _Counter:
    """How full each slab is, in ten-thousandths of a Wh, since its period began."""

    shape: Slabs
    filled: list[int] = field(default_factory=list)
    period: tuple[int, ...] = ()
    widths: list[int] = field(init=False)

    def __post_init__(self) -> None:
        tops = [Fraction(s.up_to_kwh) for s in self.shape.slabs if s.up_to_kwh is not None]
        steps = [top - floor for floor, top in pairwise([Fraction(0), *tops])]
        self.widths = [int(step * 1000 * MULTIPLIER_STEPS) for step in steps]

    def enter(self, day: date) -> None:
        period = _period(day, self.shape.period)
        if period != self.period:
            self.period, self.filled = period, [0] * len(self.shape.slabs)

    def add(self, amount: int) -> None:
        for place, width in enumerate(self.widths):
            room = width - self.filled[place]
            if amount <= room:
                self.filled[place] += amount
                return
            self.filled[place] = width
            amount -= room
        self.filled[-1] += amount


def _by_slabs(
    shape: Slabs, wall: Sequence[Minute], energies: Sequence[int], first: int, scaled: int
) -> dict[tuple[date, str], Tally]:
    counter, made = _Counter(shape), dict[tuple[date, str], Tally]()
    day = None
    for number, minute in enumerate(wall):
        if minute.day != day or number == first:
            _note(made, counter, day, counts=number > first)
            day = minute.day
            counter.enter(day)
            if number >= first:
                for place, (slab, filled) in enumerate(
                    zip(shape.slabs, counter.filled, strict=True), start=1
                ):
                    made[day, str(place)] = Tally(Fraction(slab.price), filled, filled)
        if energies[number]:
            counter.add(energies[number] * scaled)
    _note(made, counter, day, counts=True)
    return made


def _note(
    made: dict[tuple[date, str], Tally], counter: _Counter, day: date | None, *, counts: bool
) -> None:
    if counts and day is not None:
        for place, filled in enumerate(counter.filled, start=1):
            made[day, str(place)].after = filled


def _period(day: date, period: SlabPeriod) -> tuple[int, ...]:
    whole = (day.year, day.month, day.day)
    return whole[: {SlabPeriod.DAY: 3, SlabPeriod.MONTH: 2, SlabPeriod.YEAR: 1}[period]]


def _amount(component: Component, taxes: Iterable[Tax], tally: Tally) -> Amount:
    unit = 1000 * MULTIPLIER_STEPS
    net = _micro(tally.price * tally.after / unit) - _micro(tally.price * tally.before / unit)
    if component.direction is EnergyDirection.EXPORT:
        return Amount(Fraction(tally.after - tally.before, unit), -net, 0)
    paid: dict[str, int] = {}
    for tax in taxes:
        if component.kind in tax.on:
            base = net + sum(paid.get(name, 0) for name in tax.on_taxes)
            paid[tax.name] = _micro(Fraction(base, 10**6) * Fraction(tax.rate))
    return Amount(Fraction(tally.after - tally.before, unit), net, sum(paid.values()))


def _micro(exact: Fraction) -> int:
    """Return millionths, half away from zero."""
    scaled = abs(exact) * 10**6
    whole = int(scaled + Fraction(1, 2))
    return whole if exact >= 0 else -whole
