"""Reading readings: the latest, those of a span, and the energy of hours and days."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from db.access import Connection
from db.enums import Quality, TimeSource
from domain.listing import Record, Wall, fetch

# How far before a span the reading may stand whose difference opens it.
LOOKBACK = timedelta(days=1)

# The table is called `reading` in each of these, because the wall's condition speaks of it.
LATEST = """
    select reading.meter_id, reading.ts, reading.values, s.obis, s.scaler, s.unit,
        r.reading_period_s
    from meter_latest reading
    join register_set s on s.company_id = reading.company_id and s.id = reading.register_set_id
    join meter m on m.company_id = reading.company_id and m.id = reading.meter_id
    join rf_module r on r.company_id = m.company_id and r.id = m.rf_module_id
    where reading.company_id = {{company}} and reading.meter_id = any({{ids}}::int8[]) and {wall}
    order by reading.meter_id, reading.ts desc, reading.register_set_id
"""
SPAN = """
    select parent.id as meter_id, found.*, s.obis, s.scaler, s.unit
    from unnest({{ids}}::int8[]) as parent(id)
    cross join lateral (
        select reading.register_set_id, reading.ts, reading.quality, reading.time_source,
            reading.received_at, reading.values
        from reading
        where reading.company_id = {{company}} and reading.meter_id = parent.id
            and reading.ts >= {{start}} and reading.ts < {{end}} and {wall}
        order by reading.ts, reading.register_set_id
        limit {{limit}}
    ) found
    join register_set s on s.company_id = {{company}} and s.id = found.register_set_id
    order by parent.id, found.ts, found.register_set_id
"""
# A difference belongs to the bucket in which it ends: a reading at 10:00 closes the hour before.
ENERGY = """
    with point as (
        select distinct on (reading.meter_id, reading.ts)
            reading.meter_id, reading.ts, reading.index_wh
        from reading
        where reading.company_id = {{company}} and reading.meter_id = any({{ids}}::int8[])
            and reading.ts >= {{lookback}} and reading.ts <= {{end}}
            and reading.index_wh is not null and {wall}
        order by reading.meter_id, reading.ts, reading.register_set_id
    ), difference as (
        select meter_id, ts, lag(ts) over w as since, index_wh - lag(index_wh) over w as energy_wh
        from point window w as (partition by meter_id order by ts)
    )
    select meter_id,
        width_bucket(ts - interval '1 microsecond', {{edges}}::timestamptz[]) as bucket,
        sum(energy_wh)::int8 as energy_wh, min(since) as since, max(ts) as until
    from difference where ts > {{start}} and since is not null
    group by meter_id, bucket
"""


@dataclass(frozen=True, slots=True)
class RegisterValue:
    """A register of a meter, exact, in its own unit."""

    obis: str
    value: Decimal
    unit: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """All registers of a set at one instant; those that the meter left out are missing."""

    read_at: datetime
    quality: Quality
    time_source: TimeSource
    received_at: datetime
    registers: list[RegisterValue]

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(
            read_at=row["ts"],
            quality=Quality(row["quality"]),
            time_source=TimeSource(row["time_source"]),
            received_at=row["received_at"],
            registers=list(registers_of(row)),
        )


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of each register of a meter, and how often it is read."""

    registers: list[RegisterValue]
    as_of: datetime
    reading_period: timedelta


@dataclass(frozen=True, slots=True)
class Energy:
    """What a register gained in a bucket; energy_wh is None when nothing tells.

    is_complete: readings stood at both ends, so that nothing of it belongs to a neighbour.
    """

    start: datetime
    end: datetime
    energy_wh: int | None
    is_complete: bool


async def latest(
    connection: Connection, meter_ids: Sequence[int], *, wall: Wall
) -> dict[int, Latest]:
    """Return the newest registers of meters; those never read are left out."""
    template = LATEST.format(wall=wall.condition("reading"))
    found: dict[int, list[Record]] = defaultdict(list)
    for row in await fetch(connection, template, {**wall.values, "ids": list(meter_ids)}):
        found[row["meter_id"]].append(row)
    return {meter_id: _latest(rows) for meter_id, rows in found.items()}


async def of_span(
    connection: Connection,
    meter_ids: Sequence[int],
    *,
    start: datetime,
    end: datetime,
    limit: int,
    wall: Wall,
) -> dict[int, list[Reading]]:
    """Return up to `limit` readings of each meter from `start` to before `end`, oldest first."""
    template = SPAN.format(wall=wall.condition("reading"))
    values = {**wall.values, "ids": list(meter_ids), "start": start, "end": end, "limit": limit}
    found: dict[int, list[Reading]] = {meter_id: [] for meter_id in meter_ids}
    for row in await fetch(connection, template, values):
        found[row["meter_id"]].append(Reading.of(row))
    return found


async def energy(
    connection: Connection, meter_ids: Sequence[int], edges: Sequence[datetime], *, wall: Wall
) -> dict[int, list[Energy]]:
    """Return what each meter's total register gained between one edge and the next.

    The register's own side counts: a current transformer's multiplier is not applied.
    """
    template = ENERGY.format(wall=wall.condition("reading"))
    values = {
        **wall.values,
        "ids": list(meter_ids),
        "lookback": edges[0] - LOOKBACK,
        "start": edges[0],
        "end": edges[-1],
        "edges": list(edges),
    }
    rows = await fetch(connection, template, values)
    found = {(row["meter_id"], row["bucket"]): row for row in rows}
    return {
        meter_id: [
            _energy(found.get((meter_id, bucket)), edges[bucket - 1], edges[bucket])
            for bucket in range(1, len(edges))
        ]
        for meter_id in meter_ids
    }


def _energy(row: Record | None, start: datetime, end: datetime) -> Energy:
    if row is None:
        return Energy(start, end, None, is_complete=False)
    complete = row["since"] == start and row["until"] == end
    return Energy(start, end, row["energy_wh"], is_complete=complete)


def _latest(rows: Sequence[Record]) -> Latest:
    registers: dict[str, RegisterValue] = {}
    for row in rows:
        for register in registers_of(row):
            # The newest comes first; several sets may have the same register.
            registers.setdefault(register.obis, register)
    return Latest(
        registers=sorted(registers.values(), key=lambda register: register.obis),
        as_of=rows[0]["ts"],
        reading_period=timedelta(seconds=rows[0]["reading_period_s"]),
    )


def registers_of(row: Record) -> Iterator[RegisterValue]:
    """Yield the values of a row with their register set; those that were left out are missing."""
    for obis, scaler, unit, value in zip(
        row["obis"], row["scaler"], row["unit"], row["values"], strict=True
    ):
        if value is not None:
            yield RegisterValue(obis, Decimal(value).scaleb(scaler), unit, row["ts"])
