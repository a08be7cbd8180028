"""When the billing periods ended of which a meter keeps the registers.

A stored value has the number of its period, `1.8.0*12`, and `0.1.2*12` says when that ended. The
numbers say nothing themselves: some meters count on and on, others call the newest one 1.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from collectors.protocols.iec62056_21.clock import STAMP, MeterClock, read_clock
from collectors.protocols.iec62056_21.readout import DataSet

PERIOD_END = "0.1.2"
_CACHED_STAMPS = 1_024
# A longer text is no date, and is not worth remembering.
_STAMP_CHARS_MAX = 24


def period_ends(stored: Iterable[DataSet], shown_at: MeterClock | None) -> Mapping[int, MeterClock]:
    """Return when numbered periods ended, the newest first.

    shown_at: the meter's clock in the same readout. Without it nothing tells whether the meter
        knows the time, and what is later was not dated by it.

    A period that is told two ends, and periods that are told the same one, are left out.
    """
    told: dict[int, set[MeterClock]] = {}
    for data_set in stored:
        if data_set.history is not None and _is_end(data_set):
            text = data_set.values[0].text
            ended = _stamp(text) if len(text) <= _STAMP_CHARS_MAX else None
            if ended is not None:
                told.setdefault(data_set.history, set()).add(ended)
    if shown_at is None:
        return {}
    by_end: dict[MeterClock, list[int]] = {}
    for number, ends in told.items():
        for ended in ends if len(ends) == 1 else ():
            by_end.setdefault(ended, []).append(number)
    return {
        by_end[ended][0]: ended
        for ended in sorted(by_end, key=lambda one: one.local, reverse=True)
        if len(by_end[ended]) == 1 and ended.local <= shown_at.local
    }


def _is_end(data_set: DataSet) -> bool:
    return data_set.code == PERIOD_END and (
        data_set.medium is None or data_set.medium.startswith("1-")
    )


@lru_cache(_CACHED_STAMPS)
def _stamp(text: str) -> MeterClock | None:
    return read_clock({STAMP: text})
