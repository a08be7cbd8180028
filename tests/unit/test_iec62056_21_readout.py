from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.protocols.iec62056_21.checksums import Checksum, block_check, crc16
from collectors.protocols.iec62056_21.readout import (
    MAX_DATA_SETS,
    MAX_PROBLEMS,
    MAX_READOUT_BYTES,
    MAX_VALUES_PER_SET,
    DataSet,
    Readout,
    Value,
    parse_readout,
)

ENERGY = DataSet(None, "1.8.0", None, (Value("00012.345", "kWh"),))
SERIAL = DataSet(None, "0.0.0", None, (Value("10067967", None),))
BLOCK = b"0.0.0(10067967)\r\n1.8.0(00012.345*kWh)\r\n!\r\n\x03"
FRAME = b"/MSY5MCS301\r\n\x02" + BLOCK + bytes((block_check(BLOCK),))
TELEGRAM = b"/KFM5KAIFA\r\n\r\n1-0:1.8.0(00012.345*kWh)\r\n!"
UNDERSTOOD = Readout("MSY5MCS301", (SERIAL, ENERGY), Checksum.VALID, ())


def parsed(data: bytes) -> tuple[DataSet, ...]:
    """Return the data sets of a readout that holds nothing else."""
    readout = parse_readout(data)
    assert readout.problems == ()
    return readout.data_sets


def with_even_parity(data: bytes) -> bytes:
    return bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in data)


def test_a_frame_is_identification_data_sets_and_check_value() -> None:
    assert parse_readout(FRAME) == UNDERSTOOD


def test_parity_bits_change_nothing() -> None:
    assert parse_readout(with_even_parity(FRAME)) == UNDERSTOOD


@pytest.mark.parametrize(
    ("address", "medium", "code", "history"),
    [
        pytest.param(b"1.8.0", None, "1.8.0", None, id="short"),
        pytest.param(b"1-0:1.8.0", "1-0", "1.8.0", None, id="with medium and channel"),
        pytest.param(b"1-0:1.8.0*255", "1-0", "1.8.0", None, id="255 is the current value"),
        pytest.param(b"1-0:1.8.0*01", "1-0", "1.8.0", 1, id="stored value"),
        pytest.param(b"1.8.0*99", None, "1.8.0", 99, id="oldest stored value"),
        pytest.param(b"1.8.0&12", None, "1.8.0", 12, id="stored by a manual reset"),
        pytest.param(b"0-0:96.1.255*255", "0-0", "96.1.255", None, id="255 within the code"),
        pytest.param(b"F.F", None, "F.F", None, id="error flags"),
        pytest.param(b"C.1.0", None, "C.1.0", None, id="service"),
        pytest.param(b"L.1", None, "L.1", None, id="list"),
        pytest.param(b"0-0:F.F.0*255", "0-0", "F.F.0", None, id="letters with a medium"),
        pytest.param(b"6.8", None, "6.8", None, id="two groups"),
        pytest.param(b"a:b*c", None, "a:b*c", None, id="no known form is all code"),
    ],
)
def test_addresses_are_taken_apart(
    address: bytes, medium: str | None, code: str, history: int | None
) -> None:
    assert parsed(address + b"(1)") == (DataSet(medium, code, history, (Value("1", None),)),)


@pytest.mark.parametrize(
    ("printed", "values"),
    [
        pytest.param(b"(001581.123*kWh)", (Value("001581.123", "kWh"),), id="with a unit"),
        pytest.param(b"(032942.0231)", (Value("032942.0231", None),), id="without a unit"),
        pytest.param(b"()", (Value("", None),), id="empty"),
        pytest.param(b"(*kWh)", (Value("", "kWh"),), id="empty with a unit"),
        pytest.param(b"(5*)", (Value("5", None),), id="star without a unit"),
        pytest.param(b"(088*C&082*C)", (Value("088*C&082*C", None),), id="joined stay one text"),
        pytest.param(b"(1*seventeen-letters)", (Value("1*seventeen-letters", None),), id="no unit"),
        pytest.param(b"(a!b/c)", (Value("a!b/c", None),), id="marks within a text"),
        pytest.param(
            b"(0.5*kW)(2211120730)", (Value("0.5", "kW"), Value("2211120730", None)), id="dated"
        ),
        pytest.param(
            b"(0.5*kW)\r\n(2211120730)",
            (Value("0.5", "kW"), Value("2211120730", None)),
            id="a set without an address belongs to the one before",
        ),
    ],
)
def test_values_are_taken_apart(printed: bytes, values: tuple[Value, ...]) -> None:
    assert parsed(b"1.6.0" + printed) == (DataSet(None, "1.6.0", None, values),)


