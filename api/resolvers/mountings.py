"""Mounting, exchanging and removing meters."""

from decimal import Decimal
from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import ended, seen
from api.permissions.requires import requires
from api.schema.meters import Meter
from api.schema.mountings import (
    ExchangeMeterInput,
    MountingPayload,
    MountMeterInput,
    RemoveMeterInput,
)
from api.schema.premises import MeteringPoint, Mounting
from api.schema.scalars import wh
from db.enums import Scope
from db.ids import MeterId, MountingId, PointId
from domain.metering import mountings, removals

Mounted = Annotated[MountMeterInput, strawberry.argument(description="What is mounted where.")]
Exchanged = Annotated[ExchangeMeterInput, strawberry.argument(description="What for what.")]
Removed = Annotated[RemoveMeterInput, strawberry.argument(description="What is removed.")]


@strawberry.type
class MountingMutation:
    @strawberry.mutation(
        description="Mount a meter at a metering point; an account that pays for the point pays for"
        " what it measures from here on. Sending it again changes nothing.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def mount_meter(self, info: Info, input: Mounted) -> MountingPayload | None:
        point_id = await seen(
            info, MeteringPoint, input.metering_point_id, argument="input.meteringPointId"
        )
        operation = mountings.mount(
            company_id=info.context.signed_in.company_id,
            meter_id=await _meter_id(info, input.meter_id),
            point_id=PointId(point_id),
            started_at=input.started_at,
            initial_index_wh=wh(input.initial_index),
            multiplier=Decimal(1) if input.multiplier is None else input.multiplier,
            now=info.context.clock(),
        )
        return await ended(info, MountingPayload, Mounting, operation)

    @strawberry.mutation(
        description="Remove a meter and mount another in its place, both or neither; an account"
        " that pays for the point pays for what each measured there. Sending it again changes"
        " nothing.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def exchange_meter(self, info: Info, input: Exchanged) -> MountingPayload | None:
        operation = removals.exchange(
            company_id=info.context.signed_in.company_id,
            mounting_id=await _mounting_id(info, input.mounting_id),
            meter_id=await _meter_id(info, input.meter_id),
            exchanged_at=input.exchanged_at,
            final_index_wh=wh(input.final_index),
            rolled_over=input.rolled_over,
            initial_index_wh=wh(input.initial_index),
            multiplier=input.multiplier,
            now=info.context.clock(),
        )
        return await ended(info, MountingPayload, Mounting, operation)

    @strawberry.mutation(
        description="Remove a meter; what it measured up to its final index is charged. Sending it"
        " again changes nothing.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def remove_meter(self, info: Info, input: Removed) -> MountingPayload | None:
        operation = removals.remove(
            company_id=info.context.signed_in.company_id,
            mounting_id=await _mounting_id(info, input.mounting_id),
            ended_at=input.ended_at,
            final_index_wh=wh(input.final_index),
            rolled_over=input.rolled_over,
            now=info.context.clock(),
        )
        return await ended(info, MountingPayload, Mounting, operation)


async def _meter_id(info: Info, id: str) -> MeterId:
    return MeterId(await seen(info, Meter, id, argument="input.meterId"))


async def _mounting_id(info: Info, id: str) -> MountingId:
    return MountingId(await seen(info, Mounting, id, argument="input.mountingId"))
