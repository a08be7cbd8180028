"""Building the hierarchy: branch → field → collector → RF module → meter."""

import hashlib
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import asyncpg

from db import access
from db.enums import Frequency, Relay
from db.ids import BranchId, CollectorId, CompanyId, FieldId, MeterId, RfModuleId
from domain.frames import operations as frames
from domain.readings.rules import clock_zone, register_range_wh


class AlreadyExists(Exception):
    """Something of that name or serial is there already; nothing was written."""


async def create_field(
    *,
    company_id: CompanyId,
    branch_id: BranchId,
    name: str,
    latitude: float | None = None,
    longitude: float | None = None,
) -> FieldId:
    """Add a field to a branch; the location is in degrees, WGS 84.

    :raises AlreadyExists: the branch has a field of that name
    """
    async with access.tenant(company_id) as connection:
        return FieldId(
            await _insert(
                connection,
                "field",
                f"field {name}",
                company_id=company_id,
                branch_id=branch_id,
                name=name,
                latitude=latitude,
                longitude=longitude,
            )
        )


async def create_collector(
    *,
    company_id: CompanyId,
    field_id: FieldId,
    flag: str,
    serial: str,
    token: str | None,
    time_zone: str,
    make: str | None = None,
    model: str | None = None,
    ipv4: IPv4Address | None = None,
    ipv6: IPv6Address | None = None,
    port: int | None = None,
) -> CollectorId:
    """Add a collector and the identity by which it will call.

    flag: the maker's three letters. token: what it proves itself with, kept as a hash only; with
    None it is let in by its address, where the gateway allows that at all.

    :raises AlreadyExists: some company has a collector of that flag and serial
    """
    clock_zone(time_zone)
    async with access.system() as connection:
        collector_id = await _insert(
            connection,
            "collector",
            f"collector {flag} {serial}",
            company_id=company_id,
            field_id=field_id,
            flag=flag,
            serial=serial,
            make=make,
            model=model,
            ipv4=ipv4,
            ipv6=ipv6,
            port=port,
            time_zone=time_zone,
        )
        await _insert(
            connection,
            "collector_identity",
            f"collector {flag} {serial}",
            returning="collector_id",
            flag=flag,
            serial=serial,
            company_id=company_id,
            collector_id=collector_id,
            token_hash=None if token is None else token_hash(token),
        )
    return CollectorId(collector_id)


async def create_rf_module(
    *,
    company_id: CompanyId,
    collector_id: CollectorId,
    serial: str,
    frequency: Frequency = Frequency.MHZ_868,
    make: str | None = None,
    model: str | None = None,
    radio_address: str | None = None,
    reading_period_s: int = 900,
) -> RfModuleId:
    """Add an RF module behind a collector.

    :raises AlreadyExists: the company has an RF module of that serial
    """
    async with access.tenant(company_id) as connection:
        return RfModuleId(
            await _insert(
                connection,
                "rf_module",
                f"RF module {serial}",
                company_id=company_id,
                collector_id=collector_id,
                serial=serial,
                frequency=frequency,
                make=make,
                model=model,
                radio_address=radio_address,
                reading_period_s=reading_period_s,
            )
        )


async def create_meter(
    *,
    company_id: CompanyId,
    rf_module_id: RfModuleId,
    serial: str,
    clock_rule: str,
    register_digits: int = 6,
    power_w_max: int = 70_000,
    make: str | None = None,
    relay: Relay = Relay.NONE,
) -> MeterId:
    """Add a meter, and process what it has sent so far: its unmatched frames go on from here.

    clock_rule: IANA zone or fixed offset that its clock keeps.
    register_digits: whole kWh digits of its total register, 4 to 12.
    power_w_max: the most it can carry, which tells a rollover from an error.

    :raises AlreadyExists: the company has a meter of that serial
    """
    clock_zone(clock_rule)
    async with access.tenant(company_id) as connection:
        meter_id = MeterId(
            await _insert(
                connection,
                "meter",
                f"meter {serial}",
                company_id=company_id,
                rf_module_id=rf_module_id,
                serial=serial,
                clock_rule=clock_rule,
                register_digits=register_digits,
                power_w_max=power_w_max,
                make=make,
                relay=relay,
            )
        )
        await connection.execute(
            "insert into billing_state (company_id, meter_id, register_range_wh, power_w_max)"
            " values ($1, $2, $3, $4)",
            company_id,
            meter_id,
            register_range_wh(register_digits),
            power_w_max,
        )
        await frames.release_unmatched(connection, company_id=company_id, meter_serial=serial)
    return meter_id


def token_hash(token: str) -> bytes:
    """Return what is stored of a collector's token. It is random, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


async def _insert(
    connection: access.Connection, table: str, what: str, returning: str = "id", **columns: Any
) -> int:
    names = ", ".join(columns)
    slots = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    statement = f"insert into {table} ({names}) values ({slots}) returning {returning}"
    try:
        return int(await connection.fetchval(statement, *columns.values()))
    except asyncpg.UniqueViolationError as error:
        raise AlreadyExists(f"{what} exists already") from error
