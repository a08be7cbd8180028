"""What readings tell of a month at a metering point: energies, and peaks of demand."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from db.access import Connection
from db.enums import NotJudged
from db.ids import CompanyId
from domain.month_charges.energies import (
    CAPACITIVE,
    EDGE_MAX,
    INDUCTIVE,
    Energies,
    Shown,
    energies,
)
from domain.month_charges.peaks import Maximum, Peak, ToldBy, highest, maximum_of
from domain.month_charges.terms import Piece
from domain.tariffs.components import TOTAL_IMPORT

# Only what meters or people read: an estimate moves no balance.
READ = "r.quality in ('ACTUAL', 'MANUAL')"
# Around both ends of a span, in whole Wh and varh. The total goes on over rollovers.
AROUND_EDGES = f"""
    select r.ts, '{TOTAL_IMPORT}' as obis, max(r.index_wh) as shown
    from reading r
    where r.company_id = $1 and r.meter_id = $2 and r.index_wh is not null and {READ}
        and r.ts >= $3 and r.ts <= $6 and (r.ts <= $4 or r.ts >= $5)
    group by r.ts
    union all
    select r.ts, told.obis,
        max(r."values"[told.place] / (10 ^ -s.scaler[told.place])::int8)
    from reading r
    join register_set s on s.company_id = $1 and s.id = r.register_set_id
    cross join lateral (
        select code.obis, array_position(s.obis, code.obis) as place
        from unnest($7::text[]) code (obis)) told
    where r.company_id = $1 and r.meter_id = $2 and {READ}
        and r.ts >= $3 and r.ts <= $6 and (r.ts <= $4 or r.ts >= $5)
        and r."values"[told.place] is not null
        and s.unit[told.place] in ('varh', 'Wh') and s.scaler[told.place] <= 0
    group by r.ts, told.obis
    order by 1
"""
# Of registers of demand only what changed, and the last reading of each.
MAXIMA = f"""
    with told as (
        select r.ts, code.obis,
            max(r."values"[array_position(s.obis, code.obis)]
                / (10 ^ -s.scaler[array_position(s.obis, code.obis)])::int8) as shown_w
        from reading r
        join register_set s on s.company_id = $1 and s.id = r.register_set_id
        cross join unnest($5::text[]) code (obis)
        where r.company_id = $1 and r.meter_id = $2 and r.ts >= $3 and r.ts <= $4 and {READ}
            and r."values"[array_position(s.obis, code.obis)] is not null
            and s.unit[array_position(s.obis, code.obis)] = 'W'
            and s.scaler[array_position(s.obis, code.obis)] <= 0
        group by r.ts, code.obis
    ), followed as (
        select ts, obis, shown_w, lag(ts) over by_time as before_at,
            lag(shown_w) over by_time as before_w, lead(ts) over by_time as after_at
        from told window by_time as (partition by obis order by ts)
    )
    select * from followed
    where before_w is distinct from shown_w or after_at is null
    order by obis, ts
"""


async def energies_of(
    connection: Connection, company_id: CompanyId, pieces: Sequence[Piece]
) -> Energies | NotJudged:
    """Return what flowed through a metering point's meters, or why nobody can tell."""
    made = Energies()
    for piece in pieces:
        shown = await shown_around(connection, company_id, piece, [INDUCTIVE, CAPACITIVE])
        found = energies(
            shown,
            piece.span,
            meter_id=piece.meter_id,
            multiplier=piece.multiplier,
            power_w_max=piece.power_w_max,
        )
        if isinstance(found, NotJudged):
            return found
        made = made.and_(found)
    return made if pieces else NotJudged.READINGS_MISSING


async def shown_around(
    connection: Connection, company_id: CompanyId, piece: Piece, registers: Sequence[str]
) -> list[Shown]:
    """Return what the total and other energy registers showed around a piece's ends, by time."""
    starts_at, ends_at = piece.span
    rows = await connection.fetch(
        AROUND_EDGES,
        company_id,
        piece.meter_id,
        max(starts_at - EDGE_MAX, piece.since),
        starts_at + EDGE_MAX,
        ends_at - EDGE_MAX,
        ends_at,
        registers,
    )
    found: dict[datetime, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row["ts"]][row["obis"]] = row["shown"]
    return [Shown(at, registers) for at, registers in sorted(found.items())]


async def peaks_of(
    connection: Connection,
    company_id: CompanyId,
    pieces: Sequence[Piece],
    registers: Collection[str],
) -> Mapping[str, Peak | None]:
    """Return the highest demand by register; None where nobody can tell."""
    peaks: dict[str, list[Peak | None]] = {register: [] for register in registers}
    for piece in pieces if registers else ():
        told = await _maxima(connection, company_id, piece, registers)
        for register, of_meter in peaks.items():
            of_meter.append(_peak(piece, maximum_of(told[register], piece.span)))
    return {register: highest(of_meters) for register, of_meters in peaks.items()}


async def _maxima(
    connection: Connection, company_id: CompanyId, piece: Piece, registers: Collection[str]
) -> Mapping[str, list[Maximum]]:
    starts_at, ends_at = piece.span
    rows = await connection.fetch(
        MAXIMA,
        company_id,
        piece.meter_id,
        max(starts_at - EDGE_MAX, piece.since),
        ends_at,
        sorted(registers),
    )
    found: dict[str, list[Maximum]] = defaultdict(list)
    for row in rows:
        maximum = Maximum(row["ts"], row["shown_w"], row["before_at"], row["before_w"])
        found[row["obis"]].append(maximum)
    return found


def _peak(piece: Piece, maximum: Maximum | None) -> Peak | None:
    if maximum is None:
        return None
    return Peak.of(ToldBy(piece.meter_id, piece.multiplier, maximum.at, maximum.shown_w))
