"""Events of subscriptions."""

from typing import Any, Self

import strawberry

from api.context import Info
from api.global_ids import encode
from api.schema.accounts import Account, AccountBalance
from api.schema.meters import Meter
from api.schema.readings import Reading
from api.schema.relations import related
from db.enums import Scope, Segment
from db.ids import AccountId, MeterId
from domain.accounts.queries import ACCOUNTS, Standing
from domain.hierarchy.queries import METERS
from domain.readings.received import Received

CURSOR = "Give it as `after` to go on from here."
GAP = "Whether what came after the cursor is no longer kept: ask for everything anew, then go on."


async def _meter_id(received: Any, _: Info) -> int | None:
    return MeterId(received.row_id)


async def _account_id(changed: Any, _: Info) -> int | None:
    return AccountId(changed.row_id)


@strawberry.type(description="A reading that has just been stored.")
class ReceivedReading:
    row_id: strawberry.Private[MeterId]
    meter_id: strawberry.ID = strawberry.field(description="Whose reading it is.")
    reading: Reading = strawberry.field(description="What the meter told.")
    meter: Meter | None = related(METERS, _meter_id, "The meter.", scope=Scope.METERS_READ)

    @classmethod
    def of(cls, received: Received) -> Self:
        return cls(
            row_id=received.meter_id,
            meter_id=strawberry.ID(encode(Meter.__name__, received.meter_id)),
            reading=Reading.of(received.reading),
        )


@strawberry.type(description="Readings that were stored together, or word of a gap.")
class ReadingsReceived:
    cursor: str = strawberry.field(description=CURSOR)
    gap: bool = strawberry.field(description=GAP)
    readings: list[ReceivedReading] = strawberry.field(description="The readings, by time.")


@strawberry.type(description="How an account stands since its balance changed.")
class ChangedBalance:
    row_id: strawberry.Private[AccountId]
    account_id: strawberry.ID = strawberry.field(description="Whose balance it is.")
    balance: AccountBalance = strawberry.field(description="What is left on it.")
    segment: Segment = strawberry.field(description="Where it stands.")
    account: Account | None = related(
        ACCOUNTS, _account_id, "The account.", scope=Scope.ACCOUNTS_READ
    )

    @classmethod
    def of(cls, account_id: AccountId, standing: Standing) -> Self:
        return cls(
            row_id=account_id,
            account_id=strawberry.ID(encode(Account.__name__, account_id)),
            balance=AccountBalance.of(standing),
            segment=standing.segment,
        )


@strawberry.type(description="Balances that changed, as they are now, or word of a gap.")
class BalancesChanged:
    cursor: str = strawberry.field(description=CURSOR)
    gap: bool = strawberry.field(description=GAP)
    balances: list[ChangedBalance] = strawberry.field(description="The balances, by account.")
