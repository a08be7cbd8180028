"""Load profiles in readouts: blocks of intervals, and what each column is."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.protocols.iec62056_21.build import build_readout, profile_set
from collectors.protocols.iec62056_21.checksums import Checksum
from collectors.protocols.iec62056_21.clock import MeterClock, Season
from collectors.protocols.iec62056_21.profiles import (
    BLOCKS_MAX,
    Block,
    Channel,
    Profile,
    read_profile,
)
from collectors.protocols.iec62056_21.readout import parse_readout
from collectors.protocols.iec62056_21.registers import Register, decode
from db.enums import ProfileKind

HEADER = "P.01(1260317001500)(08)(15)(2)(1.5.0)(kW)(5.5.0)(kvar)"
STAMP = MeterClock(datetime(2026, 3, 17, 0, 15), Season.SUMMER)  # noqa: DTZ001 - as printed
IMPORT = Channel("1.5.0", "Wh", ProfileKind.POWER)
INDUCTIVE = Channel("5.5.0", "varh", ProfileKind.POWER)


def profile_in(text: str) -> Profile:
    return read_profile(parse_readout(text.encode("ascii")))


def test_a_block_is_its_header_and_a_row_an_interval() -> None:
    made = profile_in(f"{HEADER}\r\n(0.30499)(0.00728)\r\n(0.31774)(0.00480)\r\n")

    # The mean power of a quarter of an hour, in thousandths of a Wh.
    assert made.problems == ()
    assert made.blocks == (
        Block(STAMP, 15, "08", (IMPORT, INDUCTIVE), ((76_248, 1_820), (79_435, 1_200))),
    )


def test_a_new_header_begins_a_new_block() -> None:
    made = profile_in(f"{HEADER}(1)(2)\r\n{HEADER.replace('(08)', '(00)')}(3)(4)(5)(6)\r\n")

    assert [(block.status, len(block.rows)) for block in made.blocks] == [("08", 1), ("00", 2)]


@pytest.mark.parametrize(
    ("address", "unit", "printed", "channel", "value"),
    [
        pytest.param("1.5.0", "kW", "4", IMPORT, 1_000_000, id="mean power"),
        pytest.param(
            "1-1:1.29", "kWh", "0.04088", Channel("1.29.0", "Wh", ProfileKind.ENERGY), 40_880,
            id="energy",
        ),
        pytest.param(
            "1.9", "kWh", "0.116", Channel("1.9.0", "Wh", ProfileKind.ENERGY), 116_000, id="advance"
        ),
        pytest.param(
            "1-0:1.8.0*255", "kWh", "12.5", Channel("1.8.0", "Wh", ProfileKind.INDEX), 12_500_000,
            id="index",
        ),
        pytest.param(
            "1-2:1.29", "kWh", "1", Channel("1-2:1.29.0", "Wh", ProfileKind.ENERGY), 1_000_000,
            id="of another medium",
        ),
        pytest.param(
            "3.9", "kVArh", "0.06", Channel("3.9.0", "varh", ProfileKind.ENERGY), 60_000,
            id="reactive",
        ),
        pytest.param("1.5.0", "W", "0.003", IMPORT, 1, id="rounded half up"),
        pytest.param("1.5.0", "kW", "", IMPORT, None, id="empty"),
        pytest.param("1.5.0", "kW", "-1.0", IMPORT, None, id="below zero"),
        pytest.param("1.5.0", "kW", "9" * 19, IMPORT, None, id="too long"),
    ],
)  # fmt: skip
def test_a_column_is_energy_whatever_it_is_printed_as(
    address: str, unit: str, printed: str, channel: Channel, value: int | None
) -> None:
    made = profile_in(f"P.01(1260317001500)(00)(15)(1)({address})({unit})\r\n({printed})\r\n")

    assert made.problems == ()
    assert [(block.channels, block.rows) for block in made.blocks] == [((channel,), ((value,),))]


def test_columns_that_are_no_energy_or_stand_twice_are_left_out() -> None:
    made = profile_in(
        "P.01(1260317001500)(00)(15)(4)(32.7)(V)(1.5)(kW)(1.5.0)(kW)(9)(xyz)\r\n"
        "(230.1)(4)(8)(1)\r\n(231.2)(8)(12)(1)\r\n"
    )

    assert made.blocks[0].channels == (IMPORT,)
    assert made.blocks[0].rows == ((1_000_000,), (2_000_000,))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("P.01(1)", "expected a header of 4 values, got 1", id="short"),
        pytest.param(
            "P.01(1261317001500)(0)(15)(1)(1.5)(kW)(1)",
            "expected the end of the first interval in the header",
            id="no such month",
        ),
        pytest.param(
            "P.01(1260317001500)(0)(1441)(1)(1.5)(kW)(1)",
            "expected 1 to 1440 minutes in the header",
            id="period",
        ),
        pytest.param(
            "P.01(1260317001500)(0)(15)(33)(1.5)(kW)(1)",
            "expected 1 to 32 channels in the header",
            id="channels",
        ),
        pytest.param(
            "P.01(1260317001500)(0)(15)(2)(1.5)(kW)(1)",
            "expected a code and a unit for each of 2 channels",
            id="no units",
        ),
        pytest.param(
            f"P.01(1260317001500)({'0' * 33})(15)(1)(1.5)(kW)(1)",
            "expected a status of at most 32 characters",
            id="status",
        ),
    ],
)
def test_a_bad_header_costs_its_block_alone(text: str, problem: str) -> None:
    made = profile_in(f"{text}\r\n{HEADER}(4)(4)\r\n")

    assert made.problems == (problem,)
    assert [block.rows for block in made.blocks] == [((1_000_000, 1_000_000),)]


def test_a_row_that_is_cut_off_is_left_out_and_told() -> None:
    made = profile_in(f"{HEADER}(4)(4)(8)\r\n")

    assert made.problems == ("expected rows of 2 values; the last one is cut off",)
    assert made.blocks[0].rows == ((1_000_000, 1_000_000),)


def test_blocks_are_bounded() -> None:
    header = "P.01(260317001500)(0)(15)(1)(1.5)(kW)(1)\r\n"

    made = profile_in(header * (BLOCKS_MAX + 1))

    assert len(made.blocks) == BLOCKS_MAX
    assert made.problems == (f"expected at most {BLOCKS_MAX} blocks",)


stamps = st.builds(
    MeterClock,
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001 - as printed
        lambda at: at.replace(microsecond=0)
    ),
    st.sampled_from(Season),
)


@given(
    stamp=stamps,
    minutes=st.sampled_from([1, 5, 15, 30, 60]),
    rows=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**12)), max_size=20),
)
def test_what_is_printed_is_read(
    stamp: MeterClock, minutes: int, rows: list[tuple[int, int]]
) -> None:
    printed = profile_set(
        first_ends=stamp,
        period_minutes=minutes,
        channels=[("1.29.0", "kWh"), ("1-0:1.8.0", "Wh")],
        rows=[(f"{wh // 10**6}.{wh % 10**6:06d}", f"{i // 1000}.{i % 1000:03d}") for wh, i in rows],
    )
    registers = [Register("1.8.0", 5_000, 0, "Wh", 6)]

    readout = parse_readout(build_readout(serial="7", registers=registers, profile=[printed]))
    (block,) = read_profile(readout).blocks

    assert readout.checksum is Checksum.VALID
    assert decode(readout).registers == tuple(registers)
    assert (block.first_ends, block.period_minutes) == (stamp, minutes)
    assert [channel.kind for channel in block.channels] == [ProfileKind.ENERGY, ProfileKind.INDEX]
    assert block.rows == tuple(rows)


PIECES = st.sampled_from([HEADER, "P.01", "(", ")", "(1260317001500)", "(15)", "(2)", "(kW)", "\n"])


@given(st.lists(PIECES | st.text("0123456789.-*&:PkWh", max_size=8)).map("".join))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    made = profile_in(text)

    for block in made.blocks:
        assert all(len(row) == len(block.channels) for row in block.rows)
        assert all(value is None or value >= 0 for row in block.rows for value in row)
