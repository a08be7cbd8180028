"""Where an index was between readings: by the profile, the tariff registers, or the clock."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from db.enums import Quality
from domain.tariffs.courses import Course, Mark, TariffRegisters
from domain.tariffs.flows import Interval, Span
from domain.tariffs.presets import tr_time_of_use

ISTANBUL = ZoneInfo("Europe/Istanbul")
MIDNIGHT = datetime(2026, 3, 17, 21, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return MIDNIGHT + hours * HOUR


def span(first: float, last: float) -> Span:
    return Span(at(first), at(last))


def profile(*energies: int, first: float = 0, hours: float = 1) -> list[Interval]:
    return [
        Interval(at(first + n * hours), at(first + (n + 1) * hours), energy_wh)
        for n, energy_wh in enumerate(energies)
    ]


def registers(*, first: float, last: float, gained: tuple[int, int, int]) -> TariffRegisters:
    """Return the Turkish tariff registers, read at both ends."""
    bands = tr_time_of_use(Decimal(1), Decimal(1), Decimal(1)).bands
    marks = {
        band.name: {at(first): 1000, at(last): 1000 + energy_wh}
        for band, energy_wh in zip(bands, gained, strict=True)
    }
    return TariffRegisters(bands=bands, zone=ISTANBUL, marks=marks)


def course(
    first: tuple[float, int],
    last: tuple[float, int],
    *,
    intervals: list[Interval] | None = None,
    tariff_registers: TariffRegisters | None = None,
) -> Course:
    return Course(
        marks=[Mark(at(hours), index_wh) for hours, index_wh in (first, last)],
        profile=intervals or [],
        registers=tariff_registers,
    )


@pytest.mark.parametrize(
    ("known", "hours", "expected"),
    [
        pytest.param(course((0, 500), (4, 900)), 1, 600, id="in proportion to time"),
        pytest.param(course((0, 500), (3, 600)), 1, 533, id="in whole units, rounded down"),
        pytest.param(course((0, 500), (4, 500)), 1, 500, id="nothing flowed"),
        pytest.param(course((0, 500), (4, 900)), 4, 900, id="at a reading"),
        pytest.param(
            course((0, 0), (4, 400), intervals=profile(0, 0, 300, 100)), 3, 300, id="by the profile"
        ),
        pytest.param(
            course((0, 0), (4, 400), intervals=profile(0, 0, 300, 100)),
            2.5,
            150,
            id="evenly within an interval",
        ),
        pytest.param(
            course((0, 0), (4, 403), intervals=profile(0, 0, 300, 100)),
            3,
            302,
            id="the total holds where the profile was rounded",
        ),
        pytest.param(
            course((0, 0), (4, 400), intervals=profile(0, 0, 300)), 3, 300, id="a profile too short"
        ),
        pytest.param(
            course((0, 0), (4, 800), intervals=profile(0, 0, 300, 100)),
            3,
            600,
            id="a profile that contradicts the total",
        ),
        pytest.param(
            course((0.5, 0), (2.5, 250), intervals=profile(100, 100, 200)),
            1,
            50,
            id="intervals that the readings cut",
        ),
        pytest.param(
            course((0, 0), (4, 403), intervals=[*profile(0, 100), *profile(300, first=3)]),
            3,
            103,
            id="what a profile lacks came in its gap",
        ),
        pytest.param(
            course((0, 0), (4, 700), intervals=[*profile(100), *profile(300, first=2)]),
            2,
            250,
            id="evenly in all its gaps",
        ),
        pytest.param(
            course((0, 0), (4, 397), intervals=[*profile(100), *profile(300, first=3)]),
            3,
            99,
            id="a gap without energy",
        ),
        pytest.param(
            course((0, 0), (4, 4), intervals=profile(0, 0, 0, 0)),
            1,
            1,
            id="a profile of nothing where hardly anything flowed",
        ),
        pytest.param(
            course((0, 0), (4, 2000), intervals=profile(200, 300, 600, 400)),
            3,
            1466,
            id="a register that shows fewer digits than the profile",
        ),
        pytest.param(
            course(
                (0, 0),
                (24, 2400),
                intervals=profile(*[100] * 23),
                tariff_registers=registers(first=0, last=24, gained=(1000, 600, 800)),
            ),
            17,
            1600,
            id="the tariff registers before a profile with gaps",
        ),
        pytest.param(
            course(
                (0, 0),
                (24, 2400),
                tariff_registers=registers(first=0, last=24, gained=(1000, 600, 800)),
            ),
            17,
            1600,
            id="by the tariff registers",
        ),
        pytest.param(
            course(
                (0, 0),
                (24, 2400),
                intervals=profile(*[100] * 24),
                tariff_registers=registers(first=0, last=24, gained=(1000, 600, 800)),
            ),
            17,
            1700,
            id="the profile before the tariff registers",
        ),
        pytest.param(
            course(
                (0, 0),
                (24, 2400),
                tariff_registers=registers(first=0, last=24, gained=(1, 1, 1)),
            ),
            17,
            1700,
            id="tariff registers that contradict the total",
        ),
        pytest.param(
            course(
                (0, 0), (4, 400), tariff_registers=registers(first=0, last=4, gained=(400, 0, 0))
            ),
            1,
            100,
            id="tariff registers that contradict the hours",
        ),
        pytest.param(
            course(
                (0, 0), (24, 2400), tariff_registers=registers(first=0, last=9, gained=(0, 0, 2400))
            ),
            17,
            1700,
            id="tariff registers that were not read then",
        ),
    ],
)
def test_index_at(known: Course, hours: float, expected: int) -> None:
    assert known.index_at(at(hours)) == expected


@pytest.mark.parametrize("hours", [-1, 5])
def test_nothing_is_said_of_times_that_nothing_is_known_of(hours: float) -> None:
    with pytest.raises(ValueError, match="known from"):
        course((0, 0), (4, 400)).index_at(at(hours))


BY_REGISTERS = course(
    (0, 0), (24, 2400), tariff_registers=registers(first=0, last=24, gained=(1000, 600, 800))
)
NIGHTS = course(
    (12, 0), (36, 2400), tariff_registers=registers(first=12, last=36, gained=(1000, 600, 800))
)

GAP = course((0, 0), (4, 400), intervals=[*profile(100), *profile(50, 50, first=2)])
GAPS = course(
    (0, 0),
    (4, 400),
    intervals=[*profile(100, hours=0.5), *profile(50, first=1.5), *profile(50, first=3)],
)


@pytest.mark.parametrize(
    ("known", "parts", "expected"),
    [
        pytest.param(course((0, 0), (4, 9)), [span(0, 4)], Quality.ACTUAL, id="whole stretch"),
        pytest.param(course((0, 0), (4, 9)), [span(0, 1)], Quality.ESTIMATED, id="by the clock"),
        pytest.param(course((0, 0), (4, 0)), [span(0, 1)], Quality.ACTUAL, id="no energy"),
        pytest.param(
            course((0, 0), (4, 400), intervals=profile(0, 0, 300, 100)),
            [span(1, 3)],
            Quality.ACTUAL,
            id="between intervals",
        ),
        pytest.param(
            course((0, 0), (4, 400), intervals=profile(0, 0, 300, 100)),
            [span(1, 2.5)],
            Quality.ESTIMATED,
            id="within an interval",
        ),
        pytest.param(
            course((0, 0), (4, 400), intervals=profile(0, 0, 300, 100)),
            [span(0.5, 2)],
            Quality.ACTUAL,
            id="within an interval without energy",
        ),
        pytest.param(GAP, [span(0, 1)], Quality.ACTUAL, id="before a gap"),
        pytest.param(GAP, [span(2, 4)], Quality.ACTUAL, id="after a gap"),
        pytest.param(GAP, [span(0, 1.5)], Quality.ESTIMATED, id="within a gap"),
        pytest.param(GAPS, [span(0, 2)], Quality.ESTIMATED, id="between gaps"),
        pytest.param(GAPS, [span(0, 0.5), span(3, 4)], Quality.ACTUAL, id="around gaps"),
        pytest.param(BY_REGISTERS, [span(6, 17)], Quality.ACTUAL, id="T1"),
        pytest.param(BY_REGISTERS, [span(0, 6), span(22, 24)], Quality.ACTUAL, id="all of T3"),
        pytest.param(BY_REGISTERS, [span(0, 6)], Quality.ESTIMATED, id="the morning of T3"),
        pytest.param(NIGHTS, [span(17, 22)], Quality.ACTUAL, id="T2 of the first day"),
        pytest.param(NIGHTS, [span(12, 17)], Quality.ESTIMATED, id="T1 of one of two days"),
        pytest.param(NIGHTS, [span(22, 24)], Quality.ESTIMATED, id="T3 up to midnight"),
    ],
)
def test_quality(known: Course, parts: list[Span], expected: Quality) -> None:
    assert known.quality(parts) is expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(course((0, 0), (4, 400), intervals=profile(0, 0, 300, 100)), True, id="whole"),
        pytest.param(GAP, True, id="with a gap"),
        pytest.param(course((0, 0), (4, 400)), False, id="none"),
        pytest.param(course((0, 0), (4, 0)), True, id="no energy"),
        pytest.param(BY_REGISTERS, False, id="the tariff registers"),
        pytest.param(
            course((0, 0), (4, 900), intervals=profile(0, 0, 300, 100)), False, id="contradicted"
        ),
    ],
)
def test_whether_the_profile_tells(known: Course, expected: bool) -> None:
    assert known.is_told_by_profile(span(0, 4)) is expected
