"""Registers of real readouts, by name with what they must give."""

from collections import Counter
from datetime import datetime

import pytest

from collectors.protocols.iec62056_21.clock import MeterClock, Season
from collectors.protocols.iec62056_21.obis import Skipped, SkipReason
from collectors.protocols.iec62056_21.registers import (
    Decoded,
    Register,
    billing_index_wh,
    decode,
)
from tests.real.readouts import only_with_files, read

pytestmark = only_with_files


def test_metcom_readout() -> None:
    result = decode(read("metcom-mcs-readout-2022-11-13.txt"))

    assert result.serial == "10067967"
    assert result.error_flags == "00000000"
    assert result.meter_clock == MeterClock(datetime(2022, 11, 13, 20, 24, 5), None)  # noqa: DTZ001
    assert result.registers == (
        Register("1.6.1", 50262, -2, "W", 1),
        Register("1.8.0", 12816601, -1, "Wh", 5),
        Register("2.6.1", 0, -2, "W", 1),
        Register("2.8.0", 0, -1, "Wh", 5),
        Register("5.8.0", 491785, -1, "varh", 5),
        Register("6.8.0", 0, -1, "varh", 5),
        Register("7.8.0", 0, -1, "varh", 5),
        Register("8.8.0", 799454, -1, "varh", 5),
    )
    assert billing_index_wh(result.registers) == 1281660
    assert [s for s in result.skipped if s.reason is not SkipReason.HISTORY] == [
        Skipped("0.0.1", None, SkipReason.GENERAL),
        Skipped("0.1.0", None, SkipReason.GENERAL),
        Skipped("0.1.2", None, SkipReason.GENERAL),
        Skipped("0.3.3", None, SkipReason.GENERAL),
        Skipped("0.2.2", None, SkipReason.GENERAL),
        Skipped("0.2.0", None, SkipReason.GENERAL),
        Skipped("0.2.0", None, SkipReason.GENERAL),
        Skipped("0.2.0", None, SkipReason.GENERAL),
    ]
    # Of three stored periods the two newest are taken: an end and eight registers each.
    assert sum(s.reason is SkipReason.HISTORY for s in result.skipped) == 9
    assert [
        (period.number, period.ended.local, billing_index_wh(period.registers))
        for period in result.periods
    ] == [
        (12, datetime(2022, 11, 1), 1_236_195),  # noqa: DTZ001
        (11, datetime(2022, 10, 1), 1_158_974),  # noqa: DTZ001
    ]
    assert result.periods[0].registers == (
        Register("1.6.1", 39912, -2, "W", 1),
        Register("1.8.0", 12361958, -1, "Wh", 5),
        Register("2.6.1", 0, -2, "W", 1),
        Register("2.8.0", 0, -1, "Wh", 5),
        Register("5.8.0", 488006, -1, "varh", 5),
        Register("6.8.0", 0, -1, "varh", 5),
        Register("7.8.0", 0, -1, "varh", 5),
        Register("8.8.0", 750837, -1, "varh", 5),
    )


def test_dsmr_telegram_without_a_total_register() -> None:
    readout = read("telegram_v4_2.txt")

    result = decode(readout)

    assert readout.identification == "KFM5KAIFA-METER"
    # The id is no hex of printable characters, so it stays as it is printed.
    assert result.serial == "3960221976967177082151037881335713"
    assert result.meter_clock == MeterClock(
        datetime(2016, 11, 13, 20, 57, 57),  # noqa: DTZ001
        Season.STANDARD,
    )
    assert result.registers[:4] == (
        Register("1.7.0", 2027, 0, "W", 2),
        Register("1.8.1", 1581123, 0, "Wh", 6),
        Register("1.8.2", 1435706, 0, "Wh", 6),
        Register("2.7.0", 0, 0, "W", 2),
    )
    assert len(result.registers) == 15
    assert billing_index_wh(result.registers) is None
    assert Counter(skipped.reason for skipped in result.skipped) == {
        SkipReason.GENERAL: 6,
        SkipReason.NO_UNIT: 6,
        SkipReason.OTHER_MEDIUM: 3,
        SkipReason.PROFILE: 1,
    }


@pytest.mark.parametrize(
    ("name", "serial"),
    [
        pytest.param("example_data_b.txt", "E2206017647934515", id="example B"),
        pytest.param("telegram_v5.txt", "K8EG004046395507", id="DSMR 5"),
        pytest.param("testSerialResponseD0FastSend-10.txt", "331200-5009810", id="eHZ"),
    ],
)
def test_serials_of_real_meters(name: str, serial: str) -> None:
    assert decode(read(name)).serial == serial


