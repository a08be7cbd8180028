"""Adjustments of credit by hand, and what changes them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.global_ids import optional_id
from api.schema.ledger import LedgerTransaction
from api.schema.money import Money
from api.schema.node import Node
from api.schema.relations import belongs_to
from api.schema.scalars import DateTime, MoneyAmount
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import AdjustmentState, LedgerAccountKind, Scope
from domain.accounts.queries import ACCOUNTS
from domain.ledger.listings import ADJUSTMENTS, TRANSACTIONS

if TYPE_CHECKING:
    from api.schema.accounts import Account

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]


@strawberry.type(description="Credit that somebody gives an account by hand, or takes.")
class Adjustment(Node, listing=ADJUSTMENTS, scope=Scope.BALANCES_READ):
    reason: str = strawberry.field(description="Why.")
    side: LedgerAccountKind = strawberry.field(
        description="What it moves: credit, or debt beside it."
    )
    state: AdjustmentState = strawberry.field(description="How far it is.")
    proposed_at: DateTime = strawberry.field(description="When it was asked for.")
    decided_at: DateTime | None = strawberry.field(
        description="When a second person decided; null while none has, or none was needed."
    )
    rejection_reason: str | None = strawberry.field(description="Why it was turned down.")
    version: int = strawberry.field(description="Goes up with each change.")
    account: LazyAccount | None = belongs_to(
        ACCOUNTS, "account_id", "Whose credit.", scope=Scope.ACCOUNTS_READ
    )
    transaction: LedgerTransaction | None = belongs_to(
        TRANSACTIONS, "journal_id", "What it became in the books.", scope=Scope.BALANCES_READ
    )

    @strawberry.field(description="How much; above zero gives or forgives, below takes or adds.")
    def amount(self) -> Money:
        return self.money("amount_micro")

    @strawberry.field(description="Which user asked for it; null when a program did.")
    def proposed_by_user_id(self) -> strawberry.ID | None:
        return optional_id("User", self.row["proposed_by"])

    @strawberry.field(description="With which API key it was asked for.")
    def proposed_by_api_key_id(self) -> strawberry.ID | None:
        return optional_id("ApiKey", self.row["proposed_by_key"])

    @strawberry.field(description="Which user decided; null when a program did.")
    def decided_by_user_id(self) -> strawberry.ID | None:
        return optional_id("User", self.row["decided_by"])

    @strawberry.field(description="With which API key it was decided.")
    def decided_by_api_key_id(self) -> strawberry.ID | None:
        return optional_id("ApiKey", self.row["decided_by_key"])


@strawberry.input(description="Credit to give an account by hand, or to take.")
class AdjustCreditInput:
    account_id: strawberry.ID = strawberry.field(description="Whose.")
    amount: MoneyAmount = strawberry.field(description="How much; above zero gives, below takes.")
    reason: str = strawberry.field(description="Why; 1 to 500 characters.")
    idempotency_key: str = strawberry.field(
        description="The same key asks for the same adjustment, and makes it once."
    )


@strawberry.input(description="Debt to add to what an account owes, or to forgive.")
class ChangeDebtInput:
    account_id: strawberry.ID = strawberry.field(description="Whose.")
    amount: MoneyAmount = strawberry.field(description="How much; above zero.")
    reason: str = strawberry.field(description="Why; 1 to 500 characters.")
    idempotency_key: str = strawberry.field(
        description="The same key asks for the same adjustment, and makes it once."
    )


@strawberry.input(description="A proposed adjustment to turn down.")
class RejectAdjustmentInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    reason: str | None = strawberry.field(
        default=None, description="Why, if it is to be said; 1 to 500 characters."
    )


@strawberry.type(description="How changing an adjustment ended.")
class AdjustmentPayload:
    adjustment: Adjustment | None = strawberry.field(description="The adjustment as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
