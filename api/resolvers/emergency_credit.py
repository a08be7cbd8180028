"""Borrowing near the limit."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import ended, seen
from api.permissions.requires import requires
from api.schema.account_changes import AccountPayload, RequestEmergencyCreditInput
from api.schema.accounts import Account
from db.enums import Scope
from db.ids import AccountId
from domain.accounts import emergency_credit

Wanted = Annotated[RequestEmergencyCreditInput, strawberry.argument(description="Whose.")]


@strawberry.type
class EmergencyCreditMutation:
    @strawberry.mutation(
        description="Lend an account the emergency credit that it is offered; later top-ups repay"
        " it, and only then there is more. Sending it again changes nothing.",
        extensions=[requires(Scope.CREDIT_BORROW)],
    )
    async def request_emergency_credit(self, info: Info, input: Wanted) -> AccountPayload | None:
        account_id = await seen(info, Account, input.account_id, argument="input.accountId")
        operation = emergency_credit.borrow(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(account_id),
            idempotency_key=input.idempotency_key,
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)
