from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.protocols.iec62056_21.clock import MeterClock, Season
from collectors.protocols.iec62056_21.itself import MAX_SERIAL_CHARS
from collectors.protocols.iec62056_21.obis import Skipped, SkipReason
from collectors.protocols.iec62056_21.readout import parse_readout
from collectors.protocols.iec62056_21.registers import (
    Decoded,
    Register,
    billing_index_wh,
    decode,
)


def decoded(text: str) -> Decoded:
    return decode(parse_readout(text.encode("ascii")))


def register(text: str) -> Register:
    """Return the one register of a readout that holds nothing else."""
    result = decoded(text)
    assert result.skipped == ()
    (only,) = result.registers
    return only


def reasons(text: str) -> list[tuple[str, SkipReason]]:
    return [(skipped.code, skipped.reason) for skipped in decoded(text).skipped]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param("1.8.0(001581.123*kWh)", (1581123, 0, "Wh", 6), id="kWh, three decimals"),
        pytest.param("1.8.0(001581.1*kWh)", (1581100, 0, "Wh", 6), id="kWh, one decimal"),
        pytest.param("1.8.0(001581*kWh)", (1581000, 0, "Wh", 6), id="kWh, no decimals"),
        pytest.param("1.8.0(01281.6601*kWh)", (12816601, -1, "Wh", 5), id="finer than a Wh"),
        pytest.param("1.8.0(1281.66012*kWh)", (128166012, -2, "Wh", 4), id="hundredths of a Wh"),
        pytest.param("1.8.0(0029.055*MWh)", (29055000, 0, "Wh", 7), id="MWh"),
        pytest.param("1.8.0(01234567*Wh)", (1234567, 0, "Wh", 5), id="Wh"),
        pytest.param("1.8.0(1234.5*Wh)", (12345, -1, "Wh", 1), id="tenths of a Wh"),
        pytest.param("1.8.0(12*Wh)", (12, 0, "Wh", None), id="too few digits to tell"),
        pytest.param("1.8.0(00001.5*KWH)", (1500, 0, "Wh", 5), id="capital letters"),
        pytest.param("5.8.0(00049.1785*kvarh)", (491785, -1, "varh", 5), id="kvarh"),
        pytest.param("3.8.0(00000518.309*kVArh)", (518309, 0, "varh", 8), id="kVArh"),
        pytest.param("9.8.0(1.5*kVAh)", (1500, 0, "VAh", 1), id="kVAh"),
        pytest.param("1.7.0(02.027*kW)", (2027, 0, "W", 2), id="kW"),
        pytest.param("1.7.0(0.50262*kW)", (50262, -2, "W", 1), id="finer than a W"),
        pytest.param("16.7.0(-00.503*kW)", (-503, 0, "W", 2), id="below zero"),
        pytest.param("3.7.0(0000.308*kVAr)", (308, 0, "var", 4), id="kVAr"),
        pytest.param("9.7.0(0.2*kVA)", (200, 0, "VA", 1), id="kVA"),
        pytest.param("32.7.0(230.1*V)", (2301, -1, "V", 3), id="V"),
        pytest.param("32.7.0(12.5*kV)", (12500, 0, "V", 2), id="kV"),
        pytest.param("31.7.0(0.48*A)", (48, -2, "A", 1), id="A"),
        pytest.param("31.7.0(480*mA)", (480, -3, "A", 3), id="mA"),
        pytest.param("14.7.0(50.01*Hz)", (5001, -2, "Hz", 2), id="Hz"),
        pytest.param("81.7.1(120.5*deg)", (1205, -1, "deg", 3), id="unit as text"),
        pytest.param("1.8.1*255(032942.0231)", (329420231, -1, "Wh", 6), id="kWh by the code"),
        pytest.param("8.8.0(00079.945)", (79945, 0, "varh", 5), id="kvarh by the code"),
        pytest.param("21.8.0(1.5)", (1500, 0, "Wh", 1), id="kWh of a phase by the code"),
        pytest.param("1.8(1.5)", (1500, 0, "Wh", 1), id="kWh by a code without a tariff"),
        pytest.param("52.7.0(231)", (231, 0, "V", 3), id="V by the code"),
        pytest.param("13.7.0(0.98)", (98, -2, "", 1), id="power factor"),
        pytest.param("1.8.0()", (None, 0, "Wh", None), id="empty, unit by the code"),
        pytest.param("81.7.1(*deg)", (None, 0, "deg", None), id="empty, unit printed"),
        pytest.param("1.6.0(0.5*kW)", (500, 0, "W", 1), id="maximum without its time"),
        pytest.param("1.6.0(0.5*kW)(2211120730)", (500, 0, "W", 1), id="maximum with its time"),
        pytest.param("1-1:1.8.0*255(1*kWh)", (1000, 0, "Wh", 1), id="full code"),
        pytest.param(
            "1.8.0(9223372036854775.807*kWh)", (2**63 - 1, 0, "Wh", 16), id="largest of int8"
        ),
    ],
)
def test_numbers_become_scaled_integers_of_the_base_unit(
    printed: str, expected: tuple[int | None, int, str, int | None]
) -> None:
    found = register(printed)

    assert (found.value, found.scaler, found.unit, found.digits) == expected


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        pytest.param("1.8.0*1(5*kWh)", SkipReason.UNDATED, id="stored value"),
        pytest.param("0.0.0*1(5)", SkipReason.UNDATED, id="stored serial"),
        pytest.param("0-1:24.2.1(161129200000W)(9.4*m3)", SkipReason.OTHER_MEDIUM, id="gas"),
        pytest.param("0-1:96.1.0(4819)", SkipReason.OTHER_MEDIUM, id="serial of a gas meter"),
        pytest.param("8-0:1.8.0(5*kWh)", SkipReason.OTHER_MEDIUM, id="water"),
        pytest.param("P.01(1210430001500)(00)", SkipReason.PROFILE, id="load profile"),
        pytest.param("P.98(1220906234904)(00)", SkipReason.PROFILE, id="event log"),
        pytest.param("L.1(5)", SkipReason.PROFILE, id="list"),
        pytest.param("1-0:99.97.0(3)(0-0:96.7.19)", SkipReason.PROFILE, id="outage log"),
        pytest.param("0.2.0(1.03)", SkipReason.GENERAL, id="firmware"),
        pytest.param("C.51.1(3)", SkipReason.GENERAL, id="service"),
        pytest.param("0-0:96.14.0(0002)", SkipReason.GENERAL, id="tariff in force"),
        pytest.param("0.8.0(15*min)", SkipReason.GENERAL, id="setting with a unit"),
        pytest.param("0-0:1.8.0(5*kWh)", SkipReason.GENERAL, id="medium of general objects"),
        pytest.param("HELLO(5*kWh)", SkipReason.NOT_OBIS, id="no code"),
        pytest.param("1.8.0.0(5*kWh)", SkipReason.NOT_OBIS, id="too many groups"),
        pytest.param("01.8.0(5*kWh)", SkipReason.NOT_OBIS, id="leading zero"),
        pytest.param(
            "1.6.0(0.5*kW)(2211120730)(2211120745)", SkipReason.DATED_MAXIMUM, id="two times"
        ),
        pytest.param("1.8.0(5*kWh)(2211120730)", SkipReason.SEVERAL_VALUES, id="dated energy"),
        pytest.param("1.8.0(---*kWh)", SkipReason.TEXT, id="dashes"),
        pytest.param("1.8.0(1.2.3*kWh)", SkipReason.TEXT, id="two points"),
        pytest.param("1.8.0(12,5*kWh)", SkipReason.TEXT, id="comma"),
        pytest.param("1.8.0( 5*kWh)", SkipReason.TEXT, id="blank"),
        pytest.param("1.8.0(1_000*kWh)", SkipReason.TEXT, id="underscore"),
        pytest.param("1.8.0(--5*kWh)", SkipReason.TEXT, id="two signs"),
        pytest.param("1.8.0(.*kWh)", SkipReason.TEXT, id="a point alone"),
        pytest.param("11.36.0(text)", SkipReason.TEXT, id="text without a unit"),
        pytest.param("1.6.2()", SkipReason.EMPTY, id="empty, no known unit"),
        pytest.param("32.32.0(00002)", SkipReason.NO_UNIT, id="counter"),
        pytest.param("1.7.0(0908)", SkipReason.NO_UNIT, id="W or kW"),
        pytest.param("1.8.0(9223372036854775.808*kWh)", SkipReason.OUT_OF_RANGE, id="int8 + 1"),
        pytest.param("1.8.0(" + "9" * 5_000 + "*kWh)", SkipReason.OUT_OF_RANGE, id="5,000 figures"),
        pytest.param("2.8.0(0." + "0" * 22 + "*kWh)", SkipReason.OUT_OF_RANGE, id="22 decimals"),
        pytest.param("0.0.0()", SkipReason.EMPTY, id="empty serial"),
        pytest.param("0.0.0(" + "9" * 65 + ")", SkipReason.TOO_LONG, id="serial of 65 characters"),
        pytest.param("0.9.2(221313)", SkipReason.UNREADABLE_CLOCK, id="month 13"),
        pytest.param("0.9.1(202405)", SkipReason.UNREADABLE_CLOCK, id="time without a date"),
    ],
)
def test_what_is_no_register_is_skipped_with_a_reason(printed: str, reason: SkipReason) -> None:
    result = decoded(printed)

    assert result.registers == ()
    assert [skipped.reason for skipped in result.skipped] == [reason]


