"""Opening and changing accounts."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import changes_of, ended, seen
from api.permissions.requires import requires
from api.point_indexes import point_indexes
from api.schema.account_changes import (
    AccountPayload,
    OpenAccountInput,
    UpdateAccountInput,
)
from api.schema.accounts import Account
from api.schema.premises import Premises
from api.schema.subscribers import Subscriber
from api.schema.tariffs import Tariff
from db.enums import Scope
from db.ids import AccountId, PremisesId, SubscriberId, TariffId
from domain.accounts import operations as accounts

Opened = Annotated[OpenAccountInput, strawberry.argument(description="The account.")]
Updated = Annotated[UpdateAccountInput, strawberry.argument(description="What changes.")]


@strawberry.type
class AccountMutation:
    @strawberry.mutation(
        description="Open an account over metering points; what they consume from then on is"
        " charged to it.",
        extensions=[requires(Scope.ACCOUNTS_WRITE)],
    )
    async def open_account(self, info: Info, input: Opened) -> AccountPayload | None:
        subscriber_id = await seen(
            info, Subscriber, input.subscriber_id, argument="input.subscriberId"
        )
        premises_id = await seen(info, Premises, input.premises_id, argument="input.premisesId")
        tariff_id = None
        if input.tariff_id is not None:
            tariff_id = await seen(info, Tariff, input.tariff_id, argument="input.tariffId")
        indexes = [(point.metering_point_id, point.opening_index) for point in input.points]
        operation = accounts.open_account(
            company_id=info.context.signed_in.company_id,
            number=input.number,
            subscriber_id=SubscriberId(subscriber_id),
            premises_id=PremisesId(premises_id),
            tariff_id=None if tariff_id is None else TariffId(tariff_id),
            points=await point_indexes(info, indexes),
            opened_at=input.opened_at,
            billing_mode=input.billing_mode,
            warning_limit=input.warning_limit,
            cut_off_limit=input.cut_off_limit,
            reconnect_limit=input.reconnect_limit,
            category=input.category,
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)

    @strawberry.mutation(
        description="Change what is agreed about an account.",
        extensions=[requires(Scope.ACCOUNTS_WRITE)],
    )
    async def update_account(self, info: Info, input: Updated) -> AccountPayload | None:
        operation = accounts.update(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(await seen(info, Account, input.id)),
            expected_version=input.expected_version,
            changes=changes_of(input),
            now=info.context.clock(),
        )
        return await ended(info, AccountPayload, Account, operation)
