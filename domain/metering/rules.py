"""Whether an index that somebody read off a meter can be true. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from db.enums import ValidationRule
from domain.readings.rules import continuous_index, lifted


class Course(Enum):
    """What a meter did since the index that is known of it.

    STEADY: it measured, and did not roll over as far as anybody says.
    ROLLING: it measured, and may have rolled over.
    APART: it was nowhere; nobody pays for what its register did meanwhile.
    """

    STEADY = auto()
    ROLLING = auto()
    APART = auto()


class Fault(Enum):
    """Why an index cannot be true."""

    OUT_OF_RANGE = auto()
    CONTRADICTS = auto()
    FELL = auto()
    IMPLAUSIBLE = auto()


@dataclass(frozen=True, slots=True)
class Known:
    """The index that a meter is known to have had, `elapsed` before the one in question."""

    index_wh: int
    elapsed: timedelta


def judged_index(
    raw_wh: int, *, known: Known | None, course: Course, register_range_wh: int, power_w_max: int
) -> int | Fault:
    """Return a register's value as an index that never goes down, or why it cannot be true.

    raw_wh: as the register shows it. known: the newest one; None when nothing is known.
    power_w_max: the most that the meter can carry.
    """
    if not 0 <= raw_wh < register_range_wh:
        return Fault.OUT_OF_RANGE
    if known is None:
        return raw_wh
    index_wh = lifted(raw_wh, after_index_wh=known.index_wh, register_range_wh=register_range_wh)
    if not known.elapsed:
        return index_wh if index_wh == known.index_wh else Fault.CONTRADICTS
    fell = index_wh < known.index_wh
    if course is Course.APART:
        return index_wh + register_range_wh if fell else index_wh
    carried = continuous_index(
        raw_wh,
        after_index_wh=known.index_wh,
        elapsed=known.elapsed,
        register_range_wh=register_range_wh,
        power_w_max=power_w_max,
    )
    if fell and (course is Course.STEADY or isinstance(carried, ValidationRule)):
        return Fault.FELL
    return Fault.IMPLAUSIBLE if isinstance(carried, ValidationRule) else carried
