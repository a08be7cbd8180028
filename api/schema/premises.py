"""Premises, their metering points, and the meters mounted there."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.companies import Field
from api.schema.meters import Meter
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.relations import belongs_to, children, related
from api.schema.scalars import DateTime, ExactNumber, Kwh, kwh
from api.schema.shares import PointShare, shares_of
from db.enums import MeasuringSide, PointRole, Scope
from domain.accounts.queries import ACCOUNTS, ACCOUNTS_OF_PREMISES
from domain.accounts.rules import may_be_cut_automatically
from domain.hierarchy.queries import FIELDS, METERS
from domain.metering.queries import (
    MOUNTINGS,
    MOUNTINGS_OF_POINT,
    POINTS,
    POINTS_OF_PARENT,
    POINTS_OF_PREMISES,
    PREMISES,
)

if TYPE_CHECKING:
    from api.schema.accounts import Account

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]


async def _meter_id(point: Node, info: Info) -> int | None:
    return await info.context.loaders.meter_of_point.load(point.row_id)


async def _account_id(point: Node, info: Info) -> int | None:
    payers = await info.context.loaders.payers_of_point.load(point.row_id)
    return next((payer.account_id for payer in payers if payer.pays_alone), None)


def _power(known: Decimal | None) -> ExactNumber | None:
    return None if known is None else ExactNumber(known.normalize())


@strawberry.type(description="An office or shop that is supplied; outlives meters and subscribers.")
class Premises(Node, listing=PREMISES, scope=Scope.PREMISES_READ):
    name: str = strawberry.field(description="What it is called.")
    active: bool = strawberry.field(description="Whether it is in use.")
    version: int = strawberry.field(description="Goes up with each change.")
    field: Field | None = belongs_to(FIELDS, "field_id", "Where it is.", scope=Scope.COMPANY_READ)
    metering_points: Connection["MeteringPoint"] | None = children(
        POINTS_OF_PREMISES, "Where its energy is measured, by code.", scope=Scope.PREMISES_READ
    )
    accounts: Connection[LazyAccount] | None = children(
        ACCOUNTS_OF_PREMISES,
        "Accounts that pay or paid for it, by number.",
        scope=Scope.ACCOUNTS_READ,
    )
    owner_account: LazyAccount | None = belongs_to(
        ACCOUNTS,
        "owner_account_id",
        "The account that pays while no subscriber does.",
        scope=Scope.ACCOUNTS_READ,
    )


@strawberry.type(description="Where the energy of premises is measured (tesisat).")
class MeteringPoint(Node, listing=POINTS, scope=Scope.PREMISES_READ):
    code: str = strawberry.field(description="What the company calls it.")
    role: PointRole = strawberry.field(description="What it measures.")
    phases: int | None = strawberry.field(
        description="How many phases the connection has; null while nobody knows."
    )
    active: bool = strawberry.field(description="Whether it is in use.")
    version: int = strawberry.field(description="Goes up with each change.")
    premises: Premises | None = belongs_to(
        PREMISES, "premises_id", "Whose energy it measures.", scope=Scope.PREMISES_READ
    )
    parent: "MeteringPoint | None" = belongs_to(
        POINTS, "parent_id", "The point that its energy flows through.", scope=Scope.PREMISES_READ
    )
    sub_points: Connection["MeteringPoint"] | None = children(
        POINTS_OF_PARENT, "The points right behind it, by code.", scope=Scope.PREMISES_READ
    )
    meter: Meter | None = related(
        METERS, _meter_id, "The meter that is mounted now.", scope=Scope.METERS_READ
    )
    account: LazyAccount | None = related(
        ACCOUNTS,
        _account_id,
        "The account that pays now; null where several do: see `shares`.",
        scope=Scope.ACCOUNTS_READ,
    )
    mountings: Connection["Mounting"] | None = children(
        MOUNTINGS_OF_POINT, "The meters that were and are here, by time.", scope=Scope.PREMISES_READ
    )

    @strawberry.field(description="Installed power in kVA; null while nobody knows.")
    def installed_kva(self) -> ExactNumber | None:
        return _power(self.row["installed_kva"])

    @strawberry.field(
        description="The power in kW that the connection was agreed for; null while nobody knows."
    )
    def connection_kw(self) -> ExactNumber | None:
        return _power(self.row["connection_kw"])

    @strawberry.field(
        description="Whether several accounts pay for it at the same time; such a supply is never"
        " cut automatically."
    )
    async def is_shared(self, info: Info) -> bool:
        payers = await info.context.loaders.payers_of_point.load(self.row_id)
        return not may_be_cut_automatically(payers=len(payers))

    @strawberry.field(
        description="Who pays for it now, as far as you may see them, the largest part first.",
        extensions=[requires(Scope.ACCOUNTS_READ)],
    )
    async def shares(self, info: Info) -> list[PointShare] | None:
        return await shares_of(self.row_id, info)


@strawberry.type(description="A meter at a metering point over a period.")
class Mounting(Node, listing=MOUNTINGS, scope=Scope.PREMISES_READ):
    started_at: DateTime = strawberry.field(description="When it began.")
    ended_at: DateTime | None = strawberry.field(description="When it ended; null while it lasts.")
    meter: Meter | None = belongs_to(METERS, "meter_id", "The meter.", scope=Scope.METERS_READ)
    metering_point: MeteringPoint | None = belongs_to(
        POINTS, "point_id", "The metering point.", scope=Scope.PREMISES_READ
    )

    @strawberry.field(description="What current and voltage transformers multiply energy by.")
    def multiplier(self) -> ExactNumber:
        multiplier: Decimal = self.row["multiplier"]
        return ExactNumber(multiplier)

    @strawberry.field(description="The meter's total register at the start.")
    def initial_index(self) -> Kwh:
        return kwh(self.row["initial_index_wh"])

    @strawberry.field(description="On which side of the transformers its indexes are.")
    def index_side(self) -> MeasuringSide:
        return MeasuringSide.SECONDARY

    @strawberry.field(description="The meter's total register at the end; null while it lasts.")
    def final_index(self) -> Kwh | None:
        index_wh: int | None = self.row["final_index_wh"]
        return None if index_wh is None else kwh(index_wh)
