"""Charging by the registers in which a meter counts the hours of a tariff itself."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.enums import BillingBasis, ComponentKind, EnergyDirection
from db.ids import AccountId
from domain.billing.rules import Anchor, Bill, Segment, bill, told_across
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use
from tests.unit.tariff_by_the_minute import MINUTE, Stretch, minutes, price_by_minute

ISTANBUL, BERLIN = ZoneInfo("Europe/Istanbul"), ZoneInfo("Europe/Berlin")
ACCOUNT = AccountId(1)
BANDS = ("1.8.1", "1.8.2", "1.8.3")
HOURS = ((6, 17), (17, 22), (22, 6))
START = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)  # seven o'clock in Istanbul
HOUR = timedelta(hours=1)
EXAMPLES = settings(deadline=None, max_examples=15)

PRICES = [Decimal("2.000000001"), Decimal(3), Decimal("0.777777777")]
prices = st.lists(st.decimals(min_value=0, max_value=9, places=9), min_size=3, max_size=3)


def version(three: Sequence[Decimal], grid: str = "0.5") -> Version:
    return Version(
        components=(
            Component(name="Energy", kind=ComponentKind.ENERGY, shape=tr_time_of_use(*three)),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(grid))),
        ),
        taxes=TR_TAXES,
    )


def segment(its: Version, starts_at: datetime = START, ends_at: datetime | None = None) -> Segment:
    return Segment(
        starts_at=starts_at,
        ends_at=ends_at,
        account_id=ACCOUNT,
        price_per_kwh=Decimal(0),
        multiplier=Decimal(1),
        base_index_wh=0,
        version=its,
        counted_from=START,
        basis=BillingBasis.TOU_REGISTERS,
        power_w_max=100_000,
    )


def shown(hours: float, total: int, *bands: int) -> Anchor:
    """Return what a meter shows some hours after the start; without bands, the total alone."""
    registers = dict(zip(BANDS, bands, strict=True)) if bands else {}
    return Anchor(START + hours * HOUR, total, registers)


def days_of(made: Bill) -> dict[date, int]:
    return {day: micro for (_, day), micro in made.charges.items() if micro}


def gross(*, t1: int = 0, t2: int = 0, t3: int = 0, grid: int | None = None) -> int:
    """Return what whole kWh cost at prices of 2, 3 and 1, and 0.5 for the grid."""
    energy = Decimal(t1 * 2 + t2 * 3 + t3) * Decimal("1.05")
    net = energy + Decimal("0.5") * (t1 + t2 + t3 if grid is None else grid)
    return int(net * Decimal("1.2") * 1_000_000)


WHOLE = version([Decimal(2), Decimal(3), Decimal(1)])


def test_bands_cost_what_their_registers_gained() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(12, 10_000, 1_000, 7_000, 2_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=1, t2=7, t3=2)}
    assert made.estimated == set()


def test_the_total_alone_is_told_apart_by_the_clock_and_marked() -> None:
    known = [shown(0, 0), shown(12, 12_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=10, t2=2)}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_registers_that_come_later_replace_the_estimate() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(6, 6_000), shown(12, 12_000, 1_000, 7_000, 4_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=1, t2=7, t3=4)}
    assert made.estimated == set()


def test_the_basis_begins_with_the_first_reading_that_has_the_registers() -> None:
    known = [shown(0, 0), shown(2, 2_000, 40_000, 0, 0), shown(4, 5_000, 40_000, 0, 3_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=2, t3=3)}


def test_what_the_bands_do_not_tell_is_charged_by_the_clock() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(12, 20_000, 7_000, 1_000, 0)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=17, t2=3)}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_bands_that_tell_too_much_are_cut_to_the_total() -> None:
    known = [shown(0, 0, 0, 0, 0), shown(12, 16_000, 16_000, 0, 48_000)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=4, t3=12)}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_a_register_that_starts_again_at_zero_goes_on() -> None:
    known = [shown(0, 0, 999_999_000, 0, 0), shown(12, 10_000, 2_000, 7_000, 0)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=3, t2=7)}
    assert made.estimated == set()


def test_a_register_that_cannot_be_true_is_not_believed() -> None:
    known = [shown(0, 0, 5_000, 0, 0), shown(12, 12_000, 4_000, 0, 0)]

    made = bill(known, [segment(WHOLE)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=10, t2=2)}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def changed(at: datetime, after: Version) -> list[Segment]:
    return told_across([segment(WHOLE, ends_at=at), segment(after, starts_at=at)])


def test_a_change_between_bands_is_told_by_their_registers() -> None:
    at_seventeen = START + 10 * HOUR
    dearer = version([Decimal(20), Decimal(30), Decimal(10)])
    known = [shown(0, 0, 0, 0, 0), shown(12, 10_000, 9_000, 1_000, 0)]

    made = bill(known, changed(at_seventeen, dearer), ISTANBUL)

    energy = (9 * 2 + 1 * 30) * Decimal("1.05")
    assert days_of(made) == {
        date(2026, 3, 16): int((energy + 5) * Decimal("1.2") * 1_000_000),
    }
    assert made.estimated == set()


def test_a_change_within_a_band_is_split_by_its_hours_and_marked() -> None:
    at_noon = START + 5 * HOUR
    dearer = version([Decimal(20), Decimal(30), Decimal(10)])
    known = [shown(0, 0, 0, 0, 0), shown(12, 10_000, 8_000, 2_000, 0)]

    made = bill(known, changed(at_noon, dearer), ISTANBUL)

    energy = (4 * 2 + 4 * 20 + 2 * 30) * Decimal("1.05")
    assert days_of(made) == {
        date(2026, 3, 16): int((energy + 5) * Decimal("1.2") * 1_000_000),
    }
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_a_change_to_one_price_is_split_by_time_on_both_sides() -> None:
    at_noon = START + 6 * HOUR
    flat = replace(WHOLE, components=(WHOLE.components[1],), taxes=())
    known = [shown(0, 0, 0, 0, 0), shown(12, 12_000, 12_000, 0, 0)]

    made = bill(known, changed(at_noon, flat), ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): gross(t1=6) + 3_000_000}
    assert made.estimated == {(ACCOUNT, date(2026, 3, 16))}


def test_a_component_may_name_a_register() -> None:
    night = Component(
        name="Night", kind=ComponentKind.FEE, shape=Flat(Decimal(1)), register="1.8.3"
    )
    known = [shown(0, 0, 0, 0, 500_000), shown(5, 5_000), shown(12, 10_000, 0, 0, 504_000)]

    made = bill(known, [segment(Version(components=(night,)))], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): 4_000_000}


def test_what_is_exported_is_credited_by_its_own_register() -> None:
    sold = Component(
        name="Sold",
        kind=ComponentKind.ENERGY,
        shape=tr_time_of_use(Decimal(2), Decimal(1), Decimal(1)),
        direction=EnergyDirection.EXPORT,
        register="2.8.0",
    )
    its = replace(WHOLE, components=(WHOLE.components[1], sold))
    known = [
        Anchor(START, 0, {"2.8.0": 100_000}),
        Anchor(START + 5 * HOUR, 1_000, {"2.8.0": 103_000}),
        Anchor(START + 10 * HOUR, 1_000, {"2.8.0": 110_000}),
    ]

    made = bill(known, [segment(its)], ISTANBUL)

    assert days_of(made) == {date(2026, 3, 16): 600_000 - 20_000_000}
    assert sum(made.taxes.values()) == 100_000


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


registers = st.fixed_dictionaries({band: st.integers(0, 50_000) for band in BANDS})


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


def changed_alike(at: datetime, its: Version) -> list[Segment]:
    return told_across([segment(its, ends_at=at), segment(its, starts_at=at)])
