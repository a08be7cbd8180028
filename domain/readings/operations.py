"""Storing batches of readings: each once, charged once, and told of in the same transaction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from db.access import Connection
from domain.billing import accrual
from domain.month_charges import due
from domain.profiles import operations as profiles
from domain.profiles.rules import Told
from domain.readings import batch, exceptions
from domain.readings.batch import Key, Read
from domain.readings.rules import held_for_its_time

log = logging.getLogger(__name__)

BATCH_MAX = 10_000
# Each takes milliseconds, and others some hundredths of one. Batches are large only while much
# waits; readouts come often enough for those left out to have their turn.
RECALLED_LATE_MAX = 50


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: readings that are new, known already, and held or contradicting.

    deferred: keys of those that nothing became of, because meters will tell them again.
    """

    new: int
    known: int
    held: int
    conflicting: int
    deferred: frozenset[Key] = frozenset()


async def store(
    connection: Connection, reads: Sequence[Read], *, profile: Sequence[Told] = (), now: datetime
) -> Stored:
    """Store readings and charge them, in the caller's `system` transaction.

    profile: intervals that came with them, stored and settled in the same go.

    Repeating a batch, or any part of it in any order, changes nothing: a reading's key admits it
    once, and only what this attempt inserted is charged.

    :raises ValueError: more than BATCH_MAX reads, or too many intervals; nothing is written
    """
    if len(reads) > BATCH_MAX:
        raise ValueError(f"{len(reads)} reads; at most {BATCH_MAX} expected")
    judged_by_time = [(read, held_for_its_time(read.at, now=now)) for read in reads]
    held = [(read, rule) for read, rule in judged_by_time if rule is not None]
    timely, conflicts = batch.one_a_key(read for read, rule in judged_by_time if rule is None)
    await batch.open_stage(connection)
    profiled = await _store_profile(connection, timely, profile, now=now)
    await batch.fill(connection, timely)
    known = await batch.drop_known(connection)
    deferred = await _defer(connection, timely)
    exceptional = await batch.take_exceptional(connection)
    await _insert(connection)
    await _charge(connection)
    accepted = []
    for _, of_meter in groupby(exceptional, key=lambda read: (read.company_id, read.meter_id)):
        judged = await exceptions.store(connection, list(of_meter))
        accepted += judged.accepted
        held += judged.held
    await batch.fill(connection, accepted)
    await _keep_latest(connection)
    # Balances come last: who charges months locks them after what waits for it.
    await due.note_late(connection, profiled.spans, now=now)
    await accrual.accrue(connection, now=now)
    await _tell(connection, now=now)
    await exceptions.hold(connection, held)
    await exceptions.keep_conflicts(connection, conflicts)
    new = len(timely) - known - len(deferred) - (len(exceptional) - len(accepted))
    return Stored(
        new=new, known=known, held=len(held), conflicting=len(conflicts), deferred=deferred
    )


async def _store_profile(
    connection: Connection, reads: Sequence[Read], profile: Sequence[Told], *, now: datetime
) -> profiles.Stored:
    """Store intervals, with all meters locked that they or the readings are of."""
    if not profile:
        return profiles.Stored()
    meters = [(read.company_id, read.meter_id) for read in reads]
    meters += [(told.company_id, told.meter_id) for told in profile]
    await profiles.lock_meters(connection, meters)
    return await profiles.store(connection, profile, now=now)


async def _defer(connection: Connection, reads: Sequence[Read]) -> frozenset[Key]:
    if not any(read.is_recalled for read in reads):
        return frozenset()
    return await batch.defer_recalled(connection, late_max=RECALLED_LATE_MAX)


async def _insert(connection: Connection) -> None:
    """Insert the staged readings. One that is there already would undo the batch."""
    await connection.execute(
        """
        insert into reading (company_id, meter_id, register_set_id, ts, index_wh, quality,
            time_source, meter_at, collector_at, received_at, frame_id, "values")
        select company_id, meter_id, register_set_id, ts, index_wh, quality, time_source, meter_at,
            collector_at, received_at, frame_id, "values"
        from stage
        """
    )


async def _charge(connection: Connection) -> None:
    """Charge what was inserted, and move the billing states."""
    await connection.execute(
        """
        with stepped as (
            select t.company_id, t.account_id, t.ts, t.base_index_wh, t.multiplier,
                v.price_per_kwh, c.time_zone, t.index_wh,
                lag(t.index_wh, 1, t.billed_index_wh) over (
                    partition by t.company_id, t.meter_id order by t.ts, t.register_set_id
                ) as before_wh
            from stage t
            join tariff_version v on (v.company_id, v.tariff_id, v.valid_from)
                = (t.company_id, t.tariff_id, t.version_from) and v.state = 'ACTIVE'
            join company c on c.id = t.company_id
            where t.index_wh is not null
        )
        insert into charge (company_id, account_id, local_date, amount_micro, energy_wh)
        select company_id, account_id,
            ((ts - interval '1 microsecond') at time zone time_zone)::date,
            round(price_per_kwh * multiplier * (index_wh - base_index_wh) * 1000)
                - round(price_per_kwh * multiplier * (before_wh - base_index_wh) * 1000),
            multiplier * (index_wh - before_wh)
        from stepped where index_wh <> before_wh
        """
    )
    await connection.execute(
        """
        update billing_state s set billed_at = m.ts, billed_index_wh = m.index_wh
        from (
            select company_id, meter_id, max(ts) as ts, max(index_wh) as index_wh
            from stage where index_wh is not null group by company_id, meter_id
        ) m
        where (s.company_id, s.meter_id) = (m.company_id, m.meter_id)
        """
    )


async def _keep_latest(connection: Connection) -> None:
    """Bring `meter_latest` up to date, keeping the values before."""
    await connection.execute(
        """
        insert into meter_latest as l (company_id, meter_id, register_set_id, ts, batch, "values")
        select distinct on (company_id, meter_id, register_set_id)
            company_id, meter_id, register_set_id, ts, $1, "values"
        from stage order by company_id, meter_id, register_set_id, ts desc
        on conflict (company_id, meter_id, register_set_id) do update
        set ts = excluded.ts, "values" = excluded."values", batch = excluded.batch,
            previous_ts = l.ts, previous_values = l."values"
        where excluded.ts > l.ts
        """,
        await connection.fetchval("select nextval('batch_sequence')"),
    )


async def _tell(connection: Connection, *, now: datetime) -> None:
    """Write the events of this batch: one row per field, with ids and no values.

    Whoever shares a meter is told of it, too; no one account stands beside its reads.
    """
    await connection.execute(
        """
        insert into outbox (company_id, topic, created_at, field_id, batch, from_ts, to_ts,
            meter_ids, account_ids)
        select company_id, 'readings', $1, field_id, currval('batch_sequence'), min(ts), max(ts),
            array_agg(distinct meter_id),
            coalesce(array_agg(distinct account_id) filter (where account_id is not null), '{}')
        from (
            select company_id, field_id, meter_id, ts, account_id from stage
            union all
            select t.company_id, t.field_id, t.meter_id, t.ts, ap.account_id
            from stage t
            join mounting m on (m.company_id, m.meter_id) = (t.company_id, t.meter_id)
                and m.started_at <= t.ts and (m.ended_at is null or m.ended_at >= t.ts)
            join account_point ap on (ap.company_id, ap.point_id) = (m.company_id, m.point_id)
                and ap.share_ppm < 1000000
                and ap.started_at <= t.ts and (ap.ended_at is null or ap.ended_at >= t.ts)
            where t.account_id is null
        ) told
        group by company_id, field_id
        """,
        now,
    )
