"""Managing RF modules."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import VersionInput, changes_of, ended, seen
from api.permissions.requires import requires
from api.schema.devices import Collector, RfModule
from api.schema.rf_modules import (
    CreateRfModuleInput,
    MoveRfModuleInput,
    RfModulePayload,
    UpdateRfModuleInput,
)
from db.enums import Scope
from db.ids import CollectorId, RfModuleId
from domain.hierarchy import rf_modules

Created = Annotated[CreateRfModuleInput, strawberry.argument(description="The RF module.")]
Updated = Annotated[UpdateRfModuleInput, strawberry.argument(description="What changes.")]
Moved = Annotated[
    MoveRfModuleInput, strawberry.argument(description="Which RF module, and where to.")
]
Which = Annotated[VersionInput, strawberry.argument(description="Which RF module.")]


@strawberry.type
class RfModuleMutation:
    @strawberry.mutation(
        description="Add an RF module behind a collector.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def create_rf_module(self, info: Info, input: Created) -> RfModulePayload | None:
        collector_id = await seen(info, Collector, input.collector_id, argument="input.collectorId")
        operation = rf_modules.create(
            company_id=info.context.signed_in.company_id,
            collector_id=CollectorId(collector_id),
            serial=input.serial,
            frequency=input.frequency,
            make=input.make,
            model=input.model,
            ip_address=input.ip_address,
            radio_address=input.radio_address,
            reading_period_s=input.reading_period_s,
        )
        return await ended(info, RfModulePayload, RfModule, operation)

    @strawberry.mutation(
        description="Change an RF module.", extensions=[requires(Scope.DEVICES_WRITE)]
    )
    async def update_rf_module(self, info: Info, input: Updated) -> RfModulePayload | None:
        operation = rf_modules.update(
            company_id=info.context.signed_in.company_id,
            rf_module_id=RfModuleId(await seen(info, RfModule, input.id)),
            expected_version=input.expected_version,
            changes=changes_of(input),
        )
        return await ended(info, RfModulePayload, RfModule, operation)

    @strawberry.mutation(
        description="Move an RF module, with its meters, to another collector; where it was stays"
        " known.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def move_rf_module(self, info: Info, input: Moved) -> RfModulePayload | None:
        collector_id = await seen(info, Collector, input.collector_id, argument="input.collectorId")
        operation = rf_modules.move(
            company_id=info.context.signed_in.company_id,
            rf_module_id=RfModuleId(await seen(info, RfModule, input.id)),
            collector_id=CollectorId(collector_id),
            expected_version=input.expected_version,
            now=info.context.clock(),
        )
        return await ended(info, RfModulePayload, RfModule, operation)

    @strawberry.mutation(
        description="Retire an RF module without active meters; its history stays.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def deactivate_rf_module(self, info: Info, input: Which) -> RfModulePayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Take a retired RF module into use again.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def reactivate_rf_module(self, info: Info, input: Which) -> RfModulePayload | None:
        return await _set_active(info, input, active=True)


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> RfModulePayload:
    operation = rf_modules.set_active(
        company_id=info.context.signed_in.company_id,
        rf_module_id=RfModuleId(await seen(info, RfModule, input.id)),
        expected_version=input.expected_version,
        active=active,
    )
    return await ended(info, RfModulePayload, RfModule, operation)
