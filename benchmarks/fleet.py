"""Many meters at once, written past the domain: its operations take milliseconds each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db.ids import CollectorId, CompanyId, FieldId, MeterId
from domain.hierarchy.collectors import token_hash

FLAG = "WTL"
TOKEN = "token-of-every-collector"  # noqa: S105 - a benchmark's own
METERS_PER_COLLECTOR = 200
COLLECTORS_PER_FIELD = 10
OPENED_BEFORE = timedelta(days=3)
SEED_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Meter:
    meter_id: MeterId
    serial: str
    field_id: FieldId


@dataclass(frozen=True, slots=True)
class Collector:
    """A collector and the meters behind it."""

    collector_id: CollectorId
    serial: str
    meters: tuple[Meter, ...]


@dataclass(frozen=True, slots=True)
class Fleet:
    """A company's meters, each with an account of its own, opened at index 0 three days ago."""

    company_id: CompanyId
    collectors: tuple[Collector, ...]

    @property
    def meters(self) -> Iterator[Meter]:
        return (meter for collector in self.collectors for meter in collector.meters)


async def seed(owner_url: str, *, meters: int, now: datetime) -> Fleet:
    """Write a company with `meters` meters, and the partitions around `now`."""
    connection = await asyncpg.connect(owner_url, command_timeout=SEED_TIMEOUT_S)
    try:
        async with connection.transaction():
            await connection.execute("select ensure_partitions($1, 5, 2)", now)
            company_id = await _company(connection, now - OPENED_BEFORE)
            await _collectors(connection, company_id, -(-meters // METERS_PER_COLLECTOR))
            await connection.execute(METERS, company_id, meters, METERS_PER_COLLECTOR)
            await connection.execute(MOUNTINGS, company_id, now - OPENED_BEFORE)
            await connection.execute(ACCOUNTS, company_id, now - OPENED_BEFORE)
            await connection.execute(BALANCES, company_id, now - OPENED_BEFORE)
            await connection.execute(TERMS, company_id, now - OPENED_BEFORE)
        # Autovacuum would come to it in a minute; a company's meters do not appear at once.
        await connection.execute("vacuum analyze")
        return Fleet(company_id, await _read(connection, company_id))
    finally:
        await connection.close()


async def _company(connection: asyncpg.Connection, opened_at: datetime) -> CompanyId:
    company_id = await connection.fetchval(
        "insert into company (name, currency, time_zone, created_at)"
        " values ('Bench', 'TRY', 'Europe/Istanbul', $1) returning id",
        opened_at,
    )
    await connection.execute(PLACES, company_id, opened_at)
    return CompanyId(company_id)


async def _collectors(connection: asyncpg.Connection, company_id: CompanyId, count: int) -> None:
    await connection.execute(COLLECTORS, company_id, count, COLLECTORS_PER_FIELD, FLAG)
    await connection.execute(
        "insert into collector_identity (flag, serial, company_id, collector_id, token_hash)"
        " select flag, serial, company_id, id, $2 from collector where company_id = $1",
        company_id,
        token_hash(TOKEN),
    )


async def _read(connection: asyncpg.Connection, company_id: CompanyId) -> tuple[Collector, ...]:
    rows = await connection.fetch(
        "select c.id, c.serial, c.field_id, array_agg(m.id order by m.id) as ids,"
        " array_agg(m.serial order by m.id) as serials"
        " from collector c join rf_module r on r.company_id = c.company_id"
        " and r.collector_id = c.id join meter m on m.company_id = r.company_id"
        " and m.rf_module_id = r.id where c.company_id = $1 group by c.id, c.serial, c.field_id"
        " order by c.id",
        company_id,
    )
    return tuple(
        Collector(
            row["id"],
            row["serial"],
            tuple(
                Meter(meter_id, serial, row["field_id"])
                for meter_id, serial in zip(row["ids"], row["serials"], strict=True)
            ),
        )
        for row in rows
    )


PLACES = """
    with branch as (
        insert into branch (company_id, name) values ($1, 'North') returning id
    ), subscriber as (
        insert into subscriber (company_id, reference) values ($1, 'S')
    ), tariff as (
        insert into tariff (company_id, name) values ($1, 'Standard') returning id
    ), version as (
        insert into tariff_version (company_id, tariff_id, valid_from, price_per_kwh)
        select $1, id, $2, 2.345678901 from tariff
    )
    insert into field (company_id, branch_id, name)
    select $1, branch.id, 'Field ' || n from branch, generate_series(0, 999) n
"""

COLLECTORS = """
    with collectors as (
        insert into collector (company_id, field_id, flag, serial, time_zone)
        select $1, f.id, $4, format('C%s', lpad(n::text, 7, '0')), 'Europe/Istanbul'
        from generate_series(0, $2 - 1) n
        join field f on f.company_id = $1 and f.name = 'Field ' || (n / $3)
        returning id, serial
    )
    insert into rf_module (company_id, collector_id, serial, frequency)
    select $1, id, 'RF' || serial, 'MHZ_868' from collectors
"""

METERS = """
    with premises as (
        insert into premises (company_id, field_id, name)
        select $1, c.field_id, 'P' || n
        from generate_series(0, $2::int - 1) n
        join collector c on c.company_id = $1
            and c.serial = format('C%s', lpad((n / $3::int)::text, 7, '0'))
        returning id, name
    ), points as (
        insert into metering_point (company_id, premises_id, code)
        select $1, id, name from premises
    )
    insert into meter
        (company_id, rf_module_id, serial, make, register_digits, power_w_max, clock_rule)
    select $1, r.id, lpad(n::text, 8, '0'), 'KLM', 6, 100000, '+03:00'
    from generate_series(0, $2::int - 1) n
    join rf_module r on r.company_id = $1
        and r.serial = format('RFC%s', lpad((n / $3::int)::text, 7, '0'))
    order by n
"""

MOUNTINGS = """
    insert into mounting (company_id, meter_id, point_id, started_at, initial_index_wh)
    select $1, m.id, p.id, $2, 0 from meter m
    join metering_point p on p.company_id = $1 and p.code = 'P' || m.serial::int
    where m.company_id = $1
"""

ACCOUNTS = """
    with accounts as (
        insert into account (company_id, number, subscriber_id, premises_id, tariff_id,
            billing_mode, opened_at)
        select $1, p.name, s.id, p.id, t.id, 'PREPAID', $2
        from premises p, subscriber s, tariff t
        where p.company_id = $1 and s.company_id = $1 and t.company_id = $1
        returning id, premises_id
    ), modes as (
        insert into account_mode (company_id, account_id, started_at, mode)
        select $1, id, $2, 'PREPAID' from accounts
    )
    insert into account_point (company_id, account_id, point_id, started_at, opening_index_wh)
    select $1, a.id, p.id, $2, 0 from accounts a
    join metering_point p on p.company_id = $1 and p.premises_id = a.premises_id
"""

BALANCES = """
    insert into account_balance (company_id, account_id, wake_below_micro, changed_at)
    select company_id, id, -1000000000000, $2 from account where company_id = $1
"""

TERMS = """
    with states as (
        insert into billing_state (company_id, meter_id, register_range_wh, power_w_max, billed_at,
            billed_index_wh, account_id, tariff_id, version_from, base_index_wh)
        select m.company_id, m.meter_id, 1000000000, 70000, $2, 0, a.id, a.tariff_id, $2, 0
        from mounting m
        join account_point p on p.company_id = m.company_id and p.point_id = m.point_id
        join account a on a.company_id = p.company_id and a.id = p.account_id
        where m.company_id = $1
        returning company_id, meter_id
    )
    insert into billing_segment (company_id, meter_id, starts_at, base_index_wh, estimated)
    select company_id, meter_id, $2, 0, false from states
"""