def test_a_line_may_hold_several_data_sets() -> None:
    assert parsed(b"0.0.0(10067967)1.8.0(00012.345*kWh)!") == (SERIAL, ENERGY)


def test_profile_rows_belong_to_their_header() -> None:
    profile = (
        b"P.01(1210430001500)(00)(15)(1)(1.9)(kWh)\r\n(0.116)\r\n(0.078)\r\n1.8.0(00012.345*kWh)"
    )

    header, energy = parsed(profile)

    assert (header.code, len(header.values)) == ("P.01", 8)
    assert energy == ENERGY


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"/?10067967!\r\n" + FRAME, id="echoed request"),
        pytest.param(FRAME.replace(b"\x02", b"\x06050\r\n\x02"), id="echoed option select"),
        pytest.param(b"\x00\xff\r\n" + FRAME + b"\r\n\x00", id="idle line"),
    ],
)
def test_echoes_and_fillers_around_a_frame_are_no_problems(raw: bytes) -> None:
    assert parse_readout(raw) == UNDERSTOOD


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(FRAME, Checksum.VALID, id="right BCC"),
        pytest.param(FRAME[:-1] + b"X", Checksum.WRONG, id="wrong BCC"),
        pytest.param(FRAME.replace(b"12.345", b"12.346"), Checksum.WRONG, id="changed figure"),
        pytest.param(FRAME[:-1], Checksum.ABSENT, id="no BCC"),
        pytest.param(FRAME[:-1] + b"\r\n", Checksum.ABSENT, id="line end instead of the BCC"),
        pytest.param(BLOCK[:-1], Checksum.ABSENT, id="no frame"),
        pytest.param(TELEGRAM, Checksum.ABSENT, id="telegram without a CRC"),
        pytest.param(TELEGRAM + b"%04X\r\n" % crc16(TELEGRAM), Checksum.VALID, id="right CRC"),
        pytest.param(TELEGRAM + b"%04x" % crc16(TELEGRAM), Checksum.VALID, id="small letters"),
        pytest.param(TELEGRAM + b"0000\r\n", Checksum.WRONG, id="wrong CRC"),
        pytest.param(
            TELEGRAM[1:] + b"%04X" % crc16(TELEGRAM), Checksum.WRONG, id="CRC of a lost first line"
        ),
    ],
)
def test_check_value_is_absent_valid_or_wrong(raw: bytes, expected: Checksum) -> None:
    assert parse_readout(raw).checksum is expected


def test_a_wrong_check_value_hides_no_data_sets() -> None:
    assert parse_readout(FRAME[:-1] + b"X") == replace(UNDERSTOOD, checksum=Checksum.WRONG)


