"""Which indexes that people read off meters can be true."""

from datetime import timedelta

import pytest

from domain.metering.rules import Course, Fault, Known, judged_index

RANGE_WH = 1_000_000
POWER_W = 1_000
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("raw_wh", "known", "course", "expected"),
    [
        pytest.param(7, None, Course.STEADY, 7, id="nothing is known"),
        pytest.param(-1, None, Course.APART, Fault.OUT_OF_RANGE, id="below zero"),
        pytest.param(RANGE_WH, None, Course.APART, Fault.OUT_OF_RANGE, id="too many digits"),
        pytest.param(900, Known(500, HOUR), Course.STEADY, 900, id="measured"),
        pytest.param(500, Known(500, timedelta()), Course.STEADY, 500, id="the same at once"),
        pytest.param(
            501, Known(500, timedelta()), Course.APART, Fault.CONTRADICTS, id="another at once"
        ),
        pytest.param(400, Known(500, HOUR), Course.STEADY, Fault.FELL, id="fell"),
        pytest.param(400, Known(500, HOUR), Course.ROLLING, Fault.FELL, id="too far to roll over"),
        pytest.param(
            5, Known(999_900, HOUR), Course.STEADY, Fault.FELL, id="nobody says that it rolled over"
        ),
        pytest.param(5, Known(999_900, HOUR), Course.ROLLING, 1_000_005, id="rolled over"),
        pytest.param(
            5, Known(1_000_003, HOUR), Course.STEADY, 1_000_005, id="a reading had rolled over"
        ),
        pytest.param(
            5_000, Known(500, HOUR), Course.STEADY, Fault.IMPLAUSIBLE, id="more than it carries"
        ),
        pytest.param(900_000, Known(500, HOUR), Course.APART, 900_000, id="whatever it did apart"),
        pytest.param(0, Known(500, HOUR), Course.APART, RANGE_WH, id="set to zero while apart"),
    ],
)
def test_judged_index(
    raw_wh: int, known: Known | None, course: Course, expected: int | Fault
) -> None:
    judged = judged_index(
        raw_wh, known=known, course=course, register_range_wh=RANGE_WH, power_w_max=POWER_W
    )

    assert judged == expected
