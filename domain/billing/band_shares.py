"""Sharing out what the total register gained among the bands that a meter counts. Pure.

The total always holds: the shares of a stretch add up to it, whatever the bands' registers show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from domain.tariffs.courses import Course, Mark, TariffRegisters
from domain.tariffs.flows import INSTANT, Span

# A display that shows fewer digits than these cuts off up to one step of its last one.
STEPS_WH = (1000, 100, 10)


class Reading(NamedTuple):
    """The total, and the bands' registers as indexes that go on, at one instant."""

    at: datetime
    index_wh: int
    bands_wh: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """The course of each band's share, by register, and where it is estimated."""

    courses: Mapping[str, Course]
    estimated: Sequence[Span]


def shared_out(readings: Sequence[Reading], registers: TariffRegisters) -> Shared:
    """Return what each band has of the total between readings, which are by time."""
    marks = [[Mark(readings[0].at, 0)] for _ in registers.bands]
    estimated = []
    for before, after in pairwise(readings):
        shares, is_told = _shares(before, after, registers)
        for of_band, share in zip(marks, shares, strict=True):
            of_band.append(Mark(after.at, of_band[-1].index_wh + share))
        if not is_told:
            estimated.append(Span(before.at, after.at))
    courses = {
        band.register or "": Course(marks=of_band)
        for band, of_band in zip(registers.bands, marks, strict=True)
    }
    return Shared(courses, estimated)


def _shares(before: Reading, after: Reading, registers: TariffRegisters) -> tuple[list[int], bool]:
    """Return the bands' shares of a total, and whether the registers tell all of it."""
    total_wh = after.index_wh - before.index_wh
    told = [now - then for then, now in zip(before.bands_wh, after.bands_wh, strict=True)]
    missing_wh = total_wh - sum(told)
    tolerance_wh = _step(before, after) * (len(told) + 1)
    if sum(told) > 0 and (missing_wh <= tolerance_wh):
        return apportioned(total_wh, told), abs(missing_wh) <= tolerance_wh
    lengths = [0] * len(told)
    for piece, band in registers.pieces(Span(before.at, after.at)):
        lengths[band] += (piece.ends_at - piece.starts_at) // INSTANT
    rest = apportioned(missing_wh, lengths)
    return [one + more for one, more in zip(told, rest, strict=True)], total_wh == 0


def _step(before: Reading, after: Reading) -> int:
    """Return the last digit that both readings show of all registers."""
    shown = [before.index_wh, after.index_wh, *before.bands_wh, *after.bands_wh]
    return next((step for step in STEPS_WH if not any(wh % step for wh in shown)), 1)


def apportioned(whole: int, parts: Sequence[int]) -> list[int]:
    """Return a whole number shared out in proportion to parts, some of which are above zero."""
    reached, made, total = 0, [], sum(parts)
    for part in parts:
        share = whole * (reached + part) // total - whole * reached // total
        made.append(share)
        reached += part
    return made
