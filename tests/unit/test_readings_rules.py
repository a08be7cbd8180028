"""When a reading was taken, where it stands on its register, and whether it is held."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from db.enums import TimeSource, ValidationRule
from domain.readings.rules import (
    MeterTime,
    clock_zone,
    continuous_index,
    held_for_its_time,
    reading_time,
    register_range_wh,
    utc_of,
)

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
DRIFT = timedelta(minutes=5)
RANGE_WH = register_range_wh(6)
NEGATIVE = ValidationRule.NEGATIVE_CONSUMPTION
SPIKE = ValidationRule.INTERVAL_SPIKE
OUT_OF_RANGE = ValidationRule.REGISTER_RANGE


def local(text: str, *, summer: bool | None = None) -> MeterTime:
    return MeterTime(datetime.fromisoformat(text), summer)


@pytest.mark.parametrize(
    ("meter", "expected"),
    [
        pytest.param(local("2026-03-18T13:00"), "2026-03-18T12:00Z", id="winter"),
        pytest.param(local("2026-07-01T13:00"), "2026-07-01T11:00Z", id="summer"),
        pytest.param(
            local("2026-10-25T02:30", summer=True), "2026-10-25T00:30Z", id="repeated hour, first"
        ),
        pytest.param(
            local("2026-10-25T02:30", summer=False), "2026-10-25T01:30Z", id="repeated hour, second"
        ),
        pytest.param(local("2026-10-25T02:30"), "2026-10-25T00:30Z", id="repeated hour, not told"),
    ],
)
def test_meter_time_in_utc(meter: MeterTime, expected: str) -> None:
    assert utc_of(meter, BERLIN) == datetime.fromisoformat(expected)


def test_a_time_at_the_end_of_the_calendar_is_no_time() -> None:
    ahead = clock_zone("+03:00")

    assert utc_of(local("0001-01-01T00:00"), ahead) is None


@pytest.mark.parametrize(
    ("meter_text", "collector_at", "at", "source"),
    [
        pytest.param("2026-03-18T11:58", None, "11:58", TimeSource.METER, id="meter alone"),
        pytest.param("2026-03-18T11:58", "11:59", "11:58", TimeSource.METER, id="within drift"),
        pytest.param("2026-03-18T11:50", "11:59", "11:59", TimeSource.COLLECTOR, id="out of drift"),
        pytest.param(None, "11:59", "11:59", TimeSource.COLLECTOR, id="no meter clock"),
        pytest.param(None, None, "12:00", TimeSource.RECEIPT, id="nobody says"),
        pytest.param("2026-03-18T12:06", None, "12:00", TimeSource.RECEIPT, id="from the future"),
        pytest.param("2000-01-01T00:00", None, "12:00", TimeSource.RECEIPT, id="a reset clock"),
    ],
)
def test_reading_time(
    meter_text: str | None, collector_at: str | None, at: str, source: TimeSource
) -> None:
    def today(text: str) -> datetime:
        return datetime.fromisoformat(f"2026-03-18T{text}Z")

    found = reading_time(
        meter=None if meter_text is None else local(meter_text),
        zone=UTC,
        collector_at=None if collector_at is None else today(collector_at),
        received_at=NOW,
        drift_max=DRIFT,
    )

    assert (found.at, found.source) == (today(at), source)


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        pytest.param(NOW + timedelta(minutes=5), None, id="five minutes ahead"),
        pytest.param(NOW + timedelta(minutes=5, seconds=1), ValidationRule.FUTURE, id="more"),
        pytest.param(NOW - timedelta(days=90), None, id="ninety days old"),
        pytest.param(NOW - timedelta(days=90, seconds=1), ValidationRule.TOO_OLD, id="older"),
    ],
)
def test_held_for_its_time(at: datetime, rule: ValidationRule | None) -> None:
    assert held_for_its_time(at, now=NOW) == rule


@pytest.mark.parametrize(
    ("raw_wh", "after_wh", "hours", "expected"),
    [
        pytest.param(5_000, 4_000, 1, 5_000, id="goes up"),
        pytest.param(4_000, 4_000, 1, 4_000, id="stands still"),
        pytest.param(3_999, 4_000, 1, NEGATIVE, id="goes down"),
        pytest.param(500, RANGE_WH - 500, 1, RANGE_WH + 500, id="rolls over"),
        pytest.param(500, 2 * RANGE_WH - 500, 1, 2 * RANGE_WH + 500, id="rolls over again"),
        pytest.param(76_000, RANGE_WH - 1, 1, NEGATIVE, id="no rollover, for its power"),
        pytest.param(70_000, RANGE_WH - 1, 2, RANGE_WH + 70_000, id="one in two hours"),
        pytest.param(10, RANGE_WH + 5, 1, RANGE_WH + 10, id="goes on after a rollover"),
        pytest.param(75_833, 0, 1, 75_833, id="all that the meter can carry"),
        pytest.param(75_834, 0, 1, SPIKE, id="more than that"),
        pytest.param(RANGE_WH, 0, 1, OUT_OF_RANGE, id="more digits than the register has"),
        pytest.param(-1, 0, 1, OUT_OF_RANGE, id="below zero"),
    ],
)
def test_continuous_index(
    raw_wh: int, after_wh: int, hours: int, expected: int | ValidationRule
) -> None:
    index_wh = continuous_index(
        raw_wh,
        after_index_wh=after_wh,
        elapsed=timedelta(hours=hours),
        register_range_wh=RANGE_WH,
        power_w_max=70_000,
    )

    assert index_wh == expected


def test_clock_rules_are_zones_or_fixed_offsets() -> None:
    assert clock_zone("Europe/Istanbul") == ZoneInfo("Europe/Istanbul")
    assert clock_zone("+03:00").utcoffset(NOW) == timedelta(hours=3)
    assert clock_zone("-05:30").utcoffset(NOW) == -timedelta(hours=5, minutes=30)
    with pytest.raises(ZoneInfoNotFoundError):
        clock_zone("Nowhere/Land")
    with pytest.raises(ValueError, match="\\+x"):
        clock_zone("+x")
