"""Real load profiles, by name with what they must give."""

from datetime import datetime

import pytest

from collectors.protocols.iec62056_21.clock import MeterClock, Season
from collectors.protocols.iec62056_21.profiles import read_profile
from tests.real.readouts import FILES, only_with_files, read

pytestmark = only_with_files


@pytest.mark.parametrize(
    ("name", "first_ends", "status", "channels", "imported"),
    [
        pytest.param(
            "emh-p01-8ch-registers.txt",
            datetime(2022, 10, 5, 0, 15),  # noqa: DTZ001 - as printed
            "00000000",
            "1.29.0 2.29.0 5.29.0 6.29.0 7.29.0 8.29.0 1-2:1.29.0 1-3:2.29.0",
            [0, 0],
            id="energy of eight registers",
        ),
        pytest.param(
            "measurement-p01-4ch-kwh.txt",
            datetime(2021, 4, 30, 0, 15),  # noqa: DTZ001 - as printed
            "00",
            "1.9.0 3.9.0 2.9.0 4.9.0",
            [116_000, 78_000, 88_000],
            id="advances",
        ),
        pytest.param(
            "metcom-p01-6ch-import.txt",
            datetime(2022, 4, 1, 1, 0),  # noqa: DTZ001 - as printed
            "08",
            "1.5.0 2.5.0 5.5.0 6.5.0 7.5.0 8.5.0",
            [76_248, 79_435, 84_695, 76_265],
            id="mean power",
        ),
    ],
)
def test_a_real_profile_is_read(
    name: str, first_ends: datetime, status: str, channels: str, imported: list[int]
) -> None:
    made = read_profile(read(name))

    (block,) = made.blocks
    assert made.problems == ()
    assert (block.first_ends, block.period_minutes) == (MeterClock(first_ends, Season.SUMMER), 15)
    assert block.status == status
    assert [channel.obis for channel in block.channels] == channels.split()
    assert [row[0] for row in block.rows] == imported


@pytest.mark.parametrize("name", [name for name in FILES if "p01" not in name])
def test_other_real_readouts_have_none(name: str) -> None:
    made = read_profile(read(name))

    assert (made.blocks, made.problems) == ((), ())
