"""The temporary stage of one batch: readings go in by binary COPY, and statements work on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from db.access import Connection
from db.enums import Quality, TimeSource
from db.ids import CompanyId, FieldId, FrameId, MeterId

Key = tuple[int, int, datetime, int]


@dataclass(frozen=True, slots=True)
class Read:
    """A decoded and matched reading, not yet judged against the meter's others.

    at: UTC. raw_index_wh: the total register in whole Wh as shown, None when the set has none.
    values: by the register set's order, scaled integers, None for a register that was empty.
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

    @property
    def key(self) -> Key:
        """What may be stored once, in the order in which rows are locked."""
        return (self.company_id, self.meter_id, self.at, self.register_set_id)


COLUMNS = (
    "company_id",
    "meter_id",
    "field_id",
    "register_set_id",
    "ts",
    "raw_index_wh",
    "values",
    "time_source",
    "meter_at",
    "collector_at",
    "received_at",
    "frame_id",
    "quality",
)
_row = attrgetter(
    "company_id",
    "meter_id",
    "field_id",
    "register_set_id",
    "at",
    "raw_index_wh",
    "values",
    "time_source",
    "meter_at",
    "collector_at",
    "received_at",
    "frame_id",
    "quality",
)

STAGE = """
    create temp table if not exists stage (
        company_id int4 not null, meter_id int8 not null, field_id int8 not null,
        register_set_id int8 not null, ts timestamptz not null, raw_index_wh int8,
        "values" int8[] not null, time_source text not null, meter_at timestamptz,
        collector_at timestamptz, received_at timestamptz not null, frame_id int8 not null,
        quality text not null
    ) on commit delete rows;
    create temp table if not exists charge (
        company_id int4 not null, account_id int8 not null, local_date date not null,
        amount_micro int8 not null
    ) on commit delete rows;
"""


async def open_stage(connection: Connection) -> None:
    """Make the session's temporary tables, empty. A table with policies takes no COPY."""
    await connection.execute(STAGE)


async def fill(connection: Connection, reads: Iterable[Read]) -> None:
    await connection.copy_records_to_table(
        "stage", records=[_row(read) for read in reads], columns=COLUMNS, schema_name="pg_temp"
    )


def one_a_key(reads: Iterable[Read]) -> tuple[list[Read], list[Read]]:
    """Return the first read of each key, by key, and those whose values contradict it."""
    first: dict[Key, Read] = {}
    conflicts = []
    for read in reads:
        kept = first.setdefault(read.key, read)
        if kept is not read and list(kept.values) != list(read.values):
            conflicts.append(read)
    return [first[key] for key in sorted(first)], conflicts


async def lock_meters(connection: Connection) -> None:
    """Lock the billing states of the stage's meters, in key order."""
    await connection.execute(
        """
        select from billing_state
        where (company_id, meter_id) in (select company_id, meter_id from stage)
        order by company_id, meter_id for update
        """
    )


async def drop_known(connection: Connection) -> int:
    """Take out what is stored already, keep other values for the same key as conflicts.

    Only late reads and sets without the billing register can be there: a billed one is newer than
    all before it. Returns how many rows were known.
    """
    return int(
        await connection.fetchval(
            """
            with known as (
                delete from stage t using billing_state s, reading r
                where (s.company_id, s.meter_id) = (t.company_id, t.meter_id)
                    and (t.raw_index_wh is null or t.ts <= s.billed_at)
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


async def take_exceptional(connection: Connection) -> list[Read]:
    """Take out the billed reads of every meter that has a late, decreasing or term-crossing one."""
    rows = await connection.fetch(
        """
        with placed as (
            select t.company_id, t.meter_id, t.ts, s.billed_at, v.valid_until,
                coalesce(s.billed_index_wh, 0) as billed_index_wh,
                t.raw_index_wh + coalesce(s.billed_index_wh, 0)
                    / s.register_range_wh * s.register_range_wh as index_wh,
                t.register_set_id
            from stage t
            join billing_state s on (s.company_id, s.meter_id) = (t.company_id, t.meter_id)
            left join tariff_version v on (v.company_id, v.tariff_id, v.valid_from)
                = (s.company_id, s.tariff_id, s.version_from)
            where t.raw_index_wh is not null
        ), compared as (
            select *, lag(index_wh, 1, billed_index_wh) over (
                partition by company_id, meter_id order by ts, register_set_id) as before_wh
            from placed
        ), exceptional as (
            select distinct company_id, meter_id from compared
            where ts < billed_at or (ts = billed_at and index_wh <> billed_index_wh)
                or ts > valid_until or index_wh < before_wh
        )
        delete from stage t using exceptional e
        where (t.company_id, t.meter_id) = (e.company_id, e.meter_id)
            and t.raw_index_wh is not null
        returning t.*
        """
    )
    return sorted(map(_read, rows), key=lambda read: read.key)


def _read(row: Iterable[object]) -> Read:
    return Read(**dict(zip(_FIELDS, row, strict=True)))  # type: ignore[arg-type]


_FIELDS = tuple("at" if column == "ts" else column for column in COLUMNS)
