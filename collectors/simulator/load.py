"""How much simulated meters use: believable days, the same for the same seed, at any instant.

Energy is cumulative and computed, not added up, so any instant costs the same few microseconds.
Noise is added to the cumulative energy at fixed instants (the start of each hour and day) and is
smaller than the energy that follows, so the register never goes down.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import accumulate
from typing import Final

ZONE: Final = timezone(timedelta(hours=3))
# A Monday, so that a day's number tells its weekday.
EPOCH: Final = datetime(2024, 1, 1, tzinfo=ZONE)
PROFILES_CACHED: Final = 100_000

_DAYS_IN_WEEK, _WEEKDAYS, _SECONDS_IN_DAY = 7, 5, 86_400
_SECONDS_IN_HOUR = 3_600
# Local hours of the Turkish three-rate tariff: T1, T2, T3.
TARIFF_HOURS: Final = (tuple(range(6, 17)), tuple(range(17, 22)), (*range(6), 22, 23))

# Fractions of the smallest day and of the hour that follows; together below one.
_DAY_NOISE, _HOUR_NOISE = 0.3, 0.6
_FLAT_TOP = 1 << 64


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of customer: mean power in W for each local hour of a weekday and a weekend day."""

    name: str
    weekday_w: tuple[int, ...]
    weekend_w: tuple[int, ...]


def _hours(*stretches: tuple[int, int]) -> tuple[int, ...]:
    """Spell out (hours, watts) stretches."""
    return tuple(watts for hours, watts in stretches for _ in range(hours))


SHAPES: Final = (
    Shape(
        "office",
        weekday_w=_hours((7, 600), (1, 1800), (4, 5200), (1, 4300), (5, 5400), (2, 2200), (4, 700)),
        weekend_w=_hours((9, 550), (8, 900), (7, 550)),
    ),
    Shape(
        "shop",
        weekday_w=_hours((8, 800), (2, 2600), (7, 4200), (4, 5600), (1, 2400), (2, 900)),
        weekend_w=_hours((9, 800), (2, 3000), (6, 5200), (5, 6100), (2, 1000)),
    ),
    Shape(
        "workshop",
        weekday_w=_hours(
            (7, 300), (1, 4000), (4, 11000), (1, 3500), (5, 10500), (1, 2500), (5, 300)
        ),
        weekend_w=_hours((8, 280), (5, 2600), (11, 280)),
    ),
    Shape(
        "night industry",
        weekday_w=_hours((6, 16000), (2, 6000), (9, 2500), (5, 1800), (2, 15000)),
        weekend_w=_hours((6, 14000), (2, 4000), (14, 1500), (2, 13000)),
    ),
)


@dataclass(frozen=True, slots=True)
class _Band:
    """One tariff's part of a customer's days, in Wh. Indexes: 0 weekday, 1 weekend day."""

    before_wh: tuple[tuple[float, ...], tuple[float, ...]]  # of that day, at the start of each hour
    day_wh: tuple[float, float]
    week_wh: tuple[float, ...]  # at the start of each day of the week, and at its end
    noise_wh: float


def shape_of(meter_seed: int) -> Shape:
    return SHAPES[_mixed(meter_seed, 1) % len(SHAPES)]


def energy_wh(meter_seed: int, at: datetime) -> int:
    """Return the energy used since EPOCH, in Wh; it never falls as `at` (aware) advances.

    :raises ValueError: `at` is before EPOCH
    """
    return sum(tariff_energy_wh(meter_seed, at))


def tariff_energy_wh(meter_seed: int, at: datetime) -> tuple[int, int, int]:
    """Return the same by tariff, T1 to T3; their sum is `energy_wh` exactly.

    :raises ValueError: `at` is before EPOCH
    """
    elapsed = at.astimezone(UTC) - EPOCH
    if elapsed < timedelta(0):
        raise ValueError(f"expected a time from {EPOCH} on, got {at}")
    seconds = elapsed.seconds + elapsed.microseconds / 1_000_000
    first, second, third = (
        _band_wh(band, meter_seed * 4 + tariff, elapsed.days, seconds)
        for tariff, band in enumerate(_profile(meter_seed))
    )
    return first, second, third


def _band_wh(band: _Band, seed: int, day: int, seconds: float) -> int:
    week, weekday = divmod(day, _DAYS_IN_WEEK)
    kind = int(weekday >= _WEEKDAYS)
    so_far_wh = _day_so_far_wh(band, kind, seed, day, seconds)
    today, tomorrow = _noise(seed, day) if day else 0.0, _noise(seed, day + 1)
    # The day's noise comes in with the day's energy, so it never outweighs an hour of it.
    noise_wh = band.noise_wh * (today + (tomorrow - today) * so_far_wh / band.day_wh[kind])
    return int(week * band.week_wh[-1] + band.week_wh[weekday] + so_far_wh + noise_wh)


def _day_so_far_wh(band: _Band, kind: int, seed: int, day: int, seconds: float) -> float:
    hour, second = divmod(seconds, _SECONDS_IN_HOUR)
    start_wh = _hour_start_wh(band, kind, seed, day, int(hour))
    end_wh = _hour_start_wh(band, kind, seed, day, int(hour) + 1)
    return start_wh + (end_wh - start_wh) * second / _SECONDS_IN_HOUR


def _hour_start_wh(band: _Band, kind: int, seed: int, day: int, hour: int) -> float:
    before = band.before_wh[kind]
    here_wh = before[hour]
    # No noise where a stretch of the band begins: it would count in the hour before, another
    # band's. None at midnight either, where the days join.
    if hour in {0, len(before) - 1} or here_wh == before[hour - 1]:
        return here_wh
    return here_wh + _HOUR_NOISE * (before[hour + 1] - here_wh) * _noise(seed, day, hour + 1)


@lru_cache(PROFILES_CACHED)
def _profile(meter_seed: int) -> tuple[_Band, ...]:
    shape = shape_of(meter_seed)
    scale = 0.5 + 2 * _noise(meter_seed, 2)
    return tuple(_band(shape, scale, hours) for hours in TARIFF_HOURS)


def _band(shape: Shape, scale: float, hours: tuple[int, ...]) -> _Band:
    weekday, weekend = (
        tuple(
            accumulate(
                (scale * watts * (hour in hours) for hour, watts in enumerate(day)), initial=0.0
            )
        )
        for day in (shape.weekday_w, shape.weekend_w)
    )
    days = (weekday[-1],) * _WEEKDAYS + (weekend[-1],) * (_DAYS_IN_WEEK - _WEEKDAYS)
    return _Band(
        before_wh=(weekday, weekend),
        day_wh=(weekday[-1], weekend[-1]),
        week_wh=tuple(accumulate(days, initial=0.0)),
        noise_wh=_DAY_NOISE * min(weekday[-1], weekend[-1]),
    )


def _noise(*keys: int) -> float:
    """Return an arbitrary number from 0 to below 1, the same for the same keys."""
    return _mixed(*keys) / _FLAT_TOP


def _mixed(*keys: int) -> int:
    """Return 64 well mixed bits (the finaliser of SplitMix64, once per key)."""
    mixed = 0
    for key in keys:
        mixed = (mixed + key + 0x9E3779B97F4A7C15) % _FLAT_TOP
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % _FLAT_TOP
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % _FLAT_TOP
        mixed ^= mixed >> 31
    return mixed
