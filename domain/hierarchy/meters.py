"""Meters behind an RF module: adding and changing them. `add` and `alter` join a transaction."""

from collections.abc import Mapping
from datetime import datetime

from db import access
from db.access import Connection
from db.enums import Relay
from db.ids import CompanyId, MeterId, RfModuleId
from domain import rows, values
from domain.billing import registers
from domain.frames import operations as frames
from domain.hierarchy import activity, checks, parents, placements, rf_module_room
from domain.hierarchy.checks import Check, checked

CHECKS: Mapping[str, Check] = {
    "serial": checks.serial,
    "make": values.optional_name,
    "clock_rule": checks.clock_rule,
    "register_digits": checks.register_digits,
    "power_w_max": checks.power_w_max,
    "relay": checks.one_of(Relay),
}
REGISTER_DIGITS = 6
POWER_W_MAX = 70_000


async def create(
    *,
    company_id: CompanyId,
    rf_module_id: RfModuleId,
    serial: str,
    clock_rule: str,
    register_digits: int = REGISTER_DIGITS,
    power_w_max: int = POWER_W_MAX,
    make: str | None = None,
    relay: Relay = Relay.NONE,
) -> MeterId:
    """Add a meter; see `add`."""
    async with access.tenant(company_id) as connection:
        return await add(
            connection,
            company_id=company_id,
            rf_module_id=rf_module_id,
            serial=serial,
            clock_rule=clock_rule,
            register_digits=register_digits,
            power_w_max=power_w_max,
            make=make,
            relay=relay,
        )


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    rf_module_id: RfModuleId,
    serial: str,
    clock_rule: str,
    register_digits: int = REGISTER_DIGITS,
    power_w_max: int = POWER_W_MAX,
    make: str | None = None,
    relay: Relay = Relay.NONE,
) -> MeterId:
    """Add a meter, and process what it has sent so far: its unmatched frames go on from here.

    clock_rule: IANA zone or fixed offset that its clock keeps.
    register_digits: whole kWh digits of its total register, 4 to 12.
    power_w_max: the most it can carry, which tells a rollover from an error.

    :raises RfModuleFull: the RF module has as many active meters as it may
    :raises AlreadyExists: the company has a meter of that serial
    :raises NotThere, ParentInactive, InvalidValue: nothing was written
    """
    given: dict[str, object] = {
        "serial": serial,
        "clock_rule": clock_rule,
        "register_digits": register_digits,
        "power_w_max": power_w_max,
        "make": make,
        "relay": relay,
    }
    columns = checked(given, CHECKS)
    await rf_module_room.hold(connection, company_id=company_id, rf_module_id=rf_module_id)
    await parents.hold_active(connection, "rf_module", company_id=company_id, row_id=rf_module_id)
    meter_id = MeterId(
        await rows.insert(
            connection, "meter", company_id=company_id, rf_module_id=rf_module_id, **columns
        )
    )
    await rf_module_room.check(connection, company_id=company_id, rf_module_id=rf_module_id)
    await placements.begin(
        connection,
        placements.METERS,
        company_id=company_id,
        child_id=meter_id,
        parent_id=rf_module_id,
    )
    await registers.begin(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        register_digits=register_digits,
        power_w_max=power_w_max,
    )
    await frames.release_unmatched(
        connection, company_id=company_id, meter_serial=str(columns["serial"])
    )
    return meter_id


async def update(
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    expected_version: int,
    changes: Mapping[str, object],
) -> MeterId:
    """Change a meter; see `alter`."""
    async with access.tenant(company_id) as connection:
        return await alter(
            connection,
            company_id=company_id,
            meter_id=meter_id,
            expected_version=expected_version,
            changes=changes,
        )


async def alter(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    expected_version: int,
    changes: Mapping[str, object],
) -> MeterId:
    """Change a meter. changes: what is to change, by the names of `add`.

    Billing follows: of the next reading on, the new digits and power judge what the register says.
    Another clock rule dates the frames that are decoded from now on; readings keep their times.

    :raises DigitsTooFew, RegisterRolledOver: the energy charged so far would mean something else
    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    columns = checked(changes, CHECKS)
    await rows.change(
        connection,
        "meter",
        company_id=company_id,
        row_id=meter_id,
        expected_version=expected_version,
        changes=columns,
    )
    if {"register_digits", "power_w_max"} & columns.keys():
        await registers.follow(connection, company_id=company_id, meter_id=meter_id)
    if "serial" in columns:
        await frames.release_unmatched(
            connection, company_id=company_id, meter_serial=str(columns["serial"])
        )
    return meter_id


async def move(
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    rf_module_id: RfModuleId,
    expected_version: int,
    now: datetime,
) -> MeterId:
    """Let another RF module read a meter from now on; which one did stays known.

    :raises RfModuleFull: the RF module has as many active meters as it may
    :raises StaleVersion, NotThere, ParentInactive: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await rf_module_room.hold(connection, company_id=company_id, rf_module_id=rf_module_id)
        is_new = await placements.move(
            connection,
            placements.METERS,
            company_id=company_id,
            child_id=meter_id,
            parent_id=rf_module_id,
            expected_version=expected_version,
            now=now,
        )
        if is_new:
            await rf_module_room.check(connection, company_id=company_id, rf_module_id=rf_module_id)
    return meter_id


async def set_active(
    *, company_id: CompanyId, meter_id: MeterId, expected_version: int, active: bool
) -> MeterId:
    """Retire a meter, or take it into use again; its history stays either way.

    :raises InUse: it is mounted
    :raises ParentInactive: its RF module is not in use
    :raises RfModuleFull: its RF module has as many active meters as it may
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        # If it is moved meanwhile, its version is another.
        rf_module_id = await connection.fetchval(
            "select rf_module_id from meter where company_id = $1 and id = $2",
            company_id,
            meter_id,
        )
        if active and rf_module_id is not None:
            await rf_module_room.hold(connection, company_id=company_id, rf_module_id=rf_module_id)
        await activity.set_active(
            connection,
            activity.METER,
            company_id=company_id,
            row_id=meter_id,
            expected_version=expected_version,
            active=active,
        )
        if active:
            await rf_module_room.check(connection, company_id=company_id, rf_module_id=rf_module_id)
    return meter_id
