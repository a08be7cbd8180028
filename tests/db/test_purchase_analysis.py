"""How much credit was bought: what was given back, in whichever way, counts against it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from db.enums import JournalKind, LedgerAccountKind, PurchaseGrouping
from domain.invoices.analysis import Purchases, purchases
from domain.ledger.operations import credit_cash
from domain.ledger.posting import post
from domain.ledger.reversal import reverse
from domain.ledger.rules import Line, Posting
from domain.listing import Wall
from domain.topups.rules import dispute_lines, refund_lines
from tests.factories import NOW, Place, account_of, make_place

DAY = timedelta(days=1)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


async def book(place: Place, kind: JournalKind, lines: list[Line]) -> None:
    async with access.tenant(place.company_id) as connection:
        posting = Posting(
            company_id=place.company_id,
            kind=kind,
            idempotency_key="one",
            request="",
            occurred_at=NOW,
            lines=lines,
        )
        await post(connection, posting, now=NOW)


async def by_method(place: Place) -> list[tuple[JournalKind | None, Decimal, int]]:
    wall = Wall(lambda _: "true", {"company": place.company_id, "now": NOW})
    async with access.reading(place.company_id) as connection:
        found: list[Purchases] = list(
            await purchases(
                connection,
                start=NOW - DAY,
                end=NOW + DAY,
                grouping=PurchaseGrouping.METHOD,
                wall=wall,
            )
        )
    return [(one.kind, one.amount, one.purchases) for one in found]


async def test_what_was_refunded_or_disputed_counts_against_what_was_bought(place: Place) -> None:
    account_id = account_of(place)
    bought = [
        Line(LedgerAccountKind.CREDIT, Decimal(70), account_id),
        Line(LedgerAccountKind.DEBT, Decimal(30), account_id),
        Line(LedgerAccountKind.PROVIDER_CLEARING, Decimal(-100)),
    ]
    held = dispute_lines(account_id, held=Decimal(25), gone=Decimal(0), fee=Decimal(0))

    await book(place, JournalKind.TOP_UP, bought)
    await book(place, JournalKind.REFUND, refund_lines(account_id, Decimal(40)))
    await book(place, JournalKind.DISPUTE, held)

    assert await by_method(place) == [(JournalKind.TOP_UP, Decimal(35), 1)]


async def test_what_was_reversed_counts_against_what_was_bought(place: Place) -> None:
    journals = [
        await credit_cash(
            company_id=place.company_id,
            account_id=account_of(place),
            amount=Decimal(amount),
            idempotency_key=str(amount),
            occurred_at=NOW,
        )
        for amount in (10, 20)
    ]
    async with access.tenant(place.company_id) as connection:
        await reverse(
            connection,
            company_id=place.company_id,
            journal_id=journals[0],
            reason="false money",
            now=NOW,
        )

    assert await by_method(place) == [(JournalKind.CASH_TOP_UP, Decimal(20), 2)]
