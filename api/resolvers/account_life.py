"""Suspending accounts, ending them, and taking them over."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import VersionInput, ended, seen
from api.permissions.requires import requires
from api.point_indexes import point_indexes
from api.schema.account_changes import AccountPayload
from api.schema.account_life import (
    ChangeTenancyInput,
    CloseAccountInput,
    EndingInput,
    ReopenAccountInput,
    ReverseSettlementInput,
    SettleAccountInput,
    SuspendAccountInput,
    TakeBackTenancyInput,
)
from api.schema.accounts import Account
from api.schema.subscribers import Subscriber
from api.schema.tariffs import Tariff
from db.enums import Scope
from db.ids import AccountId, PointId, SubscriberId, TariffId
from domain.accounts import closing, reopening, returning, settling, suspension
from domain.accounts.closing import Ending, Successor

Closed = Annotated[CloseAccountInput, strawberry.argument(description="Which, and how it ends.")]
Changed = Annotated[
    ChangeTenancyInput, strawberry.argument(description="How it ends, and who takes over.")
]
Reopened = Annotated[ReopenAccountInput, strawberry.argument(description="Which, and why.")]
TakenBack = Annotated[TakeBackTenancyInput, strawberry.argument(description="Which, and why.")]
Settled = Annotated[SettleAccountInput, strawberry.argument(description="Which account.")]
Reversed = Annotated[ReverseSettlementInput, strawberry.argument(description="Whose, and why.")]
Suspended = Annotated[SuspendAccountInput, strawberry.argument(description="Which, and why.")]
Which = Annotated[VersionInput, strawberry.argument(description="Which account.")]


@strawberry.type
class AccountLifeMutation:
    @strawberry.mutation(
        description="End an account: it is charged up to its final indexes, what is left is"
        " refunded, what lacks is claimed, and its metering points are free at once.",
        extensions=[requires(Scope.ACCOUNTS_WRITE)],
    )
    async def close_account(self, info: Info, input: Closed) -> AccountPayload | None:
        operation = closing.close(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            expected_version=input.expected_version,
            ending=Ending(
                at=input.closed_at,
                final_indexes=await _final_indexes(info, input),
                refund_by=input.refund_by,
                rolled_over=input.rolled_over,
            ),
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)

    @strawberry.mutation(
        description="End an account and open another in its place, both or neither; the new"
        " subscriber inherits no debt, and no energy falls between the two. Returns the new one.",
        extensions=[requires(Scope.ACCOUNTS_WRITE)],
    )
    async def change_tenancy(self, info: Info, input: Changed) -> AccountPayload | None:
        operation = closing.change_tenancy(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            expected_version=input.expected_version,
            ending=Ending(
                at=input.changed_at,
                final_indexes=await _final_indexes(info, input),
                refund_by=input.refund_by,
                rolled_over=input.rolled_over,
                at_path="changed_at",
            ),
            successor=await _successor(info, input),
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)

    @strawberry.mutation(
        description="Take the end of an account back, within 31 days and while no other account has"
        " taken its metering points: what they consumed since is charged to it, and what was"
        " settled is reversed.",
        extensions=[requires(Scope.ACCOUNTS_WRITE), requires(Scope.CREDIT_ADJUST)],
    )
    async def reopen_account(self, info: Info, input: Reopened) -> AccountPayload | None:
        operation = reopening.reopen(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            expected_version=input.expected_version,
            reason=input.reason,
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)

    @strawberry.mutation(
        description="Take a change of tenancy back within 31 days: the account that ended goes on"
        " as if nobody had taken over and is charged what the other was, and what was settled is"
        " reversed; the other ends, and gets back what it paid. An invoice that this one has not"
        " paid is paid by its own credit at the next month's end; it needs no credit note.",
        extensions=[requires(Scope.ACCOUNTS_WRITE), requires(Scope.CREDIT_ADJUST)],
    )
    async def take_back_tenancy(self, info: Info, input: TakenBack) -> AccountPayload | None:
        operation = returning.take_back(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            expected_version=input.expected_version,
            reason=input.reason,
            refund_by=input.refund_by,
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)

    @strawberry.mutation(
        description="Settle what came to an account after its end, from late readings, say.",
        extensions=[requires(Scope.CREDIT_ADJUST)],
    )
    async def settle_account(self, info: Info, input: Settled) -> AccountPayload | None:
        operation = settling.settle_closed(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            refund_by=input.refund_by,
            idempotency_key=input.idempotency_key,
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)

    @strawberry.mutation(
        description="Undo the last settlement of an account by its exact opposite; `settleAccount`"
        " then makes another.",
        extensions=[requires(Scope.CREDIT_ADJUST)],
    )
    async def reverse_settlement(self, info: Info, input: Reversed) -> AccountPayload | None:
        operation = settling.reverse_settlement(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            reason=input.reason,
            idempotency_key=input.idempotency_key,
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)

    @strawberry.mutation(
        description="Suspend an account: its energy is charged on, but nobody is warned and"
        " nothing bought by itself.",
        extensions=[requires(Scope.ACCOUNTS_WRITE)],
    )
    async def suspend_account(self, info: Info, input: Suspended) -> AccountPayload | None:
        operation = suspension.suspend(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            expected_version=input.expected_version,
            reason=input.reason,
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)

    @strawberry.mutation(
        description="Take the suspension of an account back.",
        extensions=[requires(Scope.ACCOUNTS_WRITE)],
    )
    async def resume_account(self, info: Info, input: Which) -> AccountPayload | None:
        operation = suspension.resume(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            expected_version=input.expected_version,
        )
        return await ended(info, AccountPayload, Account, operation)


async def _final_indexes(info: Info, input: EndingInput) -> dict[PointId, int]:
    indexes = [(point.metering_point_id, point.final_index) for point in input.points]
    return await point_indexes(info, indexes)


async def _successor(info: Info, input: ChangeTenancyInput) -> Successor:
    tariff_id: TariffId | None = None
    if input.tariff_id is not None:
        tariff_id = TariffId(await seen(info, Tariff, input.tariff_id, argument="input.tariffId"))
    return Successor(
        number=input.number,
        subscriber_id=SubscriberId(
            await seen(info, Subscriber, input.subscriber_id, argument="input.subscriberId")
        ),
        tariff_id=tariff_id,
        billing_mode=input.billing_mode,
        warning_limit=input.warning_limit,
        cut_off_limit=input.cut_off_limit,
        reconnect_limit=input.reconnect_limit,
        category=input.category,
    )
