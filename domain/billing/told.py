"""What other registers showed in the readings that bring a meter's total."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.billing.rules import Anchor

# How far back a reading that has other registers than the total is looked for: beyond it, what
# they gained since says little of the days in between. Given as an instant, for with a sum the
# planner opens the tables of all days.
LOOKED_BACK = timedelta(days=100)
LAST_TOLD = """
    select max(told.ts)
    from meter_latest l
    join register_set s on s.company_id = $1 and s.id = l.register_set_id
        and s.obis @> $4::text[]
    cross join lateral (
        select r.ts from reading r
        where r.company_id = $1 and r.meter_id = $2 and r.register_set_id = s.id
            and r.ts <= $3 and r.ts > $5 and r.index_wh is not null
            and not exists (
                select from unnest(s.obis, r."values") shown (obis, value)
                where shown.obis = any($4) and shown.value is null)
        order by r.ts desc limit 1
    ) told
    where l.company_id = $1 and l.meter_id = $2
"""
# Of two sets that were read at the same instant the higher value counts, as of the total.
TOLD = """
    select r.ts, shown.obis, max(shown.value / (10 ^ -shown.scaler)::int8) as energy_wh
    from reading r
    join register_set s on s.company_id = $1 and s.id = r.register_set_id
    cross join lateral unnest(s.obis, s.scaler, s.unit, r."values")
        shown (obis, scaler, unit, value)
    where r.company_id = $1 and r.meter_id = $2 and r.index_wh is not null
        and r.ts between $3 and $4 and r.ts = any($5::timestamptz[])
        and shown.obis ~ '^[1-8][.]8[.][0-9]$' and shown.unit in ('Wh', 'varh')
        and shown.value is not null and shown.scaler <= 0
    group by r.ts, shown.obis
"""


async def told(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, known: Sequence[Anchor]
) -> list[Anchor]:
    """Return known indexes with what other registers showed in the same readings, as stored."""
    if not known:
        return []
    rows = await connection.fetch(
        TOLD, company_id, meter_id, known[0].at, known[-1].at, [one.at for one in known]
    )
    shown: dict[datetime, dict[str, int]] = defaultdict(dict)
    for row in rows:
        shown[row["ts"]][row["obis"]] = row["energy_wh"]
    return [replace(one, registers=shown.get(one.at, {})) for one in known]


async def told_before(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    groups: Sequence[frozenset[str]],
    at: datetime,
    start: datetime | None,
) -> datetime | None:
    """Return the last reading up to an instant that has some registers, or `start` if earlier."""
    for group in groups:
        found = await connection.fetchval(
            LAST_TOLD, company_id, meter_id, at, sorted(group), at - LOOKED_BACK
        )
        if found is not None and start is not None:
            start = min(start, found)
    return start
