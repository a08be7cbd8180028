from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.protocols.iec62056_21.build import build_readout, printed, render
from collectors.protocols.iec62056_21.checksums import Checksum
from collectors.protocols.iec62056_21.clock import MeterClock, Season
from collectors.protocols.iec62056_21.readout import DataSet, Readout, Value, parse_readout
from collectors.protocols.iec62056_21.registers import Decoded, Register, decode

CLOCK = MeterClock(datetime(2022, 11, 13, 20, 24, 5), Season.SUMMER)  # noqa: DTZ001
IMPORT = Register("1.8.0", 1581123, 0, "Wh", 6)
LETTERS = st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="()*&!/:")
WORDS = st.text(LETTERS, max_size=12)

values = st.builds(Value, WORDS, st.none() | st.sampled_from(["kWh", "kvarh", "V", "m3ph"]))
data_sets = st.builds(
    DataSet,
    medium=st.none() | st.sampled_from(["1-0", "0-0", "0-1", "1-128"]),
    code=st.sampled_from(["1.8.0", "0.0.0", "F.F", "C.1.0", "P.01", "6.8", "96.77.0"]),
    history=st.none() | st.integers(0, 99),
    values=st.lists(values, min_size=1, max_size=4).map(tuple),
)
readouts = st.builds(
    Readout,
    identification=st.none() | st.from_regex(r"[A-Z]{3}[0-6][!-~]{0,12}", fullmatch=True),
    data_sets=st.lists(data_sets, max_size=8).map(tuple),
    checksum=st.just(Checksum.VALID),
    problems=st.just(()),
)
energies = st.builds(
    Register,
    obis=st.sampled_from(["1.8.0", "1.8.1", "2.8.0", "5.8.0", "8.8.0", "16.7.0"]),
    value=st.integers(0, 10**9 - 1),
    scaler=st.just(0),
    unit=st.sampled_from(["Wh", "varh", "W"]),
    digits=st.just(6),
)


def test_a_built_readout_is_what_a_meter_sends() -> None:
    raw = build_readout(
        serial="10067967",
        registers=[IMPORT, Register("32.7.0", 2301, -1, "V", 3)],
        clock=CLOCK,
        error_flags="00000000",
        identification="MSY5MCS301",
    )

    assert raw == (
        b"/MSY5MCS301\r\n\x02"
        b"0.0.0(10067967)\r\nF.F(00000000)\r\n0.9.1(1202405)\r\n0.9.2(1221113)\r\n"
        b"1.8.0(001581.123*kWh)\r\n32.7.0(230.1*V)\r\n!\r\n\x033"
    )


@pytest.mark.parametrize(
    ("register", "decimals", "expected"),
    [
        pytest.param(IMPORT, 3, Value("001581.123", "kWh"), id="as it is"),
        pytest.param(IMPORT, 1, Value("001581.1", "kWh"), id="cut off"),
        pytest.param(IMPORT, 0, Value("001581", "kWh"), id="no point"),
        pytest.param(Register("1.8.0", 1999, 0, "Wh", 1), 1, Value("1.9", "kWh"), id="not rounded"),
        pytest.param(
            Register("1.8.0", 12816601, -1, "Wh", 5), 4, Value("01281.6601", "kWh"), id="finer"
        ),
        pytest.param(Register("16.7.0", -503, 0, "W", 2), 3, Value("-00.503", "kW"), id="negative"),
        pytest.param(Register("31.7.0", 48, -2, "A", None), 3, Value("0.48", "A"), id="no digits"),
        pytest.param(Register("13.7.0", 98, -2, "", 1), 3, Value("0.98", None), id="no unit"),
        pytest.param(Register("1.8.0", None, 0, "Wh", None), 3, Value("", None), id="empty"),
    ],
)
def test_registers_are_printed_with_the_decimals_of_the_meter(
    register: Register, decimals: int, expected: Value
) -> None:
    assert printed(register, decimals=decimals) == expected


@pytest.mark.parametrize("serial", ["1)2", "1(2", "1\r\n2", "\x02", "ş"])
def test_texts_that_break_a_readout_are_refused(serial: str) -> None:
    with pytest.raises(ValueError, match="cannot be carried"):
        build_readout(serial=serial, registers=[])


@given(readouts)
def test_a_rendered_readout_is_read_back(readout: Readout) -> None:
    assert parse_readout(render(readout)) == readout


@given(
    st.lists(energies, unique_by=lambda register: register.obis),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001
    st.none() | st.sampled_from(Season),
)
def test_a_built_readout_is_decoded_to_what_it_was_built_from(
    registers: list[Register], local: datetime, season: Season | None
) -> None:
    registers.sort(key=lambda register: [int(part) for part in register.obis.split(".")])
    clock = MeterClock(local.replace(microsecond=0), season)

    raw = build_readout(serial="10067967", registers=registers, clock=clock, error_flags="0")

    assert decode(parse_readout(raw)) == Decoded("10067967", clock, "0", tuple(registers), ())
