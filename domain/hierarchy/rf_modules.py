"""RF modules behind a collector: adding and changing them. `add` and `alter` join a transaction."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

from db import access
from db.access import Connection
from db.enums import Frequency
from db.ids import CollectorId, CompanyId, RfModuleId
from domain import rows, values
from domain.hierarchy import activity, checks, parents, placements
from domain.hierarchy.checks import Check, checked

CHECKS: Mapping[str, Check] = {
    "serial": checks.serial,
    "make": values.optional_name,
    "model": values.optional_name,
    "frequency": checks.one_of(Frequency),
    "ip_address": checks.address,
    "radio_address": values.optional_name,
    "reading_period_s": checks.reading_period_s,
    "error_status": values.optional_name,
}


async def create(
    *,
    company_id: CompanyId,
    collector_id: CollectorId,
    serial: str,
    frequency: Frequency = Frequency.MHZ_868,
    make: str | None = None,
    model: str | None = None,
    ip_address: IPv4Address | IPv6Address | str | None = None,
    radio_address: str | None = None,
    reading_period_s: int = 900,
) -> RfModuleId:
    """Add an RF module behind a collector; see `add`."""
    async with access.tenant(company_id) as connection:
        return await add(
            connection,
            company_id=company_id,
            collector_id=collector_id,
            serial=serial,
            frequency=frequency,
            make=make,
            model=model,
            ip_address=ip_address,
            radio_address=radio_address,
            reading_period_s=reading_period_s,
        )


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    collector_id: CollectorId,
    **described: object,
) -> RfModuleId:
    """Add an RF module behind a collector.

    described: serial and frequency; make, model, ip_address, radio_address and reading_period_s
    (60 to 86,400) where they are known.

    :raises AlreadyExists: the company has an RF module of that serial
    :raises NotThere, ParentInactive, InvalidValue: nothing was written
    """
    columns = checked(described, CHECKS)
    await parents.hold_active(connection, "collector", company_id=company_id, row_id=collector_id)
    rf_module_id = await rows.insert(
        connection, "rf_module", company_id=company_id, collector_id=collector_id, **columns
    )
    await placements.begin(
        connection,
        placements.RF_MODULES,
        company_id=company_id,
        child_id=rf_module_id,
        parent_id=collector_id,
    )
    return RfModuleId(rf_module_id)


async def update(
    *,
    company_id: CompanyId,
    rf_module_id: RfModuleId,
    expected_version: int,
    changes: Mapping[str, object],
) -> RfModuleId:
    """Change an RF module; see `alter`."""
    async with access.tenant(company_id) as connection:
        return await alter(
            connection,
            company_id=company_id,
            rf_module_id=rf_module_id,
            expected_version=expected_version,
            changes=changes,
        )


async def alter(
    connection: Connection,
    *,
    company_id: CompanyId,
    rf_module_id: RfModuleId,
    expected_version: int,
    changes: Mapping[str, object],
) -> RfModuleId:
    """Change an RF module. changes: what is to change, by the names of `add`.

    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    await rows.change(
        connection,
        "rf_module",
        company_id=company_id,
        row_id=rf_module_id,
        expected_version=expected_version,
        changes=checked(changes, CHECKS),
    )
    return rf_module_id


async def move(
    *,
    company_id: CompanyId,
    rf_module_id: RfModuleId,
    collector_id: CollectorId,
    expected_version: int,
    now: datetime,
) -> RfModuleId:
    """Move an RF module to another collector; where it was stays known.

    :raises StaleVersion, NotThere, ParentInactive: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await placements.move(
            connection,
            placements.RF_MODULES,
            company_id=company_id,
            child_id=rf_module_id,
            parent_id=collector_id,
            expected_version=expected_version,
            now=now,
        )
    return rf_module_id


async def set_active(
    *, company_id: CompanyId, rf_module_id: RfModuleId, expected_version: int, active: bool
) -> RfModuleId:
    """Retire an RF module, or take it into use again; its history stays either way.

    :raises InUse: it has active meters
    :raises ParentInactive: its collector is not in use
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await activity.set_active(
            connection,
            activity.RF_MODULE,
            company_id=company_id,
            row_id=rf_module_id,
            expected_version=expected_version,
            active=active,
        )
    return rf_module_id
