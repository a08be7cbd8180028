"""The check of the books names what was tampered with."""

from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from db.settings import Urls
from domain.ledger.queries import verify
from tests.db.postings.writing import cash, posted, undo
from tests.factories import NOW, Place, account_of


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
