"""The one door to the books: what a transaction changes, once, and what undoes it."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from db import access
from db.enums import JournalKind, LedgerAccountKind
from db.ids import JournalId
from db.settings import Urls
from domain.ledger import operations as ledger
from domain.ledger.posting import IdempotencyConflict, Posted, made_before, post, post_all
from domain.ledger.queries import verify
from domain.ledger.reversal import AlreadyReversed, NotReversible, reverse
from domain.ledger.rules import Line, Posting
from domain.readings import operations as readings
from domain.refusals import InvalidValue, NotThere
from tests.db.rows import fetch
from tests.factories import NOW, Place, account_of, make_place, make_read, make_register_set

LATER = NOW + timedelta(hours=1)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=2, price=Decimal("2.5"))


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


async def test_a_retry_in_a_batch_returns_the_first_and_posts_the_rest(place: Place) -> None:
    (first,) = await posted(place, cash(place, "1", key="one"))

    again, second = await posted(
        place, cash(place, "1", key="one"), cash(place, "2", key="two", number=1)
    )

    assert again == Posted(first.journal_id, False)
    assert second.is_new
    assert await fetch("select count(*) from journal") == [(2,)]
    assert (await standing(place))[0] == 1_000_000
    assert (await standing(place, 1))[0] == 2_000_000


async def test_lines_may_differ_on_a_retry_of_the_same_request(place: Place) -> None:
    (first,) = await posted(place, cash(place, "1", request="the same"))

    (again,) = await posted(place, cash(place, "9", request="the same"))

    assert again == Posted(first.journal_id, False)
    assert (await standing(place))[0] == 1_000_000


async def test_another_request_under_a_key_is_refused_with_its_whole_batch(place: Place) -> None:
    await posted(place, cash(place, "1", key="one"))

    with pytest.raises(IdempotencyConflict):
        await posted(place, cash(place, "5", key="two"), cash(place, "2", key="one"))

    assert await fetch("select idempotency_key from journal") == [("one",)]
    assert (await standing(place))[0] == 1_000_000


async def test_a_key_counts_within_its_kind_and_company(place: Place) -> None:
    other = await make_place()

    made = [
        *await posted(place, cash(place, "1")),
        *await posted(place, cash(place, "1", kind=JournalKind.ADJUSTMENT, reason="why not")),
        *await posted(other, cash(other, "1")),
    ]

    assert [one.is_new for one in made] == [True] * 3


async def test_what_was_made_is_found_before_the_work_of_a_retry(place: Place) -> None:
    (first,) = await posted(place, cash(place, "1"))
    asked: dict[str, Any] = {
        "company_id": place.company_id,
        "kind": JournalKind.CASH_TOP_UP,
        "idempotency_key": "one",
    }

    async with access.tenant(place.company_id) as connection:
        found = await made_before(connection, **asked, request="1 to 0")
        missing = await made_before(connection, **asked | {"idempotency_key": "2"}, request="")
        with pytest.raises(IdempotencyConflict):
            await made_before(connection, **asked, request="2 to 0")

    assert (found, missing) == (first.journal_id, None)


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


async def test_a_reversal_undoes_every_side_and_keeps_both(place: Place) -> None:
    account_id = account_of(place)
    (lent,) = await posted(
        place,
        adjustment(
            place,
            Line(LedgerAccountKind.CREDIT, Decimal(20), account_id),
            Line(LedgerAccountKind.EMERGENCY_CREDIT, Decimal(-20), account_id),
        ),
    )

    made = await undo(place, lent.journal_id)

    assert await standing(place) == (0, 0, 0, 0)
    assert await fetch("select id, corrects, reason from journal where kind = 'REVERSAL'") == [
        (made, lent.journal_id, "typed twice")
    ]
    assert await verify() == []


async def test_a_transaction_is_reversed_once_however_many_try(place: Place) -> None:
    (first,) = await posted(place, cash(place, "10"))

    made = await asyncio.gather(*(undo(place, first.journal_id) for _ in range(8)))

    assert len(set(made)) == 1
    assert await standing(place) == (0, 0, 0, 0)
    with pytest.raises(AlreadyReversed):
        await undo(place, first.journal_id, "for another reason")
    assert await fetch("select count(*) from journal") == [(2,)]


async def test_a_reversal_is_not_reversed_nor_is_energy(place: Place) -> None:
    registers = await make_register_set(place.company_id)
    async with access.system() as connection:
        await readings.store(connection, [make_read(place, registers, NOW, 1_000)], now=NOW)
    await ledger.close_days(now=TOMORROW)
    ((energy,),) = await fetch("select id from journal")
    (first,) = await posted(place, cash(place, "10"))
    reversal = await undo(place, first.journal_id)

    for journal_id in (energy, reversal):
        with pytest.raises(NotReversible):
            await undo(place, journal_id)

    assert await fetch("select count(*) from journal") == [(3,)]


async def test_a_reversal_needs_a_reason_and_a_transaction(place: Place) -> None:
    (first,) = await posted(place, cash(place, "10"))

    with pytest.raises(InvalidValue):
        await undo(place, first.journal_id, " ")
    with pytest.raises(NotThere):
        await undo(place, JournalId(9_999))

    assert await fetch("select count(*) from journal") == [(1,)]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        pytest.param(
            "update account_balance set debt_micro = 1",
            [("debt", "0.000001", "0")] * 2,
            id="a debt",
        ),
        pytest.param(
            "update account_balance set emergency_used_micro = 2 where account_id = $1",
            [("emergency credit used", "0.000002", "0")],
            id="emergency credit",
        ),
        pytest.param(
            "update account_balance set in_flight_micro = -1 where account_id = $1",
            [("in flight", "-0.000001", "0")],
            id="in flight",
        ),
        pytest.param(
            "delete from account_balance where account_id = $1",
            [("balance", "0", "10")],
            id="no balance",
        ),
        pytest.param(
            "insert into accrual values ($2, $1, '2026-03-17', 5, 5, 1)",
            [("posted 2026-03-17", "0.000005", "0")],
            id="a day that was never posted",
        ),
    ],
)
async def test_the_check_names_what_was_tampered_with(
    place: Place, database: Urls, tampering: str, found: list[tuple[str, str, str]]
) -> None:
    await posted(place, cash(place, "10"))
    owner = await asyncpg.connect(database.owner)
    known = [account_of(place), place.company_id]
    await owner.execute(tampering, *known[: tampering.count("$")])
    await owner.close()

    differences = await verify()

    assert [(d.what, d.stored, d.rebuilt) for d in differences] == [
        (what, Decimal(stored), Decimal(rebuilt)) for what, stored, rebuilt in found
    ]


async def test_the_check_names_crooked_reversals_copies_and_empty_transactions(
    place: Place, database: Urls
) -> None:
    (first,) = await posted(place, cash(place, "10"))
    reversal = await undo(place, first.journal_id)
    owner = await asyncpg.connect(database.owner)
    await owner.execute("alter table entry disable trigger entry_immutable")
    await owner.execute(
        "update entry set amount = amount * 2, occurred_at = $2 where journal_id = $1",
        reversal,
        NOW,
    )
    await owner.execute(
        "insert into journal (company_id, kind, idempotency_key, request_hash, occurred_at,"
        " energy_date) values ($1, 'ENERGY', 'empty', '', $2, $3)",
        place.company_id,
        NOW,
        date(2026, 3, 17),
    )
    await owner.close()

    found = {difference.what.partition(" ")[0] for difference in await verify()}

    assert found == {"balance", "reversal", "copies", "entries"}


async def test_the_check_names_a_reversal_that_lacks_a_side(place: Place, database: Urls) -> None:
    (first,) = await posted(place, cash(place, "10"))
    reversal = await undo(place, first.journal_id)
    owner = await asyncpg.connect(database.owner)
    await owner.execute("alter table entry disable trigger entry_immutable")
    await owner.execute("delete from entry where journal_id = $1 and account_id is null", reversal)
    await owner.close()

    found = [(d.what, d.stored, d.rebuilt) for d in await verify()]

    assert found == [
        (f"journal {reversal} TRY", Decimal(-10), Decimal(0)),
        (f"reversal {reversal} of {first.journal_id}", Decimal(0), Decimal(10)),
    ]


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
