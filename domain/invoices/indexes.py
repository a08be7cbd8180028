"""Which index meters had at instants, as the charges were made: never one that no reading brought.

Energy is charged on the day on which a reading ends it. So where no reading stands at an instant,
the last one before it counts, and is marked as an estimate of what the register showed then.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.invoices.rules import Index
from domain.listing import Record

Spot: TypeAlias = tuple[MeterId, datetime]
"""A meter and an instant."""

# Most meters are read often: whoever was not is looked for further back.
WINDOWS = (timedelta(days=1), timedelta(days=10), timedelta(days=100))

# An estimated base counts as well: the charges were split there.
KNOWN = """
    select asked.meter_id, asked.at, b.at as base_at, b.index_wh as base_wh,
        b.estimated as is_base_estimated, r.at as read_at, r.index_wh as read_wh,
        r.quality <> 'ACTUAL' and r.quality <> 'MANUAL' as is_read_estimated
    from unnest($2::int8[], $3::timestamptz[]) asked (meter_id, at)
    left join lateral (
        select s.starts_at as at, s.base_index_wh as index_wh, s.estimated
        from billing_segment s
        where s.company_id = $1 and s.meter_id = asked.meter_id and s.starts_at <= asked.at
        order by s.starts_at desc limit 1
    ) b on true
    left join lateral (
        select f.ts as at, f.index_wh, f.quality from (
            select ts, index_wh, quality from reading
            where company_id = $1 and meter_id = asked.meter_id and index_wh is not null
                and ts > asked.at - $4::interval and ts <= asked.at
            union all
            select at, index_wh, 'ACTUAL' from kept_index
            where company_id = $1 and meter_id = asked.meter_id and at <= asked.at
        ) f order by f.ts desc, f.index_wh desc limit 1
    ) r on true
"""


async def indexes(
    connection: Connection, *, company_id: CompanyId, spots: Collection[Spot]
) -> Mapping[Spot, Index]:
    """Return the index at each spot; none where nothing is known of the meter until then."""
    found: dict[Spot, Index] = {}
    missing = sorted(spots)
    for window in WINDOWS:
        if not missing:
            break
        meters, instants = zip(*missing, strict=True)
        rows = await connection.fetch(KNOWN, company_id, meters, instants, window)
        is_last = window is WINDOWS[-1]
        for row in rows:
            index = _index(row, since=None if is_last else row["at"] - window)
            if index is not None:
                found[row["meter_id"], row["at"]] = index
        missing = [spot for spot in missing if spot not in found]
    return found


def _index(row: Record, *, since: datetime | None) -> Index | None:
    """Return the later of what a base and a reading say; since: how far back readings were seen."""
    at, read_at, base_at = row["at"], row["read_at"], row["base_at"]
    if base_at is not None and base_at == at:
        return Index(at, row["base_wh"], row["is_base_estimated"])
    if read_at is not None and (base_at is None or read_at >= base_at):
        if since is not None and read_at <= since:
            return None
        return Index(read_at, row["read_wh"], row["is_read_estimated"] or read_at != at)
    if base_at is not None and (since is None or base_at > since):
        return Index(base_at, row["base_wh"], True)
    return None
