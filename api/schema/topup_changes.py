"""Inputs and payloads of buying credit."""

import strawberry

from api.schema.scalars import MoneyAmount
from api.schema.topups import AutomaticTopUp, SavedCard, TopUp, TopUpRefund
from api.schema.user_errors import UserError
from db.enums import PaymentWay


@strawberry.input(description="Credit to buy.")
class StartTopUpInput:
    account_id: strawberry.ID = strawberry.field(description="For which account.")
    amount: MoneyAmount = strawberry.field(
        description="How much, between what the company sells at the least and at the most."
    )
    way: PaymentWay = strawberry.field(default=PaymentWay.CHECKOUT, description="How to pay.")
    saved_card_id: strawberry.ID | None = strawberry.field(
        default=None, description="The card that pays, for SAVED_CARD."
    )
    save_card: bool = strawberry.field(
        default=False, description="Whether the provider is to keep the card for later."
    )
    return_url: str | None = strawberry.field(
        default=None,
        description="Where the provider's page sends the payer back: a URL of https; needed for"
        " CHECKOUT.",
    )
    instalments: int = strawberry.field(
        default=1, description="In how many instalments to pay, where the provider lets one."
    )
    idempotency_key: str = strawberry.field(
        description="The same key of an account asks for the same top-up, and pays once."
    )


@strawberry.type(description="How starting a top-up ended, and what its payer does next.")
class StartTopUpPayload:
    top_up: TopUp | None = strawberry.field(
        description="The top-up; credit comes once the provider says that it is paid."
    )
    checkout_url: str | None = strawberry.field(
        description="The page to send the payer to, for paying or for 3-D Secure."
    )
    client_secret: str | None = strawberry.field(
        description="What the provider's own form in an app goes on with; show and log it nowhere."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was started.")


@strawberry.input(description="Money of a top-up to give back.")
class RefundTopUpInput:
    top_up_id: strawberry.ID = strawberry.field(description="Of which top-up.")
    amount: MoneyAmount | None = strawberry.field(
        default=None, description="How much; null for all that is left of it."
    )
    reason: str = strawberry.field(description="Why; 1 to 500 characters.")
    idempotency_key: str = strawberry.field(
        description="The same key asks for the same refund, and makes it once."
    )


@strawberry.type(description="How giving money back ended.")
class RefundTopUpPayload:
    refund: TopUpRefund | None = strawberry.field(description="The refund as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="A saved card to remove.")
class RemoveSavedCardInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="How removing a card ended.")
class SavedCardPayload:
    saved_card: SavedCard | None = strawberry.field(description="The card as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="What to buy whenever credit runs low.")
class SetAutomaticTopUpInput:
    account_id: strawberry.ID = strawberry.field(description="For which account.")
    expected_version: int | None = strawberry.field(
        default=None,
        description="The `version` that the client saw; null when there is none yet.",
    )
    saved_card_id: strawberry.ID = strawberry.field(description="The card that pays.")
    threshold: MoneyAmount = strawberry.field(description="The balance at or below which it buys.")
    amount: MoneyAmount = strawberry.field(description="How much it buys at a time.")
    active: bool = strawberry.field(default=True, description="Whether it buys.")


@strawberry.type(description="How letting credit buy itself ended.")
class AutomaticTopUpPayload:
    automatic_top_up: AutomaticTopUp | None = strawberry.field(description="How it is set now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
