"""Managing meters."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import VersionInput, changes_of, ended, seen
from api.permissions.requires import requires
from api.schema.devices import RfModule
from api.schema.meter_changes import (
    CreateMeterInput,
    MeterPayload,
    MoveMeterInput,
    RecordSupplyInput,
    UpdateMeterInput,
)
from api.schema.meters import Meter
from db.enums import Scope
from db.ids import MeterId, RfModuleId
from domain.hierarchy import meters
from domain.supply import confirming

Created = Annotated[CreateMeterInput, strawberry.argument(description="The meter.")]
Updated = Annotated[UpdateMeterInput, strawberry.argument(description="What changes.")]
Moved = Annotated[MoveMeterInput, strawberry.argument(description="Which meter, and where to.")]
Seen = Annotated[RecordSupplyInput, strawberry.argument(description="Of which meter, and when.")]
Which = Annotated[VersionInput, strawberry.argument(description="Which meter.")]


@strawberry.type
class MeterMutation:
    @strawberry.mutation(
        description="Add a meter behind an RF module; what it has sent so far is processed.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def create_meter(self, info: Info, input: Created) -> MeterPayload | None:
        caller = info.context.signed_in
        rf_module_id = await seen(info, RfModule, input.rf_module_id, argument="input.rfModuleId")
        operation = meters.create(
            company_id=caller.company_id,
            rf_module_id=RfModuleId(rf_module_id),
            serial=input.serial,
            clock_rule=input.clock_rule or caller.time_zone,
            register_digits=input.register_digits,
            power_w_max=input.power_w_max,
            make=input.make,
            relay=input.relay,
        )
        return await ended(info, MeterPayload, Meter, operation)

    @strawberry.mutation(description="Change a meter.", extensions=[requires(Scope.DEVICES_WRITE)])
    async def update_meter(self, info: Info, input: Updated) -> MeterPayload | None:
        operation = meters.update(
            company_id=info.context.signed_in.company_id,
            meter_id=MeterId(await seen(info, Meter, input.id)),
            expected_version=input.expected_version,
            changes=changes_of(input),
        )
        return await ended(info, MeterPayload, Meter, operation)

    @strawberry.mutation(
        description="Let another RF module read a meter; which one did stays known.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def move_meter(self, info: Info, input: Moved) -> MeterPayload | None:
        rf_module_id = await seen(info, RfModule, input.rf_module_id, argument="input.rfModuleId")
        operation = meters.move(
            company_id=info.context.signed_in.company_id,
            meter_id=MeterId(await seen(info, Meter, input.id)),
            rf_module_id=RfModuleId(rf_module_id),
            expected_version=input.expected_version,
            now=info.context.clock(),
        )
        return await ended(info, MeterPayload, Meter, operation)

    @strawberry.mutation(
        description="Note whether somebody who was there found a meter's supply on or off. Who"
        " pays is told when theirs goes off or comes back; nothing is switched.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def record_supply(self, info: Info, input: Seen) -> MeterPayload | None:
        operation = confirming.record(
            company_id=info.context.signed_in.company_id,
            meter_id=MeterId(await seen(info, Meter, input.id)),
            supply=input.supply,
            seen_at=input.seen_at,
            now=info.context.clock(),
        )
        return await ended(info, MeterPayload, Meter, operation)

    @strawberry.mutation(
        description="Retire a meter that is not mounted; its history stays.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def deactivate_meter(self, info: Info, input: Which) -> MeterPayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Take a retired meter into use again.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def reactivate_meter(self, info: Info, input: Which) -> MeterPayload | None:
        return await _set_active(info, input, active=True)


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> MeterPayload:
    operation = meters.set_active(
        company_id=info.context.signed_in.company_id,
        meter_id=MeterId(await seen(info, Meter, input.id)),
        expected_version=input.expected_version,
        active=active,
    )
    return await ended(info, MeterPayload, Meter, operation)
