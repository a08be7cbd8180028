"""What a simulated meter shows, and how a simulated collector insists."""

from datetime import datetime, timedelta

import pytest

from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.readout import parse_readout
from collectors.protocols.iec62056_21.registers import billing_index_wh
from collectors.protocols.iec62056_21.registers import decode as decode_readout
from collectors.simulator.collector import Persistence
from collectors.simulator.load import EPOCH, ZONE
from collectors.simulator.meter import SimulatedMeter

START = EPOCH + timedelta(days=100)


@pytest.mark.parametrize(
    ("failures", "jitter", "expected_s"),
    [(1, 0.0, 1.0), (2, 0.0, 2.0), (4, 0.5, 6.0), (7, 0.0, 60.0), (1_000, 1.0, 30.0)],
)
def test_pauses_double_up_to_the_longest_and_jitter_shortens_them(
    failures: int, jitter: float, expected_s: float
) -> None:
    assert Persistence().pause_s(failures, jitter) == expected_s


def test_meter_registers_add_up_and_only_some_export() -> None:
    registers = [SimulatedMeter(str(seed), seed).registers_wh(START) for seed in range(16)]

    for shown in registers:
        assert shown["1.8.1"] + shown["1.8.2"] + shown["1.8.3"] == shown["1.8.0"]
    assert [seed for seed, shown in enumerate(registers) if shown["2.8.0"]] == [0, 8]


def test_a_meters_clock_may_be_wrong() -> None:
    meter = SimulatedMeter("9", seed=1, clock_error=timedelta(minutes=-3))

    clock = decode_readout(parse_readout(meter.readout(START))).meter_clock

    assert clock is not None
    assert clock.local == (START - timedelta(minutes=3)).replace(tzinfo=None)


def test_a_meter_keeps_the_ends_of_months_by_its_own_clock() -> None:
    error = timedelta(seconds=30)
    meter = SimulatedMeter("9", seed=1, clock_error=error, keeps_since=EPOCH + timedelta(days=40))

    readout = decode_readout(parse_readout(meter.readout(START)))

    april = datetime(2024, 4, 1, tzinfo=ZONE)
    march = datetime(2024, 3, 1, tzinfo=ZONE)
    assert [
        (one.number, one.ended, billing_index_wh(one.registers)) for one in readout.periods
    ] == [
        (92, as_shown(april), meter.registers_wh(april - error)["1.8.0"]),
        (91, as_shown(march), meter.registers_wh(march - error)["1.8.0"]),
    ]
    assert readout.skipped == ()


def test_a_month_is_over_when_the_meter_says_so() -> None:
    april = datetime(2024, 4, 1, tzinfo=ZONE)
    meter = SimulatedMeter("9", seed=1, clock_error=timedelta(seconds=30), keeps_since=EPOCH)

    ends = [
        decode_readout(parse_readout(meter.readout(april - timedelta(seconds=s)))).periods[0].ended
        for s in (31, 30)
    ]

    assert ends == [as_shown(datetime(2024, 3, 1, tzinfo=ZONE)), as_shown(april)]


def as_shown(at: datetime) -> MeterClock:
    return MeterClock(at.replace(tzinfo=None), None)