def test_every_reason_has_a_sentence_of_its_own() -> None:
    sentences = {reason.sentence for reason in SkipReason.__members__.values()}

    assert len(sentences) == len(SkipReason.__members__)


def test_registers_are_in_the_natural_order_of_their_codes() -> None:
    result = decoded("16.7.0(1*kW)2.8.0(1*kWh)1.8.10(1*kWh)1.8.2(1*kWh)")

    assert [found.obis for found in result.registers] == ["1.8.2", "1.8.10", "2.8.0", "16.7.0"]


def test_decimals_up_to_a_wh_do_not_change_the_register_set() -> None:
    coarse, fine = register("1.8.0(001581.1*kWh)"), register("1-0:1.8.0*255(001581.123*kWh)")

    assert (coarse.obis, coarse.scaler, coarse.unit) == (fine.obis, fine.scaler, fine.unit)


def test_a_repeated_register_counts_once() -> None:
    result = decoded("1.8.0(5*kWh)1-0:1.8.0(5*kWh)")

    assert result.registers == (Register("1.8.0", 5000, 0, "Wh", 1),)
    assert result.skipped == (Skipped("1.8.0", None, SkipReason.REPEATED),)


def test_the_first_of_two_conflicting_registers_stands() -> None:
    result = decoded("1.8.0(5*kWh)1.8.0(6*kWh)")

    assert result.registers == (Register("1.8.0", 5000, 0, "Wh", 1),)
    assert result.skipped == (Skipped("1.8.0", None, SkipReason.CONFLICTING),)


