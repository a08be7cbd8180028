from datetime import datetime

import pytest

from collectors.protocols.iec62056_21.clock import MeterClock, Season, read_clock

LOCAL = datetime(2022, 11, 13, 20, 24, 5)  # noqa: DTZ001 - a meter's clock names no zone
TO_THE_MINUTE = datetime(2022, 11, 13, 20, 24)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param({"0.9.1": "202405", "0.9.2": "221113"}, MeterClock(LOCAL, None), id="figures"),
        pytest.param(
            {"0.9.1": "20:24:05", "0.9.2": "22-11-13"}, MeterClock(LOCAL, None), id="separators"
        ),
        pytest.param(
            {"0.9.1": "20:24", "0.9.2": "2022-11-13"},
            MeterClock(TO_THE_MINUTE, None),
            id="whole year, no seconds",
        ),
        pytest.param(
            {"0.9.1": "2024", "0.9.2": "221113"}, MeterClock(TO_THE_MINUTE, None), id="hhmm"
        ),
        pytest.param(
            {"0.9.1": "202405", "0.9.2": "0221113"},
            MeterClock(LOCAL, Season.STANDARD),
            id="standard time",
        ),
        pytest.param(
            {"0.9.1": "1202405", "0.9.2": "1221113"},
            MeterClock(LOCAL, Season.SUMMER),
            id="summer time",
        ),
        pytest.param(
            {"1.0.0": "221113202405W"}, MeterClock(LOCAL, Season.STANDARD), id="DSMR winter"
        ),
        pytest.param(
            {"1.0.0": "221113202405S"}, MeterClock(LOCAL, Season.SUMMER), id="DSMR summer"
        ),
        pytest.param(
            {"0.9.4": "1221113202405"}, MeterClock(LOCAL, Season.SUMMER), id="combined stamp"
        ),
        pytest.param(
            {"0.9.4": "2211132024"}, MeterClock(TO_THE_MINUTE, None), id="combined to the minute"
        ),
        pytest.param(
            {"0.9.2": "22-11-13,20:24:05"}, MeterClock(LOCAL, None), id="combined as a date"
        ),
        pytest.param(
            {"1.0.0": "221113202405W", "0.9.1": "000000", "0.9.2": "000101"},
            MeterClock(LOCAL, Season.STANDARD),
            id="a stamp goes first",
        ),
        pytest.param({"0.9.1": "202405"}, None, id="no date"),
        pytest.param({"0.9.2": "221113"}, None, id="no time"),
        pytest.param({"0.9.1": "202405", "0.9.2": "13.11.22"}, None, id="day first is ambiguous"),
        pytest.param({"0.9.1": "202405", "0.9.2": "221313"}, None, id="month 13"),
        pytest.param({"0.9.1": "240000", "0.9.2": "221113"}, None, id="hour 24"),
        pytest.param({"0.9.1": "202405", "0.9.2": "2221113"}, None, id="season digit 2 is UTC"),
        pytest.param({"0.9.1": "1202405", "0.9.2": "0221113"}, None, id="two seasons"),
        pytest.param({"1.0.0": "0221113202405S"}, None, id="two seasons in a stamp"),
        pytest.param({"0.9.1": "", "0.9.2": ""}, None, id="empty"),
        pytest.param({}, None, id="no clock"),
    ],
)
def test_clock_is_read_when_it_is_certain(
    printed: dict[str, str], expected: MeterClock | None
) -> None:
    assert read_clock(printed) == expected
