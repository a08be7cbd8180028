"""Transactions as a test writes them, and what stands in the books then."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from db import access
from db.enums import JournalKind, LedgerAccountKind
from db.ids import JournalId
from domain.ledger.posting import Posted, post_all
from domain.ledger.reversal import reverse
from domain.ledger.rules import Line, Posting
from tests.db.rows import fetch
from tests.factories import NOW, Place, account_of

LATER = NOW + timedelta(hours=1)


def cash(place: Place, amount: str, key: str = "one", number: int = 0, **rest: Any) -> Posting:
    return Posting(
        company_id=place.company_id,
        kind=rest.pop("kind", JournalKind.CASH_TOP_UP),
        idempotency_key=key,
        request=rest.pop("request", f"{amount} to {number}"),
        occurred_at=NOW,
        lines=[
            Line(LedgerAccountKind.CREDIT, Decimal(amount), account_of(place, number)),
            Line(LedgerAccountKind.CASH, -Decimal(amount)),
        ],
        **rest,
    )


def adjustment(place: Place, *lines: Line, key: str = "one") -> Posting:
    return Posting(
        company_id=place.company_id,
        kind=JournalKind.ADJUSTMENT,
        idempotency_key=key,
        request=key,
        occurred_at=NOW,
        lines=lines,
        reason="as a test needs it",
    )


async def posted(place: Place, *postings: Posting) -> list[Posted]:
    async with access.tenant(place.company_id) as connection:
        return await post_all(connection, postings, now=LATER)


async def undo(place: Place, journal_id: JournalId, reason: str = "typed twice") -> JournalId:
    async with access.tenant(place.company_id) as connection:
        return await reverse(
            connection,
            company_id=place.company_id,
            journal_id=journal_id,
            reason=reason,
            now=LATER,
        )


async def standing(place: Place, number: int = 0) -> Sequence[int]:
    """Return balance, debt, emergency credit used and payments in flight, in millionths."""
    (row,) = await fetch(
        "select balance_micro, debt_micro, emergency_used_micro, in_flight_micro"
        " from account_balance where account_id = $1",
        account_of(place, number),
    )
    return row
