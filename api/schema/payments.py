"""Payments of invoices, and what banks say was transferred."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.context import Info
from api.schema.invoices import Allocation, Invoice
from api.schema.ledger import LedgerTransaction
from api.schema.money import Money
from api.schema.node import Node
from api.schema.relations import belongs_to
from api.schema.scalars import DateTime, LocalDate, MoneyAmount
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import (
    JournalKind,
    PaymentMethod,
    PaymentState,
    Scope,
    StatementFormat,
    TransferState,
)
from domain.accounts.queries import ACCOUNTS
from domain.invoices.listings import INVOICES
from domain.ledger.listings import TRANSACTIONS
from domain.money import major
from domain.payments.listings import PAYMENTS, TRANSFERS

if TYPE_CHECKING:
    from api.schema.accounts import Account

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]


@strawberry.type(description="Money that somebody brought for an account.")
class Payment(Node, listing=PAYMENTS, scope=Scope.INVOICES_READ):
    method: PaymentMethod = strawberry.field(description="How it was paid.")
    reference: str | None = strawberry.field(description="What it is called where it came from.")
    received_at: DateTime = strawberry.field(description="When it came.")
    recorded_at: DateTime = strawberry.field(description="When somebody told of it.")
    state: PaymentState = strawberry.field(description="Whether it counts.")
    reversal_reason: str | None = strawberry.field(description="Why it was reversed.")
    version: int = strawberry.field(description="Goes up with each change, and with what it pays.")
    account: LazyAccount | None = belongs_to(
        ACCOUNTS, "account_id", "Whose it is.", scope=Scope.ACCOUNTS_READ
    )
    transaction: LedgerTransaction | None = belongs_to(
        TRANSACTIONS,
        "journal_id",
        "What it is in the books. What it bought besides paying invoices is a transaction of its"
        " own, which its allocations name.",
        scope=Scope.BALANCES_READ,
    )
    reversal: LedgerTransaction | None = belongs_to(
        TRANSACTIONS, "reversal_id", "What undid it there.", scope=Scope.BALANCES_READ
    )

    @strawberry.field(description="How much came.")
    def amount(self) -> Money:
        return self.money("amount_micro")

    @strawberry.field(description="How much of it pays no invoice yet; the next ones take it.")
    def unallocated(self) -> Money:
        left = self.row["amount_micro"] - self.row["allocated_micro"]
        left = left if self.row["state"] == PaymentState.POSTED else 0
        return Money.of(major(left), self.row["currency"])

    @strawberry.field(description="What it pays.")
    async def allocations(self, info: Info) -> list[Allocation]:
        rows = await info.context.loaders.allocations("payment_id").load(self.row_id)
        return [Allocation.of(row) for row in rows]


@strawberry.type(description="Money that a bank says has come.")
class BankTransfer(Node, listing=TRANSFERS, scope=Scope.PAYMENTS_READ):
    booked_date: LocalDate = strawberry.field(description="When the bank had it.")
    text: str = strawberry.field(description="What the payer wrote; empty once that is forgotten.")
    bank_reference: str | None = strawberry.field(description="What the bank calls it.")
    state: TransferState = strawberry.field(description="What became of it.")
    imported_at: DateTime = strawberry.field(description="When it was taken in.")
    ignored_because: str | None = strawberry.field(description="Why it pays nothing.")
    version: int = strawberry.field(description="Goes up with each change.")
    payment: Payment | None = belongs_to(
        PAYMENTS, "payment_id", "What it became.", scope=Scope.INVOICES_READ
    )
    suggested_invoice: Invoice | None = belongs_to(
        INVOICES,
        "suggested_invoice_id",
        "The one open invoice of just this amount.",
        scope=Scope.INVOICES_READ,
    )

    @strawberry.field(description="How much.")
    def amount(self) -> Money:
        return self.money("amount_micro")


@strawberry.type(description="How much credit was bought, of one group.")
class CreditPurchases:
    amount: Money = strawberry.field(description="How much, less what was undone.")
    purchase_count: int = strawberry.field(description="How often, what was undone included.")
    month: LocalDate | None = strawberry.field(
        description="The first day of the local month, if it is by period."
    )
    branch_id: strawberry.ID | None = strawberry.field(description="Which branch, if by branch.")
    field_id: strawberry.ID | None = strawberry.field(description="Which field, if by field.")
    method: JournalKind | None = strawberry.field(
        description="As which kind of transaction, if by method."
    )


@strawberry.input(description="Money that somebody brought.")
class RecordPaymentInput:
    account_id: strawberry.ID = strawberry.field(description="For which account.")
    invoice_id: strawberry.ID | None = strawberry.field(
        default=None, description="What it pays first; the oldest due if left out."
    )
    amount: MoneyAmount = strawberry.field(description="How much, in whole minor units.")
    method: PaymentMethod = strawberry.field(description="How it was paid.")
    reference: str | None = strawberry.field(
        default=None, description="What it is called where it came from, such as a receipt."
    )
    received_at: DateTime = strawberry.field(description="When it came; never in the future.")
    idempotency_key: str = strawberry.field(
        description="The same key asks for the same payment, and makes it once."
    )


@strawberry.input(description="A payment to undo.")
class ReversePaymentInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    reason: str = strawberry.field(description="Why; 1 to 500 characters.")


@strawberry.input(description="How much of a payment is to pay an invoice.")
class AllocationInput:
    invoice_id: strawberry.ID = strawberry.field(description="Which invoice of its account.")
    amount: MoneyAmount = strawberry.field(description="How much, in whole minor units.")


@strawberry.input(description="What a payment is to pay, instead of what it pays.")
class AllocatePaymentInput:
    id: strawberry.ID = strawberry.field(description="Which payment.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    allocations: list[AllocationInput] = strawberry.field(
        description="All that it is to pay; what is left waits for the next invoice."
    )


@strawberry.input(description="A statement of a bank.")
class ImportBankStatementInput:
    upload_id: strawberry.ID = strawberry.field(description="The `Upload` that was sent.")
    format: StatementFormat = strawberry.field(description="How it is written.")


@strawberry.input(description="Whose money a bank transfer is.")
class MatchBankTransferInput:
    id: strawberry.ID = strawberry.field(description="Which transfer.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    account_id: strawberry.ID = strawberry.field(description="Whose.")
    invoice_id: strawberry.ID | None = strawberry.field(
        default=None, description="What it pays first; the oldest due if left out."
    )


@strawberry.input(description="A bank transfer that pays nothing here.")
class IgnoreBankTransferInput:
    id: strawberry.ID = strawberry.field(description="Which transfer.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    reason: str = strawberry.field(description="Why; 1 to 500 characters.")


@strawberry.type(description="How changing a payment ended.")
class PaymentPayload:
    payment: Payment | None = strawberry.field(description="The payment as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.type(description="How deciding about a bank transfer ended.")
class BankTransferPayload:
    bank_transfer: BankTransfer | None = strawberry.field(description="The transfer as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
