"""Managing metering points."""

from typing import Annotated

import strawberry

from api.context import Info
from api.errors import BadUserInput
from api.mutations import VersionInput, changes_of, ended, seen
from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.premises import MeteringPoint, Premises
from api.schema.premises_changes import (
    CreateMeteringPointInput,
    MeteringPointPayload,
    MoveMeteringPointInput,
    UpdateMeteringPointInput,
)
from api.schema.scalars import wh
from api.schema.shares import ShareSupplyInput
from db.enums import Scope
from db.ids import AccountId, PointId, PremisesId
from domain.accounts import sharing
from domain.accounts.sharing import SHARERS_MAX, Sharing
from domain.metering import points

Created = Annotated[CreateMeteringPointInput, strawberry.argument(description="The point.")]
Updated = Annotated[UpdateMeteringPointInput, strawberry.argument(description="What changes.")]
Moved = Annotated[MoveMeteringPointInput, strawberry.argument(description="Which, and where to.")]
Shared = Annotated[
    ShareSupplyInput, strawberry.argument(description="Which one, and who pays for it.")
]
Which = Annotated[VersionInput, strawberry.argument(description="Which metering point.")]


@strawberry.type
class MeteringPointMutation:
    @strawberry.mutation(
        description="Add a metering point to premises.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def create_metering_point(
        self, info: Info, input: Created
    ) -> MeteringPointPayload | None:
        operation = points.create(
            company_id=info.context.signed_in.company_id,
            premises_id=await _premises_id(info, input.premises_id),
            code=input.code,
            role=input.role,
            parent_id=await _parent_id(info, input.parent_id),
            installed_kva=input.installed_kva,
            connection_kw=input.connection_kw,
            phases=input.phases,
        )
        return await ended(info, MeteringPointPayload, MeteringPoint, operation)

    @strawberry.mutation(
        description="Change a metering point.", extensions=[requires(Scope.PREMISES_WRITE)]
    )
    async def update_metering_point(
        self, info: Info, input: Updated
    ) -> MeteringPointPayload | None:
        changes = changes_of(input)
        if "parent_id" in changes:
            changes["parent_id"] = await _parent_id(info, changes["parent_id"])
        operation = points.update(
            company_id=info.context.signed_in.company_id,
            point_id=PointId(await seen(info, MeteringPoint, input.id)),
            expected_version=input.expected_version,
            changes=changes,
            now=info.context.clock(),
        )
        return await ended(info, MeteringPointPayload, MeteringPoint, operation)

    @strawberry.mutation(
        description="Say that a metering point measures other premises; its history goes along.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def move_metering_point(self, info: Info, input: Moved) -> MeteringPointPayload | None:
        operation = points.move(
            company_id=info.context.signed_in.company_id,
            point_id=PointId(await seen(info, MeteringPoint, input.id)),
            expected_version=input.expected_version,
            premises_id=await _premises_id(info, input.premises_id),
        )
        return await ended(info, MeteringPointPayload, MeteringPoint, operation)

    @strawberry.mutation(
        description="Let accounts pay for a metering point together, each its part of the energy by"
        " its own tariff; or one of them alone.",
        extensions=[requires(Scope.ACCOUNTS_WRITE)],
    )
    async def share_supply(self, info: Info, input: Shared) -> MeteringPointPayload | None:
        operation = sharing.share(
            company_id=info.context.signed_in.company_id,
            point_id=PointId(await seen(info, MeteringPoint, input.id)),
            expected_version=input.expected_version,
            sharing=Sharing(
                since=input.starts_at,
                index_wh=wh(input.index),
                rolled_over=input.rolled_over,
                shares_ppm=await _shares(info, input),
            ),
            now=info.context.clock(),
        )
        return await ended(info, MeteringPointPayload, MeteringPoint, operation)

    @strawberry.mutation(
        description="Retire a metering point without a meter and an open account; its history"
        " stays.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def deactivate_metering_point(
        self, info: Info, input: Which
    ) -> MeteringPointPayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Take a retired metering point into use again.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def reactivate_metering_point(
        self, info: Info, input: Which
    ) -> MeteringPointPayload | None:
        return await _set_active(info, input, active=True)


async def _premises_id(info: Info, id: str) -> PremisesId:
    return PremisesId(await seen(info, Premises, id, argument="input.premisesId"))


async def _parent_id(info: Info, id: str | None) -> PointId | None:
    if id is None:
        return None
    return PointId(await seen(info, MeteringPoint, id, argument="input.parentId"))


async def _shares(info: Info, input: ShareSupplyInput) -> dict[AccountId, int]:
    if len(input.shares) > SHARERS_MAX:
        raise BadUserInput("input.shares", f"expected at most {SHARERS_MAX}")
    found = {
        AccountId(
            await seen(info, Account, share.account_id, argument="input.shares.accountId")
        ): share.parts_per_million
        for share in input.shares
    }
    if len(found) < len(input.shares):
        raise BadUserInput("input.shares", "expected each account once")
    return found


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> MeteringPointPayload:
    operation = points.set_active(
        company_id=info.context.signed_in.company_id,
        point_id=PointId(await seen(info, MeteringPoint, input.id)),
        expected_version=input.expected_version,
        active=active,
    )
    return await ended(info, MeteringPointPayload, MeteringPoint, operation)
