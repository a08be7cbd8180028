"""Judging readings: their time, their place on the register, and whether they are held. Pure."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from db.enums import MeasuringSide, TimeSource, ValidationRule
from domain.units import WH_PER_KWH

AHEAD_MAX = timedelta(minutes=5)
AGE_MAX = timedelta(days=90)
CLOCK_TOLERANCE = timedelta(minutes=5)
S_PER_H = 3600
# What current and voltage transformers scale: energies, powers, voltages and currents.
TRANSFORMED_UNITS = frozenset({"Wh", "varh", "VAh", "W", "var", "VA", "V", "A"})


class MeterTime(NamedTuple):
    """What a meter's display said. season_is_summer: None when the meter does not tell."""

    local: datetime
    season_is_summer: bool | None = None


class ReadingTime(NamedTuple):
    """When a reading was taken (UTC), by whose clock, and what the meter's said (UTC)."""

    at: datetime
    source: TimeSource
    meter_at: datetime | None


@lru_cache(maxsize=256)
def clock_zone(rule: str) -> tzinfo:
    """Return the zone of a clock rule: an IANA name, or a fixed offset such as `+03:00`.

    :raises zoneinfo.ZoneInfoNotFoundError: neither of them
    """
    if rule[:1] in ("+", "-"):
        return timezone(datetime.strptime(rule, "%z").utcoffset() or timedelta())
    return ZoneInfo(rule)


def utc_of(time: MeterTime, zone: tzinfo) -> datetime | None:
    """Return a meter's local time in UTC; in the hour that DST repeats, its season flag decides.

    None for a time at an end of the calendar, as clocks show that were never set.
    """
    local = time.local.replace(tzinfo=zone)
    try:
        if time.season_is_summer is False and local.dst() and not local.replace(fold=1).dst():
            local = local.replace(fold=1)
        return local.astimezone(UTC)
    except OverflowError:
        return None


def reading_time(
    *,
    meter: MeterTime | None,
    zone: tzinfo,
    collector_at: datetime | None,
    received_at: datetime,
    drift_max: timedelta,
) -> ReadingTime:
    """Return when a reading was taken.

    The meter's clock counts while it agrees with the collector's to `drift_max`; where no collector
    dated the readout, while it lies in the span that readings may have. Else the collector's date
    counts, else the first receipt.
    """
    meter_at = None if meter is None else utc_of(meter, zone)
    if meter_at is not None and _is_plausible(meter_at, collector_at, received_at, drift_max):
        return ReadingTime(meter_at, TimeSource.METER, meter_at)
    if collector_at is not None:
        return ReadingTime(collector_at, TimeSource.COLLECTOR, meter_at)
    return ReadingTime(received_at, TimeSource.RECEIPT, meter_at)


def _is_plausible(
    meter_at: datetime, collector_at: datetime | None, received_at: datetime, drift_max: timedelta
) -> bool:
    if collector_at is not None:
        return abs(meter_at - collector_at) <= drift_max
    return received_at - AGE_MAX <= meter_at <= received_at + AHEAD_MAX


def held_for_its_time(at: datetime, *, now: datetime) -> ValidationRule | None:
    """Return the rule that keeps a reading of this time out, if any.

    One stamp in the future would make all energy until then free; one without a partition would
    refuse its whole batch.
    """
    if at > now + AHEAD_MAX:
        return ValidationRule.FUTURE
    if at < now - AGE_MAX:
        return ValidationRule.TOO_OLD
    return None


def side_of_register(unit: str) -> MeasuringSide | None:
    """Return on which side of transformers a register is; None where they change nothing."""
    return MeasuringSide.SECONDARY if unit in TRANSFORMED_UNITS else None


def register_range_wh(digits: int) -> int:
    """Return where a total register with so many whole kWh digits starts again at zero."""
    return int(10**digits) * WH_PER_KWH


def continuous_index(
    raw_wh: int,
    *,
    after_index_wh: int,
    elapsed: timedelta,
    register_range_wh: int,
    power_w_max: int,
) -> int | ValidationRule:
    """Return the register's value as an index that never goes down, or the rule that it breaks.

    after_index_wh: the accepted index before it, `elapsed` earlier.
    What the meter cannot have carried meanwhile is no energy: neither a spike upwards, nor a fall
    that only a rollover would explain.
    """
    if not 0 <= raw_wh < register_range_wh:
        return ValidationRule.REGISTER_RANGE
    index_wh = lifted(raw_wh, after_index_wh=after_index_wh, register_range_wh=register_range_wh)
    fell = index_wh < after_index_wh
    if fell:
        index_wh += register_range_wh
    if index_wh - after_index_wh > carried_wh_max(elapsed, power_w_max=power_w_max):
        return ValidationRule.NEGATIVE_CONSUMPTION if fell else ValidationRule.INTERVAL_SPIKE
    return index_wh


def lifted(raw_wh: int, *, after_index_wh: int, register_range_wh: int) -> int:
    """Return a register's value in the round of the index before it."""
    return after_index_wh // register_range_wh * register_range_wh + raw_wh


def carried_wh_max(elapsed: timedelta, *, power_w_max: int) -> float:
    """Return the most energy in a time, with some more for clocks that disagree."""
    return power_w_max * (elapsed + CLOCK_TOLERANCE).total_seconds() / S_PER_H