@pytest.mark.parametrize(
    ("printed", "serial"),
    [
        pytest.param("0.0.0( 10067967 )", "10067967", id="trimmed"),
        pytest.param("0-0:C.1.0*255(2)1-0:0.0.0*255(1)", "1", id="0.0.0 goes before C.1.0"),
        pytest.param("0-0:96.1.0(2)C.1.0(1)", "1", id="C.1.0 goes before 96.1.0"),
        pytest.param("0.0.0()C.1.0(1)", "1", id="an empty one does not count"),
        pytest.param("1-0:96.1.0(00123)", "00123", id="equipment id as printed"),
        pytest.param(
            "0-0:96.1.1(4532323036303137363437393334353135)", "E2206017647934515", id="DSMR hex"
        ),
        pytest.param("0-0:96.1.0(63355730)", "63355730", id="figures that look like hex"),
        pytest.param(
            "0-0:96.1.1(3960221976967177082151037881335713)",
            "3960221976967177082151037881335713",
            id="hex of what cannot be printed",
        ),
        pytest.param("96.1.1(4532323036303137363437393334353135)",
                     "4532323036303137363437393334353135", id="hex outside DSMR"),
        pytest.param("6.8(1*MWh)9.21(00010213)", "00010213", id="heat meter"),
        pytest.param("1.8.0(1*kWh)9.21(00010213)", None, id="9.21 is no serial in electricity"),
        pytest.param("0.0.0(" + "9" * MAX_SERIAL_CHARS + ")", "9" * MAX_SERIAL_CHARS, id="longest"),
    ],
)  # fmt: skip
def test_serial_comes_from_the_best_code(printed: str, serial: str | None) -> None:
    assert decoded(printed).serial == serial


