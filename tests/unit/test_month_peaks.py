"""Whose register had the peak of a month, and which reading told it first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from db.ids import MeterId
from domain.month_charges.kept_readings import peaks_written, read_peaks
from domain.month_charges.peaks import Maximum, Peak, ToldBy, highest, maximum_of
from domain.tariffs.flows import Span

STARTS_AT = datetime(2026, 1, 31, 21, tzinfo=UTC)
SPAN = Span(STARTS_AT, STARTS_AT + timedelta(hours=672))
OLD, NEW = MeterId(7), MeterId(8)


def at(hours: int) -> datetime:
    return STARTS_AT + timedelta(hours=hours)


def told(*shown: tuple[int, int]) -> list[Maximum]:
    """Return maxima by hours since the beginning, each with the one before."""
    before = [None, *shown][: len(shown)]
    return [
        Maximum(at(hours), shown_w, had and at(had[0]), had and had[1])
        for (hours, shown_w), had in zip(shown, before, strict=True)
    ]


def peak(meter_id: MeterId, shown_w: int, *, multiplier: str = "1", hours: int = 5) -> Peak:
    return Peak.of(ToldBy(meter_id, Decimal(multiplier), at(hours), shown_w))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param([(0, 90), (3, 20), (670, 20)], (3, 20), id="after it was reset"),
        pytest.param([(0, 90), (3, 20), (300, 50), (670, 50)], (300, 50), id="when it had grown"),
        pytest.param([(0, 9), (3, 50), (90, 7), (300, 50), (670, 50)], (3, 50), id="twice as high"),
        pytest.param([(0, 90), (670, 90)], None, id="as before"),
        pytest.param([(0, 90), (300, 20)], None, id="not read to the end"),
        pytest.param([], None, id="never read"),
    ],
)
def test_maximum_of(shown: list[tuple[int, int]], expected: tuple[int, int] | None) -> None:
    made = maximum_of(told(*shown), SPAN)

    assert (made and (made.at, made.shown_w)) == (expected and (at(expected[0]), expected[1]))


@pytest.mark.parametrize(
    ("of_meters", "expected"),
    [
        pytest.param([], None, id="no meter"),
        pytest.param([peak(OLD, 50)], peak(OLD, 50), id="one meter"),
        pytest.param([peak(OLD, 50), peak(NEW, 40)], peak(OLD, 50), id="the old meter"),
        pytest.param([peak(OLD, 50), peak(NEW, 60)], peak(NEW, 60), id="the new meter"),
        pytest.param([peak(OLD, 50), peak(NEW, 50)], peak(OLD, 50), id="the first of both"),
        pytest.param(
            [peak(OLD, 50), peak(NEW, 2, multiplier="40")],
            peak(NEW, 2, multiplier="40"),
            id="after the multiplier",
        ),
        pytest.param([peak(OLD, 50), None], None, id="nobody can tell of the new one"),
        pytest.param([None, peak(NEW, 50)], None, id="nobody can tell of the old one"),
    ],
)
def test_highest(of_meters: list[Peak | None], expected: Peak | None) -> None:
    assert highest(of_meters) == expected


def test_a_peak_is_in_whole_watts() -> None:
    assert peak(OLD, 12_345, multiplier="1.5").power_w == 18_517


def test_peaks_are_kept_with_whoever_told_them() -> None:
    peaks = {"1.6.0": peak(OLD, 50, multiplier="40.5"), "1.6.1": None, "1.6.2": Peak(70)}

    power_w = {register: None if one is None else one.power_w for register, one in peaks.items()}
    assert read_peaks(power_w, peaks_written(peaks)) == peaks
