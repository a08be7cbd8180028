"""The one door to the books: what a transaction changes."""

import asyncio
from decimal import Decimal

import pytest

from db import access
from db.enums import JournalKind, LedgerAccountKind
from db.ids import JournalId
from domain.ledger.posting import post
from domain.ledger.queries import verify
from domain.ledger.rules import Line, Posting
from domain.refusals import NotThere
from tests.db.postings.writing import LATER, adjustment, cash, posted, standing
from tests.db.rows import fetch
from tests.factories import NOW, Place, account_of, make_place


async def test_each_side_of_an_account_is_projected_on_its_own(place: Place) -> None:
    account_id = account_of(place)

    await posted(
        place,
        adjustment(
            place,
            Line(LedgerAccountKind.CREDIT, Decimal("20.000001"), account_id),
            Line(LedgerAccountKind.DEBT, Decimal(-7), account_id),
            Line(LedgerAccountKind.EMERGENCY_CREDIT, Decimal("-13.000001"), account_id),
            Line(LedgerAccountKind.IN_FLIGHT, Decimal(5), account_id),
            Line(LedgerAccountKind.PROVIDER_CLEARING, Decimal(-5)),
        ),
    )

    assert await standing(place) == (20_000_001, 7_000_000, 13_000_001, 5_000_000)
    assert await verify() == []


async def test_a_transaction_keeps_what_it_is_about(place: Place) -> None:
    (first,) = await posted(place, cash(place, "10"))

    await posted(
        place,
        cash(
            place,
            "-2.5",
            key="two",
            kind=JournalKind.ADJUSTMENT,
            corrects=first.journal_id,
            reason="two notes were false",
        ),
    )

    rows = await fetch(
        "select kind, corrects, reason, occurred_at, user_id from journal order by id"
    )
    assert rows == [
        ("CASH_TOP_UP", None, None, NOW, None),
        ("ADJUSTMENT", first.journal_id, "two notes were false", NOW, None),
    ]
    entries = await fetch("select account_id, amount, occurred_at from entry order by id limit 2")
    assert entries == [(account_of(place), Decimal(10), NOW), (None, Decimal(-10), NOW)]


async def test_ledger_accounts_are_made_once_and_taxes_can_be_kept_apart(place: Place) -> None:
    account_id = account_of(place)
    lines = [
        Line(LedgerAccountKind.CREDIT, Decimal(-3), account_id),
        Line(LedgerAccountKind.TAX, Decimal(1), code="VAT"),
        Line(LedgerAccountKind.TAX, Decimal("1.5"), code="BTV"),
        Line(LedgerAccountKind.TAX, Decimal("0.5")),
    ]

    await asyncio.gather(*(posted(place, adjustment(place, *lines, key=str(n))) for n in range(4)))

    rows = await fetch(
        "select l.kind, l.code, sum(e.amount) from ledger_account l"
        " join entry e on e.company_id = l.company_id and e.ledger_account_id = l.id"
        " group by l.id, l.kind, l.code order by l.kind, l.code nulls last"
    )
    assert rows == [
        ("CREDIT", None, Decimal(-12)),
        ("TAX", "BTV", Decimal(6)),
        ("TAX", "VAT", Decimal(4)),
        ("TAX", None, Decimal(2)),
    ]


async def test_an_account_of_another_company_takes_nothing(place: Place) -> None:
    other = await make_place()

    with pytest.raises(NotThere):
        await posted(
            place,
            adjustment(
                place,
                Line(LedgerAccountKind.DEBT, Decimal(-1), account_of(other)),
                Line(LedgerAccountKind.CREDIT, Decimal(1), account_of(place)),
            ),
        )

    assert await fetch("select * from journal") == []
    assert await standing(other) == (0, 0, 0, 0)


async def test_nothing_can_be_corrected_that_is_not_there(place: Place) -> None:
    with pytest.raises(NotThere):
        await posted(place, cash(place, "1", corrects=JournalId(9_999)))

    assert await fetch("select * from journal") == []


async def test_an_account_that_crosses_its_mark_is_looked_at(place: Place) -> None:
    await fetch("update account_balance set wake_above_micro = 10000000 returning 1")

    await posted(place, cash(place, "9.999999", key="1"), cash(place, "10", key="2", number=1))

    assert await fetch("select account_id, since from attention") == [(account_of(place, 1), LATER)]
    told = await fetch("select topic, account_ids, created_at from outbox")
    assert told == [("balances", sorted([account_of(place), account_of(place, 1)]), LATER)]


async def test_postings_that_touch_accounts_crosswise_wait_and_never_lock_up(place: Place) -> None:
    there, back = (account_of(place, n) for n in range(2))

    def moved(number: int) -> Posting:
        payer, payee = (there, back) if number % 2 else (back, there)
        return adjustment(
            place,
            Line(LedgerAccountKind.CREDIT, Decimal(-number), payer),
            Line(LedgerAccountKind.CREDIT, Decimal(number), payee),
            key=str(number),
        )

    await asyncio.gather(*(posted(place, moved(number)) for number in range(1, 41)))

    assert (await standing(place))[0] == sum(n if n % 2 == 0 else -n for n in range(1, 41)) * 10**6
    assert await verify() == []


async def test_nothing_is_posted_for_another_company_than_the_transactions_own(
    place: Place,
) -> None:
    other = await make_place()
    lines = [
        Line(LedgerAccountKind.BANK, Decimal(1)),
        Line(LedgerAccountKind.PROVIDER_CLEARING, Decimal(-1)),
    ]

    async with access.tenant(other.company_id) as connection:
        with pytest.raises(NotThere):
            await post(connection, adjustment(place, *lines), now=NOW)

    assert await fetch("select * from journal") == []
