"""Managing collectors."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import VersionInput, changes_of, ended, seen
from api.permissions.requires import requires
from api.schema.collectors import (
    CollectorPayload,
    CollectorTokenPayload,
    CreateCollectorInput,
    MoveCollectorInput,
    RotateCollectorTokenInput,
    UpdateCollectorInput,
)
from api.schema.companies import Field
from api.schema.devices import Collector
from db.enums import Scope
from db.ids import CollectorId, FieldId
from domain.hierarchy import collectors

Created = Annotated[CreateCollectorInput, strawberry.argument(description="The collector.")]
Updated = Annotated[UpdateCollectorInput, strawberry.argument(description="What changes.")]
Moved = Annotated[
    MoveCollectorInput, strawberry.argument(description="Which collector, and where to.")
]
Rotated = Annotated[RotateCollectorTokenInput, strawberry.argument(description="Which collector.")]
Which = Annotated[VersionInput, strawberry.argument(description="Which collector.")]


@strawberry.type
class CollectorMutation:
    @strawberry.mutation(
        description="Add a collector to a field, with a token that is shown once.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def create_collector(self, info: Info, input: Created) -> CollectorTokenPayload | None:
        caller, token = info.context.signed_in, collectors.new_token()
        operation = collectors.create(
            company_id=caller.company_id,
            field_id=FieldId(await seen(info, Field, input.field_id, argument="input.fieldId")),
            flag=input.flag,
            serial=input.serial,
            token=token,
            time_zone=input.time_zone or caller.time_zone,
            make=input.make,
            model=input.model,
            ipv4=input.ipv4,
            ipv6=input.ipv6,
            port=input.port,
        )
        return _with_token(await ended(info, CollectorPayload, Collector, operation), token)

    @strawberry.mutation(
        description="Give a collector another token, shown once; the old one ends at once.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def rotate_collector_token(
        self, info: Info, input: Rotated
    ) -> CollectorTokenPayload | None:
        token = collectors.new_token()
        operation = collectors.rotate_token(
            company_id=info.context.signed_in.company_id,
            collector_id=CollectorId(await seen(info, Collector, input.id)),
            token=token,
        )
        return _with_token(await ended(info, CollectorPayload, Collector, operation), token)

    @strawberry.mutation(
        description="Change a collector.", extensions=[requires(Scope.DEVICES_WRITE)]
    )
    async def update_collector(self, info: Info, input: Updated) -> CollectorPayload | None:
        operation = collectors.update(
            company_id=info.context.signed_in.company_id,
            collector_id=CollectorId(await seen(info, Collector, input.id)),
            expected_version=input.expected_version,
            changes=changes_of(input),
        )
        return await ended(info, CollectorPayload, Collector, operation)

    @strawberry.mutation(
        description="Move a collector, with all behind it, to another field; where it was stays"
        " known.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def move_collector(self, info: Info, input: Moved) -> CollectorPayload | None:
        operation = collectors.move(
            company_id=info.context.signed_in.company_id,
            collector_id=CollectorId(await seen(info, Collector, input.id)),
            field_id=FieldId(await seen(info, Field, input.field_id, argument="input.fieldId")),
            expected_version=input.expected_version,
            now=info.context.clock(),
        )
        return await ended(info, CollectorPayload, Collector, operation)

    @strawberry.mutation(
        description="Retire a collector without active RF modules: it is let in no more.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def deactivate_collector(self, info: Info, input: Which) -> CollectorPayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Take a retired collector into use again.",
        extensions=[requires(Scope.DEVICES_WRITE)],
    )
    async def reactivate_collector(self, info: Info, input: Which) -> CollectorPayload | None:
        return await _set_active(info, input, active=True)


def _with_token(payload: CollectorPayload, token: str) -> CollectorTokenPayload:
    return CollectorTokenPayload(
        collector=payload.collector,
        token=None if payload.user_errors else token,
        user_errors=payload.user_errors,
    )


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> CollectorPayload:
    operation = collectors.set_active(
        company_id=info.context.signed_in.company_id,
        collector_id=CollectorId(await seen(info, Collector, input.id)),
        expected_version=input.expected_version,
        active=active,
    )
    return await ended(info, CollectorPayload, Collector, operation)
