"""Credit that is bought: top-ups, what was given back of them, and saved cards.

A field guarded more strictly than its parent is nullable: a refusal then costs only that field.
"""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.permissions.requires import requires
from api.schema.ledger import LedgerTransaction
from api.schema.money import Money
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.relations import belongs_to, children
from api.schema.scalars import DateTime
from db.enums import DisputeState, PaymentWay, RefundState, Scope, TopUpState
from domain.accounts.queries import ACCOUNTS
from domain.ledger.listings import TRANSACTIONS
from domain.topups.listings import (
    AUTOMATIC_TOP_UPS,
    DISPUTES,
    DISPUTES_OF_TOP_UP,
    REFUNDS,
    REFUNDS_OF_TOP_UP,
    SAVED_CARDS,
    TOP_UPS,
)

if TYPE_CHECKING:
    from api.schema.accounts import Account

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]


@strawberry.type(description="A card that a payment provider keeps. Its number is nowhere here.")
class SavedCard(Node, listing=SAVED_CARDS, scope=Scope.TOPUPS_READ):
    provider: str = strawberry.field(description="Who keeps it.")
    brand: str = strawberry.field(description="What kind of card it is: `visa`.")
    last4: str = strawberry.field(description="The last four digits of its number.")
    expires_year: int = strawberry.field(description="The year in which it expires.")
    expires_month: int = strawberry.field(description="The month in which it expires, 1 to 12.")
    saved_at: DateTime = strawberry.field(description="When it was saved.")
    removed_at: DateTime | None = strawberry.field(
        description="When it was removed; null while it can pay."
    )


@strawberry.type(description="Credit bought through a payment provider.")
class TopUp(Node, listing=TOP_UPS, scope=Scope.TOPUPS_READ):
    way: PaymentWay = strawberry.field(description="How it is paid.")
    state: TopUpState = strawberry.field(description="How far it is.")
    provider: str = strawberry.field(description="Through whom it is paid.")
    instalments: int = strawberry.field(description="In how many instalments the payer pays.")
    automatic: bool = strawberry.field(
        description="Whether it bought itself when credit was low; see `AutomaticTopUp`."
    )
    failure: str | None = strawberry.field(
        description="Why the last attempt to pay failed, in the provider's word."
    )
    started_at: DateTime = strawberry.field(description="When it was started.")
    lapses_at: DateTime = strawberry.field(description="Until when it can be paid.")
    paid_at: DateTime | None = strawberry.field(
        description="When the provider was paid, by its clock."
    )
    credited_at: DateTime | None = strawberry.field(description="When the account was credited.")
    version: int = strawberry.field(description="Goes up with each change.")
    account: LazyAccount | None = belongs_to(
        ACCOUNTS, "account_id", "Whose credit.", scope=Scope.ACCOUNTS_READ
    )
    card: SavedCard | None = belongs_to(
        SAVED_CARDS, "saved_card_id", "The saved card that pays.", scope=Scope.TOPUPS_READ
    )
    transaction: LedgerTransaction | None = belongs_to(
        TRANSACTIONS, "journal_id", "What it became in the books.", scope=Scope.BALANCES_READ
    )
    refunds: Connection["TopUpRefund"] | None = children(
        REFUNDS_OF_TOP_UP, "What was given back, the newest first.", scope=Scope.TOPUPS_READ
    )
    disputes: Connection["TopUpDispute"] | None = children(
        DISPUTES_OF_TOP_UP, "What the payer disputes, the newest first.", scope=Scope.TOPUPS_READ
    )

    @strawberry.field(description="What is to be paid.")
    def amount(self) -> Money:
        return self.money("amount_micro")

    @strawberry.field(description="What was paid.")
    def received(self) -> Money:
        return self.money("received_micro")

    @strawberry.field(description="What was given back, or is being given back.")
    def refunded(self) -> Money:
        return self.money("refunded_micro")

    @strawberry.field(description="What the account does without because of disputes.")
    def held(self) -> Money:
        return self.money("held_micro")

    @strawberry.field(description="What went to debt by the share that was agreed.")
    def debt_share(self) -> Money:
        return self.money("debt_share_micro")


@strawberry.type(description="Money of a top-up that is given back.")
class TopUpRefund(Node, listing=REFUNDS, scope=Scope.TOPUPS_READ):
    state: RefundState = strawberry.field(description="How far it is.")
    failure: str | None = strawberry.field(description="Why it failed, in the provider's word.")
    requested_at: DateTime = strawberry.field(description="When it was asked for.")
    version: int = strawberry.field(description="Goes up with each change.")
    top_up: TopUp | None = belongs_to(
        TOP_UPS, "top_up_id", "Of what it is.", scope=Scope.TOPUPS_READ
    )

    @strawberry.field(description="How much.")
    def amount(self) -> Money:
        return self.money("amount_micro")

    @strawberry.field(
        description="Why, as the staff put it; null when it was given back at the provider.",
        extensions=[requires(Scope.TOPUPS_REFUND)],
    )
    def reason(self) -> str | None:
        found: str | None = self.row["reason"]
        return found


@strawberry.type(description="A payer's bank wants money of a top-up back.")
class TopUpDispute(Node, listing=DISPUTES, scope=Scope.TOPUPS_READ):
    state: DisputeState = strawberry.field(description="How far it is.")
    reason: str | None = strawberry.field(description="Why, in the provider's word.")
    opened_at: DateTime = strawberry.field(description="When it was opened.")
    version: int = strawberry.field(description="Goes up with each change.")
    top_up: TopUp | None = belongs_to(
        TOP_UPS, "top_up_id", "Of what it is.", scope=Scope.TOPUPS_READ
    )

    @strawberry.field(description="How much is disputed.")
    def amount(self) -> Money:
        return self.money("amount_micro")

    @strawberry.field(description="What the bank has taken back; that is not lost yet.")
    def withdrawn(self) -> Money:
        return self.money("withdrawn_micro")

    @strawberry.field(description="What the bank has given back of it.")
    def reinstated(self) -> Money:
        return self.money("reinstated_micro")

    @strawberry.field(
        description="What the provider keeps for it.", extensions=[requires(Scope.TOPUPS_REFUND)]
    )
    def fee(self) -> Money | None:
        return self.money("fee_micro")


@strawberry.type(description="What a subscriber lets be bought whenever credit runs low.")
class AutomaticTopUp(Node, listing=AUTOMATIC_TOP_UPS, scope=Scope.TOPUPS_READ):
    active: bool = strawberry.field(
        description="Whether it buys; three failures in a row switch it off."
    )
    failures: int = strawberry.field(description="How often it failed in a row.")
    version: int = strawberry.field(description="Goes up with each change.")
    account: LazyAccount | None = belongs_to(
        ACCOUNTS, "account_id", "Whose credit.", scope=Scope.ACCOUNTS_READ
    )
    card: SavedCard | None = belongs_to(
        SAVED_CARDS, "saved_card_id", "The card that pays.", scope=Scope.TOPUPS_READ
    )

    @strawberry.field(description="The balance at or below which it buys.")
    def threshold(self) -> Money:
        return self.money("threshold_micro")

    @strawberry.field(description="How much it buys at a time.")
    def amount(self) -> Money:
        return self.money("amount_micro")
