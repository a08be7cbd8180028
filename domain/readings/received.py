"""Reading what one transaction stored, for those who follow it live."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.access import Connection
from db.ids import AccountId, MeterId
from domain.listing import Wall, fetch
from domain.outbox import OutboxRow
from domain.readings.queries import Reading

# The transaction that inserted a row is known to PostgreSQL, by the lower half of its number: a
# batch that was sent again brings only what it added, whatever else there is between its times.
RECEIVED = """
    select reading.meter_id, reading.ts, reading.quality, reading.time_source, reading.received_at,
        reading.values, s.obis, s.scaler, s.unit
    from reading
    join meter on meter.company_id = reading.company_id and meter.id = reading.meter_id
    join register_set s on s.company_id = reading.company_id and s.id = reading.register_set_id
    where reading.company_id = {{company}} and reading.meter_id = any({{ids}}::int8[])
        and reading.ts between {{start}} and {{end}}
        and reading.xmin = ({{xid}}::text::xid8)::xid
        and {reading_wall} and {meter_wall} and {of_account}
    order by reading.ts, reading.meter_id, reading.register_set_id
"""
OF_ACCOUNT = """exists (
    select from mounting mo
    join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
    where mo.company_id = reading.company_id and mo.meter_id = reading.meter_id
        and ap.account_id = {account}
        and reading.ts >= greatest(mo.started_at, ap.started_at)
        and reading.ts <= coalesce(least(mo.ended_at, ap.ended_at), 'infinity'))"""


@dataclass(frozen=True, slots=True)
class Received:
    """A reading that has just been stored."""

    meter_id: MeterId
    reading: Reading


async def received(
    connection: Connection,
    rows: Sequence[OutboxRow],
    *,
    meter_ids: Sequence[MeterId],
    account_id: AccountId | None = None,
    wall: Wall,
) -> list[Received]:
    """Return what a batch stored for those of `meter_ids` that the wall lets through, by time.

    rows: of one batch, written in the transaction that inserted its readings, and not in a
        savepoint of it. What a batch may store bounds what comes back.
    account_id: only readings for which it pays.
    """
    template = RECEIVED.format(
        reading_wall=wall.condition("reading"),
        meter_wall=wall.condition("meter"),
        of_account="true" if account_id is None else OF_ACCOUNT,
    )
    values = {
        **wall.values,
        "ids": list(meter_ids),
        "start": min(row.from_ts for row in rows if row.from_ts is not None),
        "end": max(row.to_ts for row in rows if row.to_ts is not None),
        "xid": str(rows[0].cursor.xid),
        "account": account_id,
    }
    found = await fetch(connection, template, values)
    return [Received(MeterId(row["meter_id"]), Reading.of(row)) for row in found]
