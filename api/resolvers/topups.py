"""Buying credit, giving money back, and cards that pay."""

from typing import Annotated

import strawberry

from api.context import Info
from api.errors import Forbidden, NotFound
from api.mutations import current, ended, seen, user_error
from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.paging import Connection
from api.schema.relations import listed
from api.schema.topup_changes import (
    AutomaticTopUpPayload,
    RefundTopUpInput,
    RefundTopUpPayload,
    RemoveSavedCardInput,
    SavedCardPayload,
    SetAutomaticTopUpInput,
    StartTopUpInput,
    StartTopUpPayload,
)
from api.schema.topups import AutomaticTopUp, SavedCard, TopUp, TopUpRefund
from db.enums import Scope
from db.ids import AccountId, SavedCardId, TopUpId
from domain import refusals
from domain.refusals import Refused
from domain.topups import automatic, cards, refunds, starting
from domain.topups.listings import SAVED_CARDS, TOP_UPS
from domain.topups.wishes import Wish

Wanted = Annotated[StartTopUpInput, strawberry.argument(description="What to buy.")]
Refunded = Annotated[RefundTopUpInput, strawberry.argument(description="What to give back.")]
Removed = Annotated[RemoveSavedCardInput, strawberry.argument(description="Which card.")]
Automatic = Annotated[SetAutomaticTopUpInput, strawberry.argument(description="What to buy.")]


@strawberry.type
class TopUpQuery:
    top_ups: Connection[TopUp] | None = listed(
        TOP_UPS, "Top-ups, the newest first.", scope=Scope.TOPUPS_READ
    )
    saved_cards: Connection[SavedCard] | None = listed(
        SAVED_CARDS,
        "Cards that were saved, the newest first, removed ones included.",
        scope=Scope.TOPUPS_READ,
    )


@strawberry.type
class TopUpMutation:
    @strawberry.mutation(
        description="Start buying credit. A saved card pays for its owner alone.",
        extensions=[requires(Scope.TOPUPS_WRITE)],
    )
    async def start_top_up(self, info: Info, input: Wanted) -> StartTopUpPayload | None:
        account_id = await seen(info, Account, input.account_id, argument="input.accountId")
        operation = starting.start(
            company_id=info.context.signed_in.company_id,
            wish=Wish(
                account_id=AccountId(account_id),
                amount=input.amount,
                way=input.way,
                card_id=await _own_card(info, input.saved_card_id),
                save_card=input.save_card,
                return_url=input.return_url,
                instalments=input.instalments,
            ),
            idempotency_key=input.idempotency_key,
            gateways=info.context.equipment.gateways,
            now=info.context.clock(),
        )
        try:
            started = await operation
        except refusals.NotThere as error:
            raise NotFound from error
        except Refused as refusal:
            errors = [await user_error(info, TopUp, refusal)]
            return StartTopUpPayload(
                top_up=None, checkout_url=None, client_secret=None, user_errors=errors
            )
        info.context.forget()
        top_up = await current(info, TopUp, started.top_up_id)
        return StartTopUpPayload(
            top_up=top_up,  # type: ignore[arg-type] # `current` returns what it is asked for
            checkout_url=started.url,
            client_secret=started.client_secret,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Give back what was paid for credit. The account does without it at once, and"
        " gets it back if the refund fails.",
        extensions=[requires(Scope.TOPUPS_REFUND)],
    )
    async def refund_top_up(self, info: Info, input: Refunded) -> RefundTopUpPayload | None:
        top_up_id = await seen(info, TopUp, input.top_up_id, argument="input.topUpId")
        operation = refunds.refund(
            company_id=info.context.signed_in.company_id,
            top_up_id=TopUpId(top_up_id),
            amount=input.amount,
            reason=input.reason,
            idempotency_key=input.idempotency_key,
            gateways=info.context.equipment.gateways,
            now=info.context.clock(),
        )
        return await ended(info, RefundTopUpPayload, TopUpRefund, operation)

    @strawberry.mutation(
        description="Remove a saved card, here and at the provider. Repeating is safe.",
        extensions=[requires(Scope.TOPUPS_WRITE)],
    )
    async def remove_saved_card(self, info: Info, input: Removed) -> SavedCardPayload | None:
        operation = cards.remove(
            company_id=info.context.signed_in.company_id,
            card_id=SavedCardId(await seen(info, SavedCard, input.id)),
            gateways=info.context.equipment.gateways,
            now=info.context.clock(),
        )
        return await ended(info, SavedCardPayload, SavedCard, operation)

    @strawberry.mutation(
        description="Let credit be bought with a saved card whenever it runs low, or not any more."
        " Only a subscriber may, for an own account.",
        extensions=[requires(Scope.TOPUPS_WRITE)],
    )
    async def set_automatic_top_up(
        self, info: Info, input: Automatic
    ) -> AutomaticTopUpPayload | None:
        account_id = await seen(info, Account, input.account_id, argument="input.accountId")
        card_id = await _own_card(info, input.saved_card_id)
        operation = automatic.set_automatic(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(account_id),
            card_id=SavedCardId(card_id or 0),
            threshold=input.threshold,
            amount=input.amount,
            active=input.active,
            expected_version=input.expected_version,
        )
        return await ended(info, AutomaticTopUpPayload, AutomaticTopUp, operation)


async def _own_card(info: Info, id: str | None) -> SavedCardId | None:
    """Return the row's id of a card that is to pay.

    :raises Forbidden: the caller is not its owner
    """
    if id is None:
        return None
    row_id = await seen(info, SavedCard, id, argument="input.savedCardId")
    if info.context.signed_in.subscriber_id is None:
        raise Forbidden
    return SavedCardId(row_id)
