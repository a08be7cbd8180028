"""Inputs of suspending accounts, ending them, and taking them over."""

import strawberry

from api.mutations import VersionInput
from api.schema.scalars import DateTime, Kwh, MoneyAmount
from db.enums import BillingMode, RefundWay


@strawberry.input(description="A metering point that an account paid for.")
class ClosingPointInput:
    metering_point_id: strawberry.ID = strawberry.field(description="Which one.")
    final_index: Kwh = strawberry.field(
        description="Its meter's total register at the end; 0 without a meter."
    )


@strawberry.input(description="How an account ends, whatever comes after.")
class EndingInput(VersionInput):
    points: list[ClosingPointInput] = strawberry.field(
        description="All the metering points that it pays for, each once."
    )
    rolled_over: bool = strawberry.field(
        default=False,
        description="Whether a register may have started again at zero since it was last read.",
    )


@strawberry.input(description="How an account ends.")
class CloseAccountInput(EndingInput):
    closed_at: DateTime = strawberry.field(
        description="When it ends; never in the future, nor before what is charged already."
    )
    refund_by: RefundWay = strawberry.field(
        default=RefundWay.BANK,
        description="How what is left is paid out; what lacks becomes the account's debt.",
    )


@strawberry.input(description="How an account ends, and who takes over at the same instant.")
class ChangeTenancyInput(EndingInput):
    id: strawberry.ID = strawberry.field(description="The account that ends.")
    changed_at: DateTime = strawberry.field(
        description="When; never in the future, nor before what is charged already."
    )
    refund_by: RefundWay = strawberry.field(
        default=RefundWay.BANK,
        description="How what is left is paid out; what lacks stays the former subscriber's debt.",
    )
    number: str = strawberry.field(description="What the company calls the new account.")
    subscriber_id: strawberry.ID = strawberry.field(description="Who pays from then on.")
    tariff_id: strawberry.ID | None = strawberry.field(
        default=None, description="By which prices; as before if left out."
    )
    billing_mode: BillingMode | None = strawberry.field(
        default=None, description="Whether it pays before or after; as before if left out."
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
        description="Of what kind the new account's use is: what taxes may exempt; none if left"
        " out, whatever it was before.",
    )


@strawberry.input(description="An account that ended by mistake.")
class ReopenAccountInput(VersionInput):
    reason: str = strawberry.field(description="Why; it stays in the books.")


@strawberry.input(description="An account that another took over by mistake.")
class TakeBackTenancyInput(VersionInput):
    id: strawberry.ID = strawberry.field(description="The account that ended, and goes on.")
    reason: str = strawberry.field(description="Why; it stays in the books.")
    refund_by: RefundWay = strawberry.field(
        default=RefundWay.BANK,
        description="How what the other account paid is paid out; what it owes becomes its debt.",
    )


@strawberry.input(description="An account to settle.")
class SettleAccountInput:
    id: strawberry.ID = strawberry.field(description="One that has ended.")
    idempotency_key: str = strawberry.field(
        description="The client's name for this wish: repeated, it is done once."
    )
    refund_by: RefundWay = strawberry.field(
        default=RefundWay.BANK, description="How what is left is paid out."
    )


@strawberry.input(description="A settlement to undo.")
class ReverseSettlementInput:
    id: strawberry.ID = strawberry.field(description="The account whose last one it is.")
    idempotency_key: str = strawberry.field(
        description="The client's name for this wish: repeated, it is done once."
    )
    reason: str = strawberry.field(description="Why; it stays in the books.")


@strawberry.input(description="An account to suspend.")
class SuspendAccountInput(VersionInput):
    reason: str = strawberry.field(description="Why.")