def test_other_sources_of_the_serial_are_skipped() -> None:
    assert reasons("C.1.0(2)0.0.0(1)96.1.0(3)") == [
        ("C.1.0", SkipReason.SUPERSEDED),
        ("96.1.0", SkipReason.SUPERSEDED),
    ]


def test_clock_and_error_flags_are_no_registers() -> None:
    result = decoded("F.F(00000000)1-0:0.9.1*255(201455)1-0:0.9.2*255(0170318)")

    assert result == Decoded(
        serial=None,
        meter_clock=MeterClock(datetime(2017, 3, 18, 20, 14, 55), Season.STANDARD),  # noqa: DTZ001
        error_flags="00000000",
        registers=(),
        skipped=(),
    )


def test_a_second_clock_is_skipped() -> None:
    result = decoded("0.9.1(201455)0.9.2(170318)0.9.1(000000)")

    assert result.meter_clock == MeterClock(datetime(2017, 3, 18, 20, 14, 55), None)  # noqa: DTZ001
    assert result.skipped == (Skipped("0.9.1", None, SkipReason.SUPERSEDED),)


def test_a_heat_meter_gives_registers_but_none_to_bill() -> None:
    result = decoded("6.8(0029.055*MWh)6.26(01589.28*m3)6.8.1()9.24(0.6*m3ph)F(0)")

    assert result.registers == (
        Register("6.8", 29055000, 0, "Wh", 7),
        Register("6.26", 158928, -2, "m3", 5),
    )
    assert result.skipped == (
        Skipped("6.8.1", None, SkipReason.EMPTY),
        Skipped("9.24", None, SkipReason.GENERAL),
    )
    assert result.error_flags == "0"
    assert billing_index_wh(result.registers) is None


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param("1.8.0(001581.123*kWh)", 1581123, id="whole Wh"),
        pytest.param("1.8.0(01281.6609*kWh)", 1281660, id="rounded down"),
        pytest.param("1.8.0()", None, id="empty"),
        pytest.param("1.8.0(5*m3)", None, id="no energy"),
        pytest.param("1.8.1(1*kWh)1.8.2(2*kWh)", None, id="tariffs are not added up"),
        pytest.param("2.8.0(1*kWh)", None, id="export"),
    ],
)
def test_billing_index_is_the_total_import_in_wh(printed: str, expected: int | None) -> None:
    assert billing_index_wh(decoded(printed).registers) == expected


CODES = ["0.0.0", "C.1.0", "0.9.1", "0.9.2", "1.8.0", "1.8.1", "6.8", "F.F", "P.01", "0-1:24.2.1"]
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="()"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(CODES), TEXTS | st.from_regex(r"[0-9.]{1,9}[*]kWh", fullmatch=True)
        )
    )
)
def test_every_data_set_is_used_once_or_skipped(sets: list[tuple[str, str]]) -> None:
    readout = parse_readout("".join(f"{code}({text})\r\n" for code, text in sets).encode("ascii"))

    result = decode(readout)

    found = [*result.registers, result.serial, result.error_flags]
    used = sum(fact is not None for fact in found) + 2 * (result.meter_clock is not None)
    # A clock is of one data set when that is a whole stamp.
    assert used + len(result.skipped) - len(readout.data_sets) in {0, 1}
