"""Real readouts, read beside an independent parser.

The oracle is the package iec62056-21. Ours deviates from it on purpose in `as_ours`.
"""

import pytest
from iec62056_21.messages import DataLine  # type: ignore[import-untyped]

from collectors.protocols.iec62056_21.build import render
from collectors.protocols.iec62056_21.checksums import Checksum
from collectors.protocols.iec62056_21.readout import Readout, parse_readout
from tests.real.readouts import FILES, FOLDER, only_with_files, read

pytestmark = only_with_files

# One value: medium, code and history of its address (None without one), text and unit.
Seen = tuple[tuple[str | None, str, int | None] | None, str, str | None]


def seen_by_oracle(raw: bytes) -> list[Seen]:
    lines = raw.decode("ascii").replace("\x02", "").splitlines()
    return [
        as_ours(data_set.address, data_set.value, data_set.unit)
        for line in lines
        for data_set in DataLine.from_representation(line).data_sets
    ]


def as_ours(address: str | None, value: str, unit: str | None) -> Seen:
    """Bring what the oracle saw to our form; the two `if` are the deliberate deviations."""
    if address is None and "*" in value:
        # The oracle leaves the unit in a value that has no address: "(0000005627*s)".
        value, unit = value.split("*")
    if unit is not None and "&" in value:
        # The oracle takes the end of joined values for a unit: "088*C&082" and "C".
        value, unit = f"{value}*{unit}", None
    return taken_apart(address), value, unit


def taken_apart(address: str | None) -> tuple[str | None, str, int | None] | None:
    if address is None:
        return None
    medium, _, rest = address.rpartition(":")
    code, _, history = rest.partition("*")
    return medium or None, code, int(history) if history not in {"", "255"} else None


def seen_by_us(readout: Readout) -> list[Seen]:
    return [
        ((s.medium, s.code, s.history) if index == 0 else None, value.text, value.unit)
        for s in readout.data_sets
        for index, value in enumerate(s.values)
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_data_set_of_the_oracle_is_seen(name: str) -> None:
    raw = (FOLDER / name).read_bytes()

    assert seen_by_us(parse_readout(raw)) == seen_by_oracle(raw)


@pytest.mark.parametrize("name", FILES)
def test_a_real_readout_is_read_back_as_it_was_rendered(name: str) -> None:
    readout = read(name)

    again = parse_readout(render(readout))

    assert again.data_sets == readout.data_sets
    assert (again.identification, again.checksum) == (readout.identification, Checksum.VALID)


@pytest.mark.parametrize("name", FILES)
def test_parity_bits_change_nothing_in_a_real_readout(name: str) -> None:
    raw = (FOLDER / name).read_bytes()
    even = bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in raw)

    assert parse_readout(even) == parse_readout(raw)


@pytest.mark.parametrize(
    ("name", "checksum", "problems"),
    [
        pytest.param("metcom-mcs-readout-2022-11-13.txt", Checksum.ABSENT, (), id="metcom"),
        pytest.param("example_data_a_landisgyr_360.txt", Checksum.VALID, (), id="CRC A077"),
        pytest.param("example_data_b.txt", Checksum.ABSENT, (), id="no CRC"),
        pytest.param("telegram_v4_2.txt", Checksum.VALID, (), id="CRC 6796"),
        pytest.param("telegram_v5.txt", Checksum.VALID, (), id="CRC 6EEE"),
        pytest.param("testHttpRequestD0-1.txt", Checksum.ABSENT, (), id="echoed request"),
        pytest.param("testSerialRequestResponseD0-20-2.txt", Checksum.WRONG, (), id="BCC X"),
        pytest.param(
            "testSerialRequestResponseD0BufferOverrun-3.txt",
            Checksum.WRONG,
            ("offset 700: expected the end, got 'YZ'",),
            id="bytes after the BCC",
        ),
        pytest.param("testSerialRequestResponseD0WithAck2-8.txt", Checksum.VALID, (), id="BCC f"),
        pytest.param("testSerialResponseD0FastSend-10.txt", Checksum.ABSENT, (), id="push"),
    ],
)
def test_check_values_of_real_readouts(
    name: str, checksum: Checksum, problems: tuple[str, ...]
) -> None:
    readout = read(name)

    assert (readout.checksum, readout.problems) == (checksum, problems)
