"""The temporary stage of one batch: readings go in by binary COPY, and statements work on it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from db.access import Connection
from db.enums import Quality, TimeSource
from db.ids import CompanyId, FieldId, FrameId, MeterId
from domain.billing.accrual import CHARGE
from domain.readings.rules import CLOCK_TOLERANCE

Key = tuple[int, int, datetime, int]


class Read(NamedTuple):
    """A decoded and matched reading, not yet judged against the meter's others: a row of the stage.

    at: UTC. raw_index_wh: the total register in whole Wh as shown, None when the set has none.
    values: by the register set's order, scaled integers, None for a register that was empty.
    is_recalled: the meter kept it from then, and tells it with every readout since.
    """

    company_id: CompanyId
    meter_id: MeterId
    field_id: FieldId
    register_set_id: int
    at: datetime
    raw_index_wh: int | None
    values: Sequence[int | None]
    time_source: TimeSource
    meter_at: datetime | None
    collector_at: datetime | None
    received_at: datetime
    frame_id: FrameId
    quality: Quality = Quality.ACTUAL
    is_recalled: bool = False

    @property
    def key(self) -> Key:
        """What may be stored once, in the order in which rows are locked."""
        return (self.company_id, self.meter_id, self.at, self.register_set_id)


COLUMNS = tuple("ts" if name == "at" else name for name in Read._fields)

STAGE = """
    create temp table if not exists incoming (
        company_id int4 not null, meter_id int8 not null, field_id int8 not null,
        register_set_id int8 not null, ts timestamptz not null, raw_index_wh int8,
        "values" int8[] not null, time_source text not null, meter_at timestamptz,
        collector_at timestamptz, received_at timestamptz not null, frame_id int8 not null,
        quality text not null, is_recalled boolean not null
    ) on commit delete rows;
    create temp table if not exists stage (
        like incoming, index_wh int8, billed_at timestamptz, billed_index_wh int8,
        account_id int8, tariff_id int8, version_from timestamptz, multiplier numeric,
        base_index_wh int8, terms_until timestamptz, register_range_wh int8, power_w_max int8
    ) on commit delete rows;
    delete from stage;
    -- A batch is small against every table, so each look-up goes by an index: plans must not
    -- depend on statistics, which these tables have none of.
    set local enable_seqscan = off;
    set local enable_hashjoin = off;
    set local enable_mergejoin = off;
"""

PLACE = """
    insert into stage
    select i.*,
        i.raw_index_wh + coalesce(s.billed_index_wh, 0)
            / s.register_range_wh * s.register_range_wh,
        s.billed_at, s.billed_index_wh, s.account_id, s.tariff_id, s.version_from, s.multiplier,
        s.base_index_wh, s.terms_until, s.register_range_wh, s.power_w_max
    from incoming i
    join billing_state s on (s.company_id, s.meter_id) = (i.company_id, i.meter_id)
    order by i.company_id, i.meter_id, i.ts, i.register_set_id
    for update of s
"""


async def open_stage(connection: Connection) -> None:
    """Make the session's temporary tables, empty. A table with policies takes no COPY."""
    await connection.execute(STAGE + CHARGE)


async def fill(connection: Connection, reads: Iterable[Read]) -> None:
    """Stage reads with the billing states of their meters, which are locked in key order.

    index_wh: the register as an index that goes on from the billed one, if it did not roll over.
    """
    await connection.execute("delete from incoming")
    await connection.copy_records_to_table(
        "incoming", records=reads, columns=COLUMNS, schema_name="pg_temp"
    )
    await connection.execute(PLACE)


def one_a_key(reads: Iterable[Read]) -> tuple[list[Read], list[Read]]:
    """Return the first read of each key, by key, and those whose values contradict it."""
    first: dict[Key, Read] = {}
    conflicts = []
    for read in reads:
        kept = first.setdefault(read.key, read)
        if kept is not read and list(kept.values) != list(read.values):
            conflicts.append(read)
    return [first[key] for key in sorted(first)], conflicts


