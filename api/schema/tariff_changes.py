"""Inputs and payloads of tariffs, their versions, and for whom they hold."""

import strawberry

from api.schema.scalars import DateTime
from api.schema.tariff_prices import TariffPricesInput
from api.schema.tariffs import Tariff, TariffAssignment, TariffVersion
from api.schema.user_errors import UserError
from db.enums import BillingBasis


@strawberry.input(description="A tariff to add.")
class CreateTariffInput:
    name: str = strawberry.field(description="What it is called; no other tariff is.")


@strawberry.input(description="Prices to propose for a tariff.")
class ProposeTariffVersionInput:
    tariff_id: strawberry.ID = strawberry.field(description="For which tariff.")
    valid_from: DateTime = strawberry.field(description="When they shall take effect.")
    prices: TariffPricesInput = strawberry.field(description="The prices.")


@strawberry.input(description="Prices to try on the accounts of a tariff.")
class PreviewTariffVersionInput:
    tariff_id: strawberry.ID = strawberry.field(description="For which tariff.")
    valid_from: DateTime = strawberry.field(description="When they would take effect.")
    prices: TariffPricesInput = strawberry.field(description="The prices.")
    first: int = strawberry.field(default=50, description="How many accounts, 1 to 100.")
    after_account_id: strawberry.ID | None = strawberry.field(
        default=None, description="The last account of the page before."
    )


@strawberry.input(description="A version of a tariff.")
class TariffVersionInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.input(
    description="For whom a tariff shall hold: a branch, accounts, or without both the company."
)
class AssignTariffInput:
    tariff_id: strawberry.ID = strawberry.field(description="Which tariff.")
    branch_id: strawberry.ID | None = strawberry.field(
        default=None, description="For the accounts of a branch."
    )
    account_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="For one account, or for a group of up to 500."
    )
    group: str | None = strawberry.field(
        default=None, description="What a group of accounts is called."
    )
    billing_basis: BillingBasis = strawberry.field(
        default=BillingBasis.TOTAL_REGISTER, description="What says how much energy was used."
    )
    starts_at: DateTime = strawberry.field(description="From when on; in the future.")
    ends_at: DateTime | None = strawberry.field(default=None, description="Until when, if it ends.")


@strawberry.type(description="How changing a tariff ended.")
class TariffPayload:
    tariff: Tariff | None = strawberry.field(description="The tariff as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.type(description="How changing a tariff's version ended.")
class TariffVersionPayload:
    tariff_version: TariffVersion | None = strawberry.field(description="The version as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.type(description="How assigning a tariff ended.")
class TariffAssignmentPayload:
    tariff_assignment: TariffAssignment | None = strawberry.field(
        description="For whom the tariff holds now."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
