"""Intervals of load profiles: when they are, and which of them may stand. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from db.enums import ProfileKind, ValidationRule
from db.ids import CompanyId, FrameId, MeterId
from domain.readings.rules import MeterTime, held_for_its_time, utc_of
from domain.tariffs.flows import Interval

THOUSANDTHS = 1000
# Of all that a meter counts one way, the best first: energy of the interval, the mean power, and
# the index, of which each gap costs one interval more.
IMPORT_CHANNELS = ("1.29.0", "1.9.0", "1.5.0", "1.8.0")
EXPORT_CHANNELS = ("2.29.0", "2.9.0", "2.5.0", "2.8.0")
# What prices are told apart by.
PRICED_CHANNELS = (*IMPORT_CHANNELS, *EXPORT_CHANNELS)


class Channel(NamedTuple):
    """A column of a profile. obis: with its medium where that is not the meter's own."""

    obis: str
    unit: str
    kind: ProfileKind


class Block(NamedTuple):
    """Consecutive intervals of one length, as a meter sends them.

    first_ends: when the first one ends. rows: a value for each channel, in thousandths of its unit.
    """

    first_ends: MeterTime
    period: timedelta
    status: str
    channels: Sequence[Channel]
    rows: Sequence[Sequence[int | None]]


class Told(NamedTuple):
    """What a channel says of an interval: a row of the table. Times are UTC.

    value: in thousandths of the unit; energy of the interval, or the index at its end.
    """

    company_id: CompanyId
    meter_id: MeterId
    channel: str
    starts_at: datetime
    ends_at: datetime
    kind: ProfileKind
    unit: str
    value: int
    status: str
    received_at: datetime
    frame_id: FrameId

    @property
    def series(self) -> tuple[int, int, str]:
        return (self.company_id, self.meter_id, self.channel)

    @property
    def key(self) -> tuple[int, int, str, datetime]:
        return (*self.series, self.starts_at)

    def agrees_with(self, other: "Told") -> bool:
        """Whether another one of the same start tells the same."""
        return (self.ends_at, self.kind, self.unit, self.value) == (
            other.ends_at, other.kind, other.unit, other.value
        )  # fmt: skip


def intervals_of(
    blocks: Iterable[Block],
    zone: tzinfo,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    received_at: datetime,
    frame_id: FrameId,
) -> Iterator[Told]:
    """Yield what blocks tell. zone: of the meter's clock.

    The clock dates the first row alone, and the others follow by their length: so an hour that a
    clock repeats, or leaves out, is told apart.
    """
    for block in blocks:
        first_ends = utc_of(block.first_ends, zone)
        if first_ends is None:
            continue
        for number, row in enumerate(block.rows):
            ends_at = first_ends + number * block.period
            for channel, value in zip(block.channels, row, strict=True):
                if value is not None:
                    yield Told(
                        company_id=company_id,
                        meter_id=meter_id,
                        channel=channel.obis,
                        starts_at=ends_at - block.period,
                        ends_at=ends_at,
                        kind=channel.kind,
                        unit=channel.unit,
                        value=value,
                        status=block.status,
                        received_at=received_at,
                        frame_id=frame_id,
                    )


def held(told: Told, *, now: datetime) -> ValidationRule | None:
    """Return the rule that keeps an interval out, if any."""
    return held_for_its_time(told.ends_at, now=now) or held_for_its_time(told.starts_at, now=now)


@dataclass(slots=True)
class Sorted:
    """New intervals by key, and those that contradict others. known: how many are not new."""

    new: list[Told] = field(default_factory=list)
    conflicts: list[Told] = field(default_factory=list)
    known: int = 0


Neighbours: TypeAlias = Mapping[tuple[int, int, str], Sequence[Told]]
"""What is there around the intervals in question, by series and time."""


def sorted_out(candidates: Iterable[Told], stored: Neighbours) -> Sorted:
    """Return which intervals are new. The first one stands; what says otherwise is a conflict.

    One that overlaps another says otherwise, too: intervals of a channel never overlap.
    """
    made = Sorted()
    in_order = sorted(candidates, key=attrgetter("key"))
    for series, of_series in groupby(in_order, key=attrgetter("series")):
        there = list(stored.get(series, ()))
        for told in of_series:
            place = bisect_left(there, told.starts_at, key=attrgetter("starts_at"))
            around = there[max(place - 1, 0) : place + 1]
            same = next((one for one in around if one.starts_at == told.starts_at), None)
            if same is not None and told.agrees_with(same):
                made.known += 1
            elif any(
                one.starts_at < told.ends_at and told.starts_at < one.ends_at for one in around
            ):
                made.conflicts.append(told)
            else:
                there.insert(place, told)
                made.new.append(told)
    return made


def by_the_best(
    told: Iterable[tuple[str, datetime, datetime, int]], channels: Sequence[str]
) -> list[Interval]:
    """Return what a meter measured one way, by time, each instant told once, by the best channel.

    An interval counts unless one of a better channel overlaps it, whether that one counts or not:
    so it matters for no interval what is known beyond those that overlap it.

    told: channel, start, end, and energy in thousandths of Wh. channels: the best one first; others
    are left out.
    """
    of_channel: dict[str, list[Interval]] = {channel: [] for channel in channels}
    for channel, starts_at, ends_at, value in sorted(told):
        if channel not in of_channel:
            continue
        of_channel[channel].append(Interval(starts_at, ends_at, Fraction(value, THOUSANDTHS)))
    made: list[Interval] = []
    better: list[Sequence[Interval]] = []
    for its in of_channel.values():
        made += [one for one in its if not any(_overlaps(one, others) for others in better)]
        better.append(its)
    return sorted(made)


def _overlaps(one: Interval, others: Sequence[Interval]) -> bool:
    """Whether an interval overlaps others, which are by time and do not overlap each other."""
    place = bisect_right(others, one.starts_at, key=attrgetter("ends_at"))
    return place < len(others) and others[place].starts_at < one.ends_at
