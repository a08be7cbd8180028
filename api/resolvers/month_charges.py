"""Months that are charged as a whole: looking at them, and faults of compensation."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import attempted, seen
from api.permissions.requires import requires
from api.schema.month_charges import (
    CompensationFault,
    CompensationFaultPayload,
    MeteringPointMonth,
    MonthVerdict,
    RecordCompensationFaultInput,
    RevokeCompensationFaultInput,
)
from api.schema.premises import MeteringPoint
from api.schema.scalars import LocalDate
from db.enums import Scope
from db.ids import PointId
from domain.invoices.rules import Month
from domain.month_charges import faults, queries

Point = Annotated[strawberry.ID, strawberry.argument(description="Which metering point.")]
Day = Annotated[LocalDate, strawberry.argument(description="Any day of the month.")]
Recorded = Annotated[
    RecordCompensationFaultInput, strawberry.argument(description="Where, when and why.")
]
Revoked = Annotated[
    RevokeCompensationFaultInput, strawberry.argument(description="Where, when and why.")
]


@strawberry.type
class MonthChargeQuery:
    @strawberry.field(
        description="A month at a metering point: its reactive energy with the limits, its highest"
        " demand, and what became of them.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def metering_point_month(
        self, info: Info, metering_point_id: Point, month: Day
    ) -> MeteringPointMonth | None:
        point_id = await seen(info, MeteringPoint, metering_point_id, argument="meteringPointId")
        return await _shown(info, PointId(point_id), Month.of(month))


@strawberry.type
class MonthChargeMutation:
    @strawberry.mutation(
        description="Say that a fault of compensation caused what was over a limit in a month. A"
        " month that is charged already is settled.",
        extensions=[requires(Scope.CREDIT_ADJUST)],
    )
    async def record_compensation_fault(
        self, info: Info, input: Recorded
    ) -> CompensationFaultPayload | None:
        return await _told(info, input, faults.record)

    @strawberry.mutation(
        description="Say that no fault of compensation caused it after all; that it was recorded"
        " stays to be seen in the daily entries.",
        extensions=[requires(Scope.CREDIT_ADJUST)],
    )
    async def revoke_compensation_fault(
        self, info: Info, input: Revoked
    ) -> CompensationFaultPayload | None:
        return await _told(info, input, faults.revoke)


async def _told(
    info: Info,
    input: RecordCompensationFaultInput | RevokeCompensationFaultInput,
    tell: Callable[..., Awaitable[int]],
) -> CompensationFaultPayload:
    point_id = PointId(
        await seen(info, MeteringPoint, input.metering_point_id, argument="input.meteringPointId")
    )
    month = Month.of(input.month)
    operation = tell(
        company_id=info.context.signed_in.company_id,
        point_id=point_id,
        month=month,
        reason=input.reason,
        now=info.context.clock(),
    )
    _, errors = await attempted(info, operation)
    shown = None
    if not errors and Scope.READINGS_READ in info.context.signed_in.scopes:
        shown = await _shown(info, point_id, month)
    return CompensationFaultPayload(metering_point_month=shown, user_errors=errors)


async def _shown(info: Info, point_id: PointId, month: Month) -> MeteringPointMonth:
    reach = info.context.loaders.reach
    async with reach.connection() as connection:
        fault = await queries.fault(connection, point_id=point_id, month=month, wall=reach.wall)
        found = await queries.verdicts(connection, point_id=point_id, month=month, wall=reach.wall)
    return MeteringPointMonth(
        compensation_fault=None if fault is None else CompensationFault.of(fault),
        verdicts=[MonthVerdict.of(one) for one in found],
    )