async def drop_known(connection: Connection) -> int:
    """Take out what is stored already, keep other values for the same key as conflicts.

    Nothing can be there that is newer than the latest of its register set. Returns how many rows
    were known.
    """
    return int(
        await connection.fetchval(
            """
            with known as (
                delete from stage t using meter_latest l, reading r
                where (l.company_id, l.meter_id, l.register_set_id)
                        = (t.company_id, t.meter_id, t.register_set_id)
                    and t.ts <= l.ts
                    and (r.company_id, r.meter_id, r.register_set_id, r.ts)
                        = (t.company_id, t.meter_id, t.register_set_id, t.ts)
                returning t.*, r."values" <> t."values" as differs
            ), conflicts as (
                insert into reading_conflict
                    (company_id, meter_id, register_set_id, ts, frame_id, received_at, "values")
                select company_id, meter_id, register_set_id, ts, frame_id, received_at, "values"
                from known where differs
                on conflict do nothing
            )
            select count(*) from known
            """
        )
    )


async def defer_recalled(connection: Connection, *, late_max: int) -> frozenset[Key]:
    """Take out what meters recall from before their last reading, but for the newest so many.

    Such reads are charged one by one, and all meters of a company may come with them at once. They
    are told again with the next readouts.
    """
    rows = await connection.fetch(
        """
        delete from stage where ctid = any(array(
            select ctid from stage where is_recalled and ts < billed_at
            order by ts desc, company_id, meter_id, register_set_id offset $1
        ))
        returning company_id, meter_id, ts, register_set_id
        """,
        late_max,
    )
    return frozenset(map(tuple, rows))


async def take_exceptional(connection: Connection) -> list[Read]:
    """Take out the billed reads of every meter that has one which cannot be charged as it is.

    That is: late, beyond the known terms, priced by components, or not credible after the one
    before. Assigning a tariff
    touches no meter, so the first read after an assignment began or ended looks for new terms.
    """
    rows = await connection.fetch(
        f"""
        with span as materialized (
            select min(billed_at) as since, max(ts) as until from stage
        ), assigned as materialized (
            select s.company_id, s.starts_at as at from span
            join tariff_assignment s on s.starts_at >= since and s.starts_at < until
            union all
            select s.company_id, s.ends_at from span
            join tariff_assignment s on s.ends_at >= since and s.ends_at < until
        ), compared as (
            select t.*, least(t.terms_until, v.valid_until) as until,
                lag(t.index_wh, 1, t.billed_index_wh) over of_meter as before_wh,
                t.ts - lag(t.ts, 1, t.billed_at) over of_meter as elapsed,
                v.state is not null and v.price_per_kwh is null as has_components
            from stage t
            left join tariff_version v on (v.company_id, v.tariff_id, v.valid_from)
                = (t.company_id, t.tariff_id, t.version_from) and v.state = 'ACTIVE'
            where t.index_wh is not null
            window of_meter as (
                partition by t.company_id, t.meter_id order by t.ts, t.register_set_id)
        ), exceptional as (
            select distinct company_id, meter_id from compared
            where ts < billed_at or (ts = billed_at and index_wh <> billed_index_wh)
                or ts > until or has_components or exists (
                    select from assigned a where a.company_id = compared.company_id
                        and a.at >= billed_at and a.at < ts)
                or raw_index_wh < 0 or raw_index_wh >= register_range_wh
                or index_wh < before_wh
                or index_wh - before_wh > power_w_max * extract(epoch from elapsed + $1) / 3600
        )
        delete from stage t using exceptional e
        where (t.company_id, t.meter_id) = (e.company_id, e.meter_id) and t.index_wh is not null
        returning {", ".join(f't."{column}"' for column in COLUMNS)}
        """,
        CLOCK_TOLERANCE,
    )
    return sorted(map(Read._make, rows), key=lambda read: read.key)
