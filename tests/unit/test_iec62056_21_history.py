"""What meters keep of billing periods that have ended: dated, numbered, and with a unit or none."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock, Season
from collectors.protocols.iec62056_21.obis import Skipped, SkipReason
from collectors.protocols.iec62056_21.readout import parse_readout
from collectors.protocols.iec62056_21.registers import (
    PERIODS_MAX,
    Decoded,
    Period,
    Register,
    decode,
)

CLOCK = "0.9.1(120000)0.9.2(260318)"
MARCH = MeterClock(datetime(2026, 3, 1), None)  # noqa: DTZ001
FEBRUARY = MeterClock(datetime(2026, 2, 1), None)  # noqa: DTZ001
JANUARY = MeterClock(datetime(2026, 1, 1), None)  # noqa: DTZ001

registers = st.lists(
    st.builds(
        Register,
        obis=st.sampled_from(["1.6.0", "1.8.0", "1.8.1", "2.8.0", "8.8.0"]),
        value=st.integers(0, 10**9 - 1),
        scaler=st.just(0),
        unit=st.sampled_from(["Wh", "varh", "W"]),
        digits=st.just(6),
    ),
    min_size=1,
    unique_by=lambda register: register.obis,
).map(lambda found: tuple(sorted(found)))


def decoded(text: str) -> Decoded:
    return decode(parse_readout(text.encode("ascii")))


def stored(text: str) -> list[tuple[int, MeterClock, int | None]]:
    """Return number, end and first register of each period of a readout with a clock."""
    found = decoded(CLOCK + text).periods
    return [(one.number, one.ended, one.registers[0].value) for one in found]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param(
            "0.1.2*12(2603010000)0.1.2*11(2602010000)1.8.0*12(5*kWh)1.8.0*11(4*kWh)",
            [(12, MARCH, 5_000), (11, FEBRUARY, 4_000)],
            id="counter that goes on",
        ),
        pytest.param(
            "1-0:0.1.2*01(2603010000)1-0:0.1.2*02(2602010000)1-0:1.8.0*01(5)1-0:1.8.0*02(4)",
            [(1, MARCH, 5_000), (2, FEBRUARY, 4_000)],
            id="newest is 1",
        ),
        pytest.param(
            "0.1.2*99(2602010000)0.1.2*0(2603010000)1.8.0*99(4)1.8.0*0(5)",
            [(0, MARCH, 5_000), (99, FEBRUARY, 4_000)],
            id="counter that began again",
        ),
        pytest.param(
            "0.1.2*3(2601010000)0.1.2*4(2602010000)0.1.2*5(2603010000)"
            "1.8.0*3(3)1.8.0*4(4)1.8.0*5(5)",
            [(5, MARCH, 5_000), (4, FEBRUARY, 4_000)],
            id="as many as are taken",
        ),
        pytest.param("1.8.0*7(4)0.1.2*7(2603010000)", [(7, MARCH, 4_000)], id="end after values"),
        pytest.param("0.1.2&7(2603010000)1.8.0&7(4)", [(7, MARCH, 4_000)], id="other separator"),
        pytest.param(
            "0.1.2*7(12603010000)1.8.0*7(4)",
            [(7, MeterClock(MARCH.local, Season.SUMMER), 4_000)],
            id="season",
        ),
        pytest.param(
            "0.1.2*1(2603181200)1.8.0*1(4)",
            [(1, MeterClock(datetime(2026, 3, 18, 12), None), 4_000)],  # noqa: DTZ001
            id="reset just now",
        ),
    ],
)
def test_the_date_tells_which_period_a_number_is(
    printed: str, expected: list[tuple[int, MeterClock, int]]
) -> None:
    assert stored(printed) == expected


@pytest.mark.parametrize(
    "printed",
    [
        pytest.param(CLOCK + "1.8.0*1(5*kWh)", id="no date"),
        pytest.param(CLOCK + "0.1.2*2(2603010000)1.8.0*1(5*kWh)", id="date of another"),
        pytest.param(CLOCK + "0.1.2(2603010000)1.8.0*1(5*kWh)", id="date without a number"),
        pytest.param(CLOCK + "0-0:0.1.2*1(2603010000)1.8.0*1(5*kWh)", id="date of another medium"),
        pytest.param(CLOCK + "0.1.2*1(0000000000)1.8.0*1(5*kWh)", id="never used"),
        pytest.param(CLOCK + "0.1.2*1()1.8.0*1(5*kWh)", id="empty date"),
        pytest.param(
            CLOCK + "0.1.2*1(2603181201)1.8.0*1(5*kWh)", id="later than the meter's clock"
        ),
        pytest.param("0.1.2*1(2603010000)1.8.0*1(5*kWh)", id="meter shows no clock"),
        pytest.param("0.9.1(120000)0.1.2*1(2603010000)1.8.0*1(5*kWh)", id="clock without a date"),
        pytest.param(
            CLOCK + "0.1.2*1(2603010000)0.1.2*1(2602010000)1.8.0*1(5*kWh)", id="two dates"
        ),
        pytest.param(
            CLOCK + "0.1.2*1(2603010000)0.1.2*2(2603010000)1.8.0*1(5*kWh)", id="date of two"
        ),
    ],
)
def test_what_has_no_certain_date_is_skipped(printed: str) -> None:
    result = decoded(printed)

    assert (result.registers, result.periods) == ((), ())
    assert Skipped("1.8.0", 1, SkipReason.UNDATED) in result.skipped


def test_older_periods_are_skipped() -> None:
    numbers = range(1, PERIODS_MAX + 2)
    printed = [f"0.1.2*{number}(26020{number}0000)1.8.0*{number}(5)" for number in numbers]

    result = decoded(CLOCK + "".join(printed))

    assert [period.number for period in result.periods] == [*numbers][:0:-1]
    assert result.skipped == (
        Skipped("0.1.2", 1, SkipReason.HISTORY),
        Skipped("1.8.0", 1, SkipReason.HISTORY),
    )


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param("1.8.0*1(5.5*kWh)", Register("1.8.0", 5_500, 0, "Wh", 1), id="printed"),
        pytest.param("1.8.0*1(5.5)", Register("1.8.0", 5_500, 0, "Wh", 1), id="by the code"),
        pytest.param(
            "1.8.0(7*MWh)1.8.0*1(5.5)",
            Register("1.8.0", 5_500_000, 0, "Wh", 4),
            id="of the current value",
        ),
        pytest.param(
            "1.8.0(7*MWh)1.8.0*1(5.5*kWh)", Register("1.8.0", 5_500, 0, "Wh", 1), id="of its own"
        ),
        pytest.param(
            "1.6.0(0.2*kW)1.6.0*1(0.39)(2602131530)",
            Register("1.6.0", 390, 0, "W", 1),
            id="maximum and its time",
        ),
        pytest.param(
            "1.8.0*1(1236.1958*kWh)", Register("1.8.0", 12_361_958, -1, "Wh", 4), id="finer"
        ),
    ],
)
def test_a_stored_value_is_read_as_a_current_one(printed: str, expected: Register) -> None:
    (period,) = decoded(f"{CLOCK}{printed}0.1.2*1(2603010000)").periods

    assert period == Period(1, MARCH, (expected,))


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        pytest.param("1.6.0*1(5)", SkipReason.NO_UNIT, id="no unit anywhere"),
        pytest.param("1.6.0*1()", SkipReason.EMPTY, id="empty, no unit anywhere"),
        pytest.param("1.8.0*1(--)", SkipReason.TEXT, id="dashes"),
        pytest.param("1.8.0*1(5)(2603010000)", SkipReason.SEVERAL_VALUES, id="dated energy"),
        pytest.param("1.8.1*1(4)", SkipReason.REPEATED, id="repeated"),
        pytest.param("1.8.1*1(5)", SkipReason.CONFLICTING, id="contradicting"),
        pytest.param("0.0.0*1(5)", SkipReason.GENERAL, id="serial of then"),
        pytest.param("0.9.2*1(260301)", SkipReason.GENERAL, id="clock of then"),
        pytest.param("0-1:24.2.1*1(5*m3)", SkipReason.OTHER_MEDIUM, id="gas"),
    ],
)
def test_what_is_no_register_of_a_period_is_skipped_with_a_reason(
    printed: str, reason: SkipReason
) -> None:
    result = decoded(f"{CLOCK}0.1.2*1(2603010000)1.8.1*1(4){printed}")

    assert [period.registers for period in result.periods] == [
        (Register("1.8.1", 4_000, 0, "Wh", 1),)
    ]
    assert [(skipped.history, skipped.reason) for skipped in result.skipped] == [(1, reason)]


def test_a_period_without_values_is_none() -> None:
    result = decoded(f"{CLOCK}0.1.2*1(2603010000)1.8.0*1()0.1.2*2(2602010000)")

    assert result.periods == ()
    assert result.skipped == (
        Skipped("0.1.2", 1, SkipReason.EMPTY),
        Skipped("1.8.0", 1, SkipReason.EMPTY),
        Skipped("0.1.2", 2, SkipReason.EMPTY),
    )


@given(registers, registers, st.permutations(range(100)), st.none() | st.sampled_from(Season))
def test_built_periods_are_decoded_to_what_they_were_built_from(
    newer: tuple[Register, ...],
    older: tuple[Register, ...],
    numbers: list[int],
    season: Season | None,
) -> None:
    periods = (
        Period(numbers[0], MeterClock(MARCH.local, season), newer),
        Period(numbers[1], MeterClock(FEBRUARY.local, season), older),
    )
    clock = MeterClock(datetime(2026, 3, 18, 12), season)  # noqa: DTZ001

    raw = build_readout(serial="1", registers=older, clock=clock, periods=periods[::-1])

    assert decode(parse_readout(raw)) == Decoded("1", clock, None, older, (), periods)
