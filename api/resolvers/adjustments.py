"""Giving and taking credit by hand."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import VersionInput, ended, seen
from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.adjustments import (
    AdjustCreditInput,
    Adjustment,
    AdjustmentPayload,
    ChangeDebtInput,
    RejectAdjustmentInput,
)
from db.enums import Scope
from db.ids import AccountId, AdjustmentId
from domain.ledger import adjustments, debts

Adjusted = Annotated[AdjustCreditInput, strawberry.argument(description="What is to change.")]
Owed = Annotated[ChangeDebtInput, strawberry.argument(description="Whose, and how much.")]
Which = Annotated[VersionInput, strawberry.argument(description="Which adjustment.")]
Rejected = Annotated[RejectAdjustmentInput, strawberry.argument(description="Which adjustment.")]


@strawberry.type
class AdjustmentMutation:
    @strawberry.mutation(
        description="Give an account credit by hand, or take some. Above the company's limit it is"
        " only proposed, and a second person decides.",
        extensions=[requires(Scope.CREDIT_ADJUST)],
    )
    async def adjust_credit(self, info: Info, input: Adjusted) -> AdjustmentPayload | None:
        caller = info.context.signed_in
        account_id = await seen(info, Account, input.account_id, argument="input.accountId")
        operation = adjustments.adjust(
            company_id=caller.company_id,
            account_id=AccountId(account_id),
            amount=input.amount,
            reason=input.reason,
            idempotency_key=input.idempotency_key,
            hand=caller.hand,
            now=info.context.clock(),
        )
        return await ended(info, AdjustmentPayload, Adjustment, operation)

    @strawberry.mutation(
        description="Let an account owe more beside its balance; later top-ups pay it. Above the"
        " company's limit it is only proposed, and a second person decides.",
        extensions=[requires(Scope.CREDIT_ADJUST)],
    )
    async def add_debt(self, info: Info, input: Owed) -> AdjustmentPayload | None:
        return await _change_debt(info, input, debts.add)

    @strawberry.mutation(
        description="Write off what an account owes beside its balance. Above the company's limit"
        " it is only proposed, and a second person decides.",
        extensions=[requires(Scope.CREDIT_ADJUST)],
    )
    async def forgive_debt(self, info: Info, input: Owed) -> AdjustmentPayload | None:
        return await _change_debt(info, input, debts.forgive)

    @strawberry.mutation(
        description="Let an adjustment that somebody else proposed come true.",
        extensions=[requires(Scope.CREDIT_APPROVE)],
    )
    async def approve_adjustment(self, info: Info, input: Which) -> AdjustmentPayload | None:
        caller = info.context.signed_in
        operation = adjustments.approve(
            company_id=caller.company_id,
            adjustment_id=AdjustmentId(await seen(info, Adjustment, input.id)),
            expected_version=input.expected_version,
            hand=caller.hand,
            now=info.context.clock(),
        )
        return await ended(info, AdjustmentPayload, Adjustment, operation)

    @strawberry.mutation(
        description="Turn an adjustment that somebody else proposed down, for good.",
        extensions=[requires(Scope.CREDIT_APPROVE)],
    )
    async def reject_adjustment(self, info: Info, input: Rejected) -> AdjustmentPayload | None:
        caller = info.context.signed_in
        operation = adjustments.reject(
            company_id=caller.company_id,
            adjustment_id=AdjustmentId(await seen(info, Adjustment, input.id)),
            expected_version=input.expected_version,
            reason=input.reason,
            hand=caller.hand,
            now=info.context.clock(),
        )
        return await ended(info, AdjustmentPayload, Adjustment, operation)


async def _change_debt(
    info: Info, input: ChangeDebtInput, change: Callable[..., Awaitable[AdjustmentId]]
) -> AdjustmentPayload | None:
    caller = info.context.signed_in
    account_id = await seen(info, Account, input.account_id, argument="input.accountId")
    operation = change(
        company_id=caller.company_id,
        account_id=AccountId(account_id),
        amount=input.amount,
        reason=input.reason,
        idempotency_key=input.idempotency_key,
        hand=caller.hand,
        now=info.context.clock(),
    )
    return await ended(info, AdjustmentPayload, Adjustment, operation)