def test_landis_gyr_telegram() -> None:
    readout = read("example_data_a_landisgyr_360.txt")

    result = decode(readout)

    by_code = {register.obis: register for register in result.registers}
    assert readout.identification == "LGF5E360"
    assert result.meter_clock == MeterClock(
        datetime(2021, 2, 22, 16, 19),  # noqa: DTZ001
        Season.STANDARD,
    )
    assert (result.serial, result.skipped, len(by_code)) == (None, (), 26)
    assert by_code["1.8.0"] == Register("1.8.0", 896020, 0, "Wh", 8)
    assert by_code["3.8.0"] == Register("3.8.0", 518309, 0, "varh", 8)
    assert by_code["2.7.0"] == Register("2.7.0", 20, 0, "W", 4)
    assert by_code["24.7.0"] == Register("24.7.0", 146, 0, "var", 4)
    assert by_code["32.7.0"] == Register("32.7.0", 2301, -1, "V", 3)
    assert by_code["71.7.0"] == Register("71.7.0", 3, -1, "A", 3)


def test_readout_with_fifteen_stored_periods() -> None:
    readout = read("testSerialRequestResponseD0WithAck2-8.txt")

    result = decode(readout)

    stored = [s.history for s in readout.data_sets if s.code == "1.8.0" and s.history is not None]
    assert stored == list(range(1, 16))
    assert result.serial == "63355730"
    assert result.error_flags == "0000000"
    assert result.meter_clock == MeterClock(
        datetime(2017, 3, 18, 20, 14, 55),  # noqa: DTZ001
        Season.STANDARD,
    )
    assert [(register.obis, register.value) for register in result.registers] == [
        ("1.6.0", 2468),
        ("1.7.0", 908),
        ("1.8.0", 8048375),
        ("1.8.1", 8048375),
        ("1.8.2", 0),
        ("1.8.3", 0),
        ("1.8.4", 0),
        ("2.6.0", 0),
        ("2.7.0", 0),
        ("2.8.0", 0),
        ("2.8.1", 0),
        ("2.8.2", 0),
        ("2.8.3", 0),
        ("2.8.4", 0),
    ]
    assert billing_index_wh(result.registers) == 8048375
    # Here the newest period is the first. C.51.2 has dates of events, numbered in the same way.
    assert [
        (period.number, period.ended.local, billing_index_wh(period.registers))
        for period in result.periods
    ] == [
        (1, datetime(2017, 3, 1), 7_904_135),  # noqa: DTZ001
        (2, datetime(2017, 2, 1), 7_660_326),  # noqa: DTZ001
    ]
    reasons = Counter(skipped.reason for skipped in result.skipped if skipped.history is not None)
    assert reasons == {
        SkipReason.HISTORY: 13 * 21 + 1,
        SkipReason.EMPTY: 12,
        SkipReason.GENERAL: 2,
    }


def test_heat_meter_readout() -> None:
    result: Decoded = decode(read("testSerialRequestResponseD0-20-2.txt"))

    assert (result.serial, result.error_flags, result.meter_clock) == ("00010213", "0", None)
    assert result.registers == (
        Register("6.6", 17200, 0, "W", 4),
        Register("6.8", 29055000, 0, "Wh", 7),
        Register("6.26", 158928, -2, "m3", 5),
        Register("6.31", 30710, 0, "h", 7),
        Register("6.32", 194, 0, "h", 7),
        Register("6.33", 1476, -3, "m3ph", 3),
        Register("6.35", 60, 0, "m", 2),
    )
    assert billing_index_wh(result.registers) is None


def test_push_telegram_takes_the_unit_from_the_code() -> None:
    result = decode(read("testSerialResponseD0FastSend-10.txt"))

    assert result.registers == (Register("1.8.1", 329420231, -1, "Wh", 6),)


@pytest.mark.parametrize(
    ("name", "count", "values"),
    [
        pytest.param("emh-p01-8ch-registers.txt", 1, 20 + 2 * 8, id="EMH profile"),
        pytest.param("metcom-p01-6ch-import.txt", 1, 16 + 4 * 6, id="Metcom profile"),
        pytest.param("measurement-p01-4ch-kwh.txt", 1, 12 + 3 * 4, id="profile of energies"),
        pytest.param("emh-p98-status-events.txt", 4, 4 * 4, id="EMH events"),
        pytest.param("metcom-p98-coded-events.txt", 6, 6 * 10, id="Metcom events"),
    ],
)
def test_profiles_and_events_are_skipped_whole(name: str, count: int, values: int) -> None:
    readout = read(name)

    result = decode(readout)

    assert sum(len(data_set.values) for data_set in readout.data_sets) == values
    assert result.registers == ()
    assert [skipped.reason for skipped in result.skipped] == [SkipReason.PROFILE] * count
