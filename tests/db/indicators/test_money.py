"""Money that was paid is told at once, by its side, and to the last digit."""

import asyncio
from decimal import Decimal

from db import access
from db.enums import JournalKind, LedgerAccountKind
from domain.analytics.checks import verify
from domain.analytics.folding import fold
from domain.analytics.rules import IndicatorGrouping
from domain.ledger.posting import post
from domain.ledger.reversal import reverse
from domain.ledger.rules import Line, Posting
from tests.credit import pay
from tests.db.indicators.telling import DAY, NOTHING, TODAY, today, told, waiting
from tests.factories import NOW, Place, account_of


async def test_what_is_paid_is_told_at_once_and_is_the_same_once_it_is_folded(
    place: Place,
) -> None:
    await pay(place, "10.5")
    await pay(place, "0.000001", key="two", number=1)

    before = await today(place)
    folded = await fold()

    assert folded == 2
    assert await waiting() == 0
    assert (before.paid, before.paid_back, before.payments) == (Decimal("10.500001"), NOTHING, 2)
    assert await today(place) == before
    assert await verify() == []


async def test_what_is_folded_and_what_waits_are_added(place: Place) -> None:
    await pay(place, "10")
    await fold()
    await pay(place, "5", key="two")

    bucket = await today(place)

    assert (bucket.paid, bucket.payments) == (Decimal(15), 2)
    assert await verify() == []


async def test_a_retried_payment_counts_once(place: Place) -> None:
    await pay(place, "10")
    await fold()
    await pay(place, "10")

    assert await waiting() == 0
    assert (await today(place)).payments == 1


async def test_any_kind_of_payment_counts_by_its_side(place: Place) -> None:
    lines = [
        Line(LedgerAccountKind.CREDIT, Decimal(8), account_of(place)),
        Line(LedgerAccountKind.PROVIDER_CLEARING, Decimal(-8)),
    ]
    payout = [
        Line(LedgerAccountKind.PROVIDER_CLEARING, Decimal(8)),
        Line(LedgerAccountKind.BANK, Decimal(-8)),
    ]
    async with access.tenant(place.company_id) as connection:
        for key, one in {"paid": lines, "payout": payout}.items():
            posting = Posting(
                company_id=place.company_id,
                kind=JournalKind.SETTLEMENT,
                idempotency_key=key,
                request=key,
                occurred_at=NOW,
                lines=one,
            )
            await post(connection, posting, now=NOW)

    bucket = await today(place)
    by_field = await told(place, TODAY, TODAY + DAY, by=IndicatorGrouping.FIELD)

    assert (bucket.paid, bucket.paid_back, bucket.payments) == (Decimal(8), NOTHING, 1)
    assert [len(bucket.movements), len(by_field[place.field_id][0].movements)] == [4, 2]


async def test_a_reversal_is_money_that_went_back(place: Place) -> None:
    journal_id = await pay(place, "10")
    await fold()
    async with access.tenant(place.company_id) as connection:
        await reverse(
            connection,
            company_id=place.company_id,
            journal_id=journal_id,
            reason="never paid",
            now=NOW,
        )

    bucket = await today(place)

    assert (bucket.paid, bucket.paid_back, bucket.payments) == (Decimal(10), Decimal(10), 1)
    assert {one.kind for one in bucket.movements} == {
        JournalKind.CASH_TOP_UP,
        JournalKind.REVERSAL,
    }


async def test_money_is_told_exactly_while_others_post_and_fold(place: Place) -> None:
    done = asyncio.Event()
    seen: list[int] = []

    async def write(number: int) -> None:
        for step in range(15):
            await pay(place, "1", key=f"{number}/{step}", number=step % 2)

    async def fold_on() -> None:
        while not done.is_set():
            await fold()

    async def look() -> None:
        while not done.is_set():
            bucket = await today(place)
            assert bucket.paid == bucket.payments
            seen.append(bucket.payments)

    folding = [asyncio.create_task(one) for one in (fold_on(), fold_on(), look())]
    await asyncio.gather(*(write(number) for number in range(4)))
    done.set()
    await asyncio.gather(*folding)

    assert seen == sorted(seen)
    assert (await today(place)).paid == 60
    assert await verify() == []
