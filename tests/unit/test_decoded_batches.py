"""How many frames a batch takes, by the intervals and the readings that it may store."""

import pytest

from collectors.protocols.iec62056_21.build import build_readout, profile_set
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Period, Register
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD
from collectors.readouts import PROFILE_VALUES_MAX
from db.ids import CollectorId, CompanyId, FrameId
from domain.frames.packing import pack
from domain.frames.queries import PendingFrame
from domain.profiles.operations import INTERVALS_MAX
from domain.readings.matching import Readout
from domain.readings.operations import BATCH_MAX
from tests.factories import NOW
from workers.decoding import decoded_batch


def frame(rows: int) -> PendingFrame:
    """Return a frame with rows of a load profile."""
    block = profile_set(
        first_ends=MeterClock(NOW.replace(tzinfo=None), None),
        period_minutes=1,
        channels=[("1.5", "kW"), ("2.5", "kW")],
        rows=[("0", "0")] * rows,
    )
    return frame_of(build_readout(serial="7", registers=[], profile=[block]), rows)


def frame_of(readout: bytes, number: int) -> PendingFrame:
    (message,) = build.readout(
        build.Sender("WTL", "C1", STANDARD),
        reference_id="1",
        texts=[readout.decode("latin-1")],
        meter_serial=None,
        read_at=None,
    )
    return PendingFrame(
        CompanyId(1), FrameId(number), CollectorId(1), NOW, 0, (), "profile", b"",
        (pack(message[1:-1]),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        pytest.param([1, 2, 3], [1, 2, 3], id="few"),
        pytest.param([16_000] * 4, [16_000] * 3, id="as many as fit"),
        pytest.param([0], [0], id="none at all"),
    ],
)
def test_a_batch_takes_what_may_be_stored_at_once(rows: list[int], taken: list[int]) -> None:
    made = decoded_batch([frame(count) for count in rows])

    assert [found.frame_id for found, _ in made] == taken
    assert all(isinstance(outcome, Readout) for _, outcome in made)
    # One frame always fits.
    assert PROFILE_VALUES_MAX <= INTERVALS_MAX


def test_what_meters_kept_of_periods_counts_as_readings() -> None:
    total = Register("1.8.0", 1_000, 0, "Wh", 6)
    shown = MeterClock(NOW.replace(tzinfo=None), None)
    periods = [
        Period(month, MeterClock(shown.local.replace(month=month, day=1), None), (total,))
        for month in (2, 3)
    ]
    readout = build_readout(serial="7", registers=[total], clock=shown, periods=periods)

    made = decoded_batch([frame_of(readout, 1)] * BATCH_MAX)

    assert len(made) == BATCH_MAX // 3
