"""What simulated meters use."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.simulator.load import (
    EPOCH,
    SHAPES,
    TARIFF_HOURS,
    energy_wh,
    shape_of,
    tariff_energy_wh,
)

SEEDS = st.integers(0, 10_000)
MOMENTS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3_000))


def used_wh(seed: int, *, since: datetime, hours: float) -> int:
    return energy_wh(seed, since + timedelta(hours=hours)) - energy_wh(seed, since)


@given(seed=SEEDS, moment=MOMENTS, later=MOMENTS)
def test_energy_never_falls(seed: int, moment: timedelta, later: timedelta) -> None:
    before = tariff_energy_wh(seed, EPOCH + moment)
    after = tariff_energy_wh(seed, EPOCH + moment + later)

    assert all(first <= second for first, second in zip(before, after, strict=True))


@given(seed=SEEDS, moment=MOMENTS)
def test_energy_never_falls_within_a_minute(seed: int, moment: timedelta) -> None:
    steps = [energy_wh(seed, EPOCH + moment + timedelta(seconds=n)) for n in range(0, 60, 5)]

    assert all(before <= after for before, after in pairwise(steps))


@given(seed=SEEDS, moment=MOMENTS)
def test_tariffs_add_up_to_the_total(seed: int, moment: timedelta) -> None:
    at = EPOCH + moment

    assert sum(tariff_energy_wh(seed, at)) == energy_wh(seed, at)


@given(seed=SEEDS, day=st.integers(0, 2_000), hour=st.integers(0, 23))
def test_only_the_tariff_of_the_hour_counts(seed: int, day: int, hour: int) -> None:
    since = EPOCH + timedelta(days=day, hours=hour)
    before, after = (
        tariff_energy_wh(seed, at) for at in (since, since + timedelta(minutes=59, seconds=59))
    )

    counting = [first != second for first, second in zip(before, after, strict=True)]

    assert counting == [hour in hours for hours in TARIFF_HOURS]


def test_the_same_seed_uses_the_same_and_others_do_not() -> None:
    at = EPOCH + timedelta(days=100)

    assert energy_wh(7, at) == energy_wh(7, at.astimezone(UTC))
    assert len({energy_wh(seed, at) for seed in range(100)}) == 100


def test_all_shapes_occur() -> None:
    assert {shape_of(seed) for seed in range(100)} == set(SHAPES)


@pytest.mark.parametrize(
    ("name", "busy_hour", "quiet_hour"),
    [("office", 10, 3), ("shop", 18, 4), ("workshop", 14, 2), ("night industry", 2, 18)],
)
def test_a_shape_has_its_busy_hours(name: str, busy_hour: int, quiet_hour: int) -> None:
    seed = next(seed for seed in range(100) if shape_of(seed).name == name)
    tuesday = EPOCH + timedelta(days=29)

    busy, quiet = (
        used_wh(seed, since=tuesday + timedelta(hours=hour), hours=1)
        for hour in (busy_hour, quiet_hour)
    )

    assert busy > 2 * quiet


def test_an_office_rests_at_the_weekend() -> None:
    seed = next(seed for seed in range(100) if shape_of(seed).name == "office")

    friday = used_wh(seed, since=EPOCH + timedelta(days=4), hours=24)
    sunday = used_wh(seed, since=EPOCH + timedelta(days=6), hours=24)

    assert friday > 2 * sunday


def test_days_differ() -> None:
    days = [used_wh(3, since=EPOCH + timedelta(days=7 * week), hours=24) for week in range(20)]

    assert len(set(days)) == 20


def test_there_was_nothing_before_the_epoch() -> None:
    assert energy_wh(1, EPOCH) == 0
    with pytest.raises(ValueError, match="expected a time from 2024-01-01"):
        energy_wh(1, EPOCH - timedelta(seconds=1))
