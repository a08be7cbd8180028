"""Debt beside the balance: what staff adds, and what it forgives; top-ups pay it (ADR 9).

Both are adjustments: with a reason, and above the company's limit by two people.
"""

from datetime import datetime
from decimal import Decimal

from db.enums import LedgerAccountKind
from db.ids import AccountId, AdjustmentId, CompanyId
from domain.hands import Hand
from domain.ledger.adjustments import adjust
from domain.refusals import InvalidValue


async def add(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    amount: Decimal,
    reason: str,
    idempotency_key: str,
    hand: Hand,
    now: datetime,
) -> AdjustmentId:
    """Let an account owe more. amount: major units, above zero. Retries as `adjust`.

    :raises IdempotencyConflict, InvalidValue, NotThere: nothing was written
    """
    return await adjust(
        company_id=company_id,
        account_id=account_id,
        amount=-_positive(amount),
        reason=reason,
        idempotency_key=idempotency_key,
        hand=hand,
        now=now,
        side=LedgerAccountKind.DEBT,
    )


async def forgive(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    amount: Decimal,
    reason: str,
    idempotency_key: str,
    hand: Hand,
    now: datetime,
) -> AdjustmentId:
    """Write off what an account owes. amount: major units, above zero. Retries as `adjust`.

    :raises MoreThanOwed, IdempotencyConflict, InvalidValue, NotThere: nothing was written
    """
    return await adjust(
        company_id=company_id,
        account_id=account_id,
        amount=_positive(amount),
        reason=reason,
        idempotency_key=idempotency_key,
        hand=hand,
        now=now,
        side=LedgerAccountKind.DEBT,
    )


def _positive(amount: Decimal) -> Decimal:
    if amount <= 0:
        raise InvalidValue("amount", expected="an amount above zero")
    return amount
