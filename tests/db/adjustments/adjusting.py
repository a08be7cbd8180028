"""Adjusting credit by hand, and deciding about it."""

from decimal import Decimal
from itertools import count
from typing import Any

from db.ids import AdjustmentId, UserId
from domain.hands import Hand
from domain.ledger import adjustments
from domain.ledger.queries import balance_of
from tests.db.rows import fetch
from tests.factories import NOW, Place, account_of

_numbers = count(1)


async def somebody() -> Hand:
    ((user_id,),) = await fetch(
        "insert into app_user (email, name, created_at) values ($1, 'Deniz', $2) returning id",
        f"hand{next(_numbers)}@example.com",
        NOW,
    )
    return Hand(user_id=UserId(user_id))


async def adjust(place: Place, amount: str, hand: Hand, /, **changes: Any) -> AdjustmentId:
    given: dict[str, Any] = {
        "company_id": place.company_id,
        "account_id": account_of(place),
        "amount": Decimal(amount),
        "reason": "a meter that ran too fast",
        "idempotency_key": "one",
        "hand": hand,
        "now": NOW,
    }
    return await adjustments.adjust(**given | changes)


async def approve(
    place: Place, adjustment_id: AdjustmentId, hand: Hand, version: int = 1
) -> AdjustmentId:
    return await adjustments.approve(
        company_id=place.company_id,
        adjustment_id=adjustment_id,
        expected_version=version,
        hand=hand,
        now=NOW,
    )


async def reject(place: Place, adjustment_id: AdjustmentId, hand: Hand) -> AdjustmentId:
    return await adjustments.reject(
        company_id=place.company_id,
        adjustment_id=adjustment_id,
        expected_version=1,
        reason="not proven",
        hand=hand,
        now=NOW,
    )


async def balance(place: Place) -> Decimal:
    return await balance_of(company_id=place.company_id, account_id=account_of(place))


async def state(adjustment_id: AdjustmentId) -> str:
    ((found,),) = await fetch("select state from adjustment where id = $1", adjustment_id)
    return str(found)
