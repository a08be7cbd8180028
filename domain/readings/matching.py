"""Finding the meter of a decoded readout, and making a read of it.

Readouts and matches are named tuples: one of each is made per frame, and a tuple costs a third.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from db.access import Connection
from db.enums import TimeSource
from db.ids import CollectorId, CompanyId, FieldId, FrameId, MeterId
from domain.profiles.rules import Block, Told, intervals_of
from domain.readings.batch import Read
from domain.readings.rules import MeterTime, ReadingTime, clock_zone, reading_time, utc_of

Signature = tuple[tuple[str, int, str], ...]


class StoredPeriod(NamedTuple):
    """What a meter keeps from the end of a billing period, which its own clock dates.

    The rest is as in a readout.
    """

    ended: MeterTime
    signature: Signature
    values: Sequence[int | None]
    raw_index_wh: int | None


class Readout(NamedTuple):
    """What one message says of one meter.

    received_at: UTC. collector_at: by the collector's clock; naive is its local time.
    signature: OBIS code, power of ten and unit of each register; values in the same order.
    raw_index_wh: the total register in whole Wh as shown, None when there is none.
    profile: blocks of the load profile. periods: stored ones. Without registers, they are all that
        the message has.
    """

    company_id: CompanyId
    collector_id: CollectorId
    frame_id: FrameId
    received_at: datetime
    meter_serial: str
    meter_time: MeterTime | None
    collector_at: datetime | None
    signature: Signature
    values: Sequence[int | None]
    raw_index_wh: int | None
    profile: Sequence[Block] = ()
    periods: Sequence[StoredPeriod] = ()


class Matched(NamedTuple):
    """A readout's meter, and the clocks it is judged by. zone: of the meter's clock."""

    readout: Readout
    meter_id: MeterId
    field_id: FieldId
    time: ReadingTime
    collector_at: datetime | None
    zone: tzinfo


async def match(
    connection: Connection, readouts: Sequence[Readout]
) -> tuple[list[Matched], list[Readout]]:
    """Return the readouts whose meter is known, with their times, and the others."""
    of_company: dict[CompanyId, list[Readout]] = defaultdict(list)
    for readout in readouts:
        of_company[readout.company_id].append(readout)
    matched: list[Matched] = []
    unmatched: list[Readout] = []
    for company_id, candidates in of_company.items():
        rows = await connection.fetch(
            METERS,
            company_id,
            [readout.meter_serial for readout in candidates],
            [readout.collector_id for readout in candidates],
        )
        found = {row["ordinal"] - 1: row for row in rows}
        matched += [_matched(candidates[place], *list(row)[1:]) for place, row in found.items()]
        unmatched += [readout for place, readout in enumerate(candidates) if place not in found]
    return matched, unmatched


# One company at a time: were its id a column, the planner would take it for a narrow choice and
# join every collector with every readout.
METERS = """
    select k.ordinal, m.id as meter_id, m.clock_rule, c.field_id, d.time_zone, co.clock_drift_max_s
    from unnest($2::text[], $3::int8[]) with ordinality k (serial, collector_id, ordinal)
    join meter m on m.company_id = $1 and m.serial = k.serial
    join rf_module r on r.company_id = $1 and r.id = m.rf_module_id
    join collector c on c.company_id = $1 and c.id = r.collector_id
    join collector d on d.company_id = $1 and d.id = k.collector_id
    join company co on co.id = $1
"""


def _matched(
    readout: Readout,
    meter_id: MeterId,
    clock_rule: str,
    field_id: FieldId,
    collector_zone: str,
    drift_max_s: int,
) -> Matched:
    collector_at = readout.collector_at
    if collector_at is not None:
        zone = collector_at.tzinfo or clock_zone(collector_zone)
        collector_at = utc_of(MeterTime(collector_at), zone)
    time = reading_time(
        meter=readout.meter_time,
        zone=clock_zone(clock_rule),
        collector_at=collector_at,
        received_at=readout.received_at,
        drift_max=timedelta(seconds=drift_max_s),
    )
    return Matched(readout, meter_id, field_id, time, collector_at, clock_zone(clock_rule))


def at_first_receipt(matched: Matched, received_at: datetime) -> Matched:
    """Return the match dated by its first receipt, where only that dates it."""
    if matched.time.source is not TimeSource.RECEIPT:
        return matched
    return matched._replace(time=matched.time._replace(at=received_at))


def read_of(matched: Matched, register_set_id: int) -> Read:
    readout = matched.readout
    return Read(
        company_id=readout.company_id,
        meter_id=matched.meter_id,
        field_id=matched.field_id,
        register_set_id=register_set_id,
        at=matched.time.at,
        raw_index_wh=readout.raw_index_wh,
        values=readout.values,
        time_source=matched.time.source,
        meter_at=matched.time.meter_at,
        collector_at=matched.collector_at,
        received_at=readout.received_at,
        frame_id=readout.frame_id,
    )


def profile_of(matched: Matched) -> Iterator[Told]:
    """Return the intervals that a readout tells of its meter."""
    readout = matched.readout
    return intervals_of(
        readout.profile,
        matched.zone,
        company_id=readout.company_id,
        meter_id=matched.meter_id,
        received_at=readout.received_at,
        frame_id=readout.frame_id,
    )
