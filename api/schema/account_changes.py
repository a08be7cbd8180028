"""Inputs and payloads of opening and changing accounts."""

import strawberry

from api.schema.accounts import Account
from api.schema.scalars import DateTime, Kwh, MoneyAmount
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import BillingMode


@strawberry.input(description="A metering point that an account pays for.")
class OpeningPointInput:
    metering_point_id: strawberry.ID = strawberry.field(description="Which one.")
    opening_index: Kwh = strawberry.field(
        description="Its meter's total register when the account was opened; 0 without a meter."
    )


@strawberry.input(description="An account to open.")
class OpenAccountInput:
    number: str = strawberry.field(description="What the company calls it; no other account is.")
    subscriber_id: strawberry.ID = strawberry.field(description="Who pays.")
    premises_id: strawberry.ID = strawberry.field(description="What is supplied.")
    tariff_id: strawberry.ID | None = strawberry.field(
        default=None, description="By which prices; those that are assigned if left out."
    )
    billing_mode: BillingMode = strawberry.field(
        default=BillingMode.PREPAID, description="Whether it pays before or after."
    )
    warning_limit: MoneyAmount | None = strawberry.field(
        default=None, description="At which credit to warn; the company's limit if left out."
    )
    cut_off_limit: MoneyAmount | None = strawberry.field(
        default=None,
        description="At or below which credit has run out; the company's limit if left out.",
    )
    reconnect_limit: MoneyAmount | None = strawberry.field(
        default=None,
        description="Above which credit supply comes back; the company's limit if left out.",
    )
    category: str | None = strawberry.field(
        default=None,
        description="Of what kind its use is, such as STREET_LIGHTING: what taxes may exempt. It"
        " stays as long as the account lasts.",
    )
    opened_at: DateTime = strawberry.field(description="When it begins; never in the future.")
    points: list[OpeningPointInput] = strawberry.field(
        description="The metering points of the premises that it pays for alone, each once; none"
        " if it is to pay for parts of what others pay for, too."
    )


@strawberry.input(description="What changes of an account; what is left out stays.")
class UpdateAccountInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    number: strawberry.Maybe[str] = strawberry.field(description="What the company calls it.")
    billing_mode: strawberry.Maybe[BillingMode] = strawberry.field(
        description="Whether it pays before or after, from now on."
    )
    warning_limit: strawberry.Maybe[MoneyAmount | None] = strawberry.field(
        description="At which credit to warn; null for the company's limit."
    )
    cut_off_limit: strawberry.Maybe[MoneyAmount | None] = strawberry.field(
        description="At or below which credit has run out; null for the company's limit."
    )
    reconnect_limit: strawberry.Maybe[MoneyAmount | None] = strawberry.field(
        description="Above which credit supply comes back; null for the company's limit."
    )


@strawberry.input(description="The emergency credit of an account.")
class RequestEmergencyCreditInput:
    account_id: strawberry.ID = strawberry.field(description="Which account's.")
    idempotency_key: str = strawberry.field(
        description="The client's name for this wish: repeated, it is granted once."
    )


@strawberry.type(description="How changing an account ended.")
class AccountPayload:
    account: Account | None = strawberry.field(description="The account as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