@pytest.mark.parametrize(
    ("raw", "data_sets", "problem"),
    [
        pytest.param(
            b"XYZ" + FRAME,
            (SERIAL, ENERGY),
            "offset 0: expected an identification line or STX, got 'XYZ'",
            id="before the frame",
        ),
        pytest.param(
            FRAME + b"YZ",
            (SERIAL, ENERGY),
            f"offset {len(FRAME)}: expected the end, got 'YZ'",
            id="after the frame",
        ),
        pytest.param(
            FRAME.replace(b"!\r\n", b"!f\r\n"),
            (SERIAL, ENERGY),
            f"offset {FRAME.index(b'!') + 1}: expected ETX, got 'f'",
            id="after the end of the data",
        ),
        pytest.param(
            TELEGRAM + b"67",
            (ENERGY._replace(medium="1-0"),),
            f"offset {len(TELEGRAM)}: expected the end, got '67'",
            id="half a CRC",
        ),
        pytest.param(
            TELEGRAM[:-1],
            (ENERGY._replace(medium="1-0"),),
            f"offset {len(TELEGRAM) - 1}: expected !, got nothing",
            id="telegram that breaks off",
        ),
        pytest.param(
            b"\x021.8.0(00012.345*kWh)\r\n",
            (ENERGY,),
            "offset 23: expected ETX, got nothing",
            id="frame that breaks off",
        ),
        pytest.param(
            b"(5)\r\n1.8.0(00012.345*kWh)",
            (ENERGY,),
            "offset 0: expected a data set, got '('",
            id="no set before the one without an address",
        ),
        pytest.param(
            b"1.8.0(00012.345*kWh)\r\n2.8.0(0001\r\n",
            (ENERGY,),
            "offset 22: expected a data set, got '2.8.0('",
            id="bracket that never closes",
        ),
        pytest.param(
            b"0.0.0(1\x0067)1.8.0(00012.345*kWh)",
            (ENERGY,),
            "offset 0: expected a data set, got '0.0.0('",
            id="control character in a value",
        ),
        pytest.param(
            b"x" * 65 + b"(5)",
            (),
            f"offset 0: expected a data set, got '{'x' * 24}'",
            id="address of more than 64 characters",
        ),
    ],
)
def test_what_is_not_understood_is_told_with_its_offset(
    raw: bytes, data_sets: tuple[DataSet, ...], problem: str
) -> None:
    readout = parse_readout(raw)

    assert readout.data_sets == data_sets
    assert readout.problems[0] == problem


def test_a_readout_beyond_the_size_limit_is_not_read() -> None:
    readout = parse_readout(b" " * MAX_READOUT_BYTES + b"1.8.0(1*kWh)")

    assert readout == Readout(
        None,
        (),
        Checksum.ABSENT,
        (f"offset {MAX_READOUT_BYTES}: expected the readout to end here at the latest",),
    )


def test_data_sets_beyond_the_limit_are_a_problem() -> None:
    readout = parse_readout(b"1.8.0(1)" * (MAX_DATA_SETS + 2))

    assert len(readout.data_sets) == MAX_DATA_SETS
    assert readout.problems == (
        f"offset {8 * MAX_DATA_SETS}: expected at most {MAX_DATA_SETS} data sets, got '1.8.0'",
    )


def test_values_beyond_the_limit_are_a_problem() -> None:
    readout = parse_readout(b"P.01" + b"(1)" * (MAX_VALUES_PER_SET + 1))

    assert len(readout.data_sets[0].values) == MAX_VALUES_PER_SET
    assert readout.problems == (
        f"offset 7: expected at most {MAX_VALUES_PER_SET} values, got 'P.01'",
    )


def test_problems_are_bounded() -> None:
    assert len(parse_readout(b"stray\r\n" * 1_000).problems) == MAX_PROBLEMS


@pytest.mark.parametrize(
    "piece", [b"(", b")", b"\n", b"a(", b"(\n", b"/abc", b"!", b"\x02", b"\x06", b"a()\n", b"*&:"]
)
def test_rubbish_of_the_largest_size_is_read(piece: bytes) -> None:
    readout = parse_readout(piece * (MAX_READOUT_BYTES // len(piece)))

    assert len(readout.problems) <= MAX_PROBLEMS


@given(st.binary(max_size=400))
def test_any_bytes_are_read(raw: bytes) -> None:
    readout = parse_readout(raw)

    assert len(readout.problems) <= MAX_PROBLEMS


@settings(deadline=None)
@given(
    st.sampled_from([FRAME, TELEGRAM + b"%04X\r\n" % crc16(TELEGRAM), with_even_parity(FRAME)]),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 5), st.binary(max_size=5)), max_size=5),
)
def test_damaged_readouts_are_read(raw: bytes, damages: list[tuple[int, int, bytes]]) -> None:
    for offset, lost, noise in damages:
        raw = raw[:offset] + noise + raw[offset + lost :]

    readout = parse_readout(raw)

    assert all(data_set.values for data_set in readout.data_sets)
    assert all(value.text.isprintable() for s in readout.data_sets for value in s.values)


@given(st.integers(0, len(FRAME) - 1), st.integers(0, 6))
def test_a_flipped_bit_never_passes_as_valid(offset: int, bit: int) -> None:
    damaged = bytearray(FRAME)
    damaged[offset] ^= 1 << bit

    readout = parse_readout(bytes(damaged))

    in_block = offset > FRAME.index(b"\x02")
    assert readout.checksum is not Checksum.VALID or not in_block
