"""What prices would do, as the schema shows it."""

from collections.abc import Sequence
from typing import Self

import strawberry

from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.scalars import DateTime, LocalDate, MoneyAmount
from api.schema.user_errors import UserError
from db.enums import Scope
from db.ids import AccountId
from domain.money import major
from domain.tariffs.preview import ACCOUNTS_COUNTED_MAX, Cost, Preview


@strawberry.type(description="What a day costs, with taxes.")
class TariffCost:
    now: MoneyAmount = strawberry.field(description="By the prices that hold now.")
    then: MoneyAmount = strawberry.field(description="By the new prices.")

    @classmethod
    def of(cls, cost: Cost) -> Self:
        return cls(now=MoneyAmount(major(cost.now_micro)), then=MoneyAmount(major(cost.then_micro)))


@strawberry.type(description="What a day costs an account.")
class AccountTariffCost:
    node: strawberry.Private[Account]
    cost: TariffCost = strawberry.field(description="What the day costs it.")

    @strawberry.field(description="Which account.", extensions=[requires(Scope.ACCOUNTS_READ)])
    def account(self) -> Account | None:
        return self.node


@strawberry.type(description="What prices would do. What is due by the month is left out.")
class TariffPreview:
    valid_from: DateTime = strawberry.field(description="When they would take effect.")
    account_count: int = strawberry.field(
        description=f"How many accounts they touch; counted up to {ACCOUNTS_COUNTED_MAX:,}."
    )
    meter_count: int = strawberry.field(description="How many meters the accounts here have.")
    priced_meter_count: int = strawberry.field(
        description="How many of these have readings around the day; the others cost nothing here."
    )
    day: LocalDate = strawberry.field(description="The last whole local day.")
    total: TariffCost = strawberry.field(description="What the day costs all the accounts here.")
    accounts: list[AccountTariffCost] = strawberry.field(
        description="What it costs each of them, where it has readings."
    )
    has_next_page: bool = strawberry.field(description="Whether there are more accounts.")

    @classmethod
    def of(cls, found: Preview, accounts: Sequence[Account]) -> Self:
        """Return it with the accounts among those found that the caller sees."""
        return cls(
            valid_from=DateTime(found.valid_from),
            account_count=found.account_count,
            meter_count=found.meter_count,
            priced_meter_count=found.priced_meters,
            day=LocalDate(found.day),
            total=TariffCost.of(found.total),
            accounts=[
                AccountTariffCost(
                    node=account, cost=TariffCost.of(found.costs[AccountId(account.row_id)])
                )
                for account in accounts
            ],
            has_next_page=found.has_next,
        )


@strawberry.type(description="What prices would do, or why they cannot be.")
class TariffPreviewPayload:
    preview: TariffPreview | None = strawberry.field(description="What they would do.")
    user_errors: list[UserError] = strawberry.field(description="Why they cannot be.")
