"""Who pays for a metering point together, and changing that."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.context import Info
from api.mutations import VersionInput
from api.schema.relations import related
from api.schema.scalars import DateTime, Kwh
from db.enums import Scope
from domain.accounts.queries import ACCOUNTS
from domain.metering.queries import Payer

if TYPE_CHECKING:
    from api.schema.accounts import Account

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]


async def _account_id(share: "PointShare", _: Info) -> int:
    return share.payer.account_id


@strawberry.type(description="An account's part of what a metering point measures.")
class PointShare:
    payer: strawberry.Private[Payer]
    account: LazyAccount | None = related(
        ACCOUNTS, _account_id, "Who pays for it, by its own tariff.", scope=Scope.ACCOUNTS_READ
    )

    @strawberry.field(description="Its part of the energy; all of it is 1,000,000.")
    def parts_per_million(self) -> int:
        return self.payer.share_ppm

    @strawberry.field(description="Since when it pays so much.")
    def started_at(self) -> DateTime:
        return DateTime(self.payer.started_at)


async def shares_of(point_id: int, info: Info) -> list[PointShare]:
    """Return who pays for a point now, without those whom the caller may not see."""
    loaders = info.context.loaders
    payers = await loaders.payers_of_point.load(point_id)
    found = await loaders.row(ACCOUNTS).load_many([payer.account_id for payer in payers])
    return [
        PointShare(payer=payer)
        for payer, account in zip(payers, found, strict=True)
        if account is not None
    ]


@strawberry.input(description="An account's part of what a metering point measures.")
class PointShareInput:
    account_id: strawberry.ID = strawberry.field(
        description="An open account, of any premises in the metering point's field."
    )
    parts_per_million: int = strawberry.field(description="Its part, from 1 to 1,000,000.")


@strawberry.input(description="Who pays for a metering point from an instant on.")
class ShareSupplyInput(VersionInput):
    id: strawberry.ID = strawberry.field(description="Which metering point.")
    starts_at: DateTime = strawberry.field(
        description="When; never in the future, nor before what is charged already."
    )
    index: Kwh = strawberry.field(
        description="The meter's total register at that time; 0 without a meter."
    )
    rolled_over: bool = strawberry.field(
        default=False,
        description="Whether the register may have started again at zero since it was last read.",
    )
    shares: list[PointShareInput] = strawberry.field(
        description="All who pay from then on, each once, at most 20; their parts come to"
        " 1,000,000. Who paid before and is not among them pays no more."
    )
