"""Credit by hand: with a reason, and once per key."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from db.enums import AdjustmentState
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.queries import verify
from domain.refusals import InvalidValue, NotThere
from tests.db.adjustments.adjusting import adjust, balance, somebody, state
from tests.db.rows import fetch
from tests.factories import Place, account_of, make_place


async def test_an_adjustment_is_posted_with_its_reason_when_no_limit_is_set(place: Place) -> None:
    adjustment_id = await adjust(place, "-12.345678", await somebody())

    assert await state(adjustment_id) == AdjustmentState.POSTED
    assert await balance(place) == Decimal("-12.345678")
    rows = await fetch(
        "select j.kind, j.reason, l.kind, e.amount from journal j"
        " join entry e on e.company_id = j.company_id and e.journal_id = j.id"
        " join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id"
        " order by e.line"
    )
    reason = "a meter that ran too fast"
    assert rows == [
        ("ADJUSTMENT", reason, "CREDIT", Decimal("-12.345678")),
        ("ADJUSTMENT", reason, "ADJUSTMENTS", Decimal("12.345678")),
    ]
    assert await verify() == []


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        pytest.param("100", AdjustmentState.POSTED, id="at the limit"),
        pytest.param("-100", AdjustmentState.POSTED, id="taking at the limit"),
        pytest.param("100.000001", AdjustmentState.PROPOSED, id="above"),
        pytest.param("-100.000001", AdjustmentState.PROPOSED, id="taking above"),
    ],
)
async def test_only_above_the_limit_it_is_proposed(
    limited: Place, amount: str, expected: AdjustmentState
) -> None:
    adjustment_id = await adjust(limited, amount, await somebody())

    is_posted = expected is AdjustmentState.POSTED
    assert await state(adjustment_id) == expected
    assert await balance(limited) == (Decimal(amount) if is_posted else 0)
    assert await fetch("select count(*) from journal") == [(int(is_posted),)]


async def test_a_key_makes_one_adjustment_however_many_ask(place: Place) -> None:
    hand = await somebody()

    made = await asyncio.gather(*(adjust(place, "5", hand) for _ in range(10)))

    assert len(set(made)) == 1
    assert await balance(place) == 5


@pytest.mark.parametrize(
    "changes", [{"amount": Decimal(6)}, {"reason": "another"}], ids=["amount", "reason"]
)
async def test_a_key_used_for_something_else_is_refused(
    place: Place, changes: dict[str, Any]
) -> None:
    hand = await somebody()
    await adjust(place, "5", hand)

    with pytest.raises(IdempotencyConflict):
        await adjust(place, "5", hand, **changes)

    assert await balance(place) == 5
    assert await fetch("select count(*) from adjustment") == [(1,)]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        pytest.param({"amount": Decimal(0)}, "amount", id="nothing"),
        pytest.param({"amount": Decimal("0.0000001")}, "amount", id="too fine"),
        pytest.param({"amount": Decimal(10**13)}, "amount", id="too much"),
        pytest.param({"reason": "  "}, "reason", id="no reason"),
        pytest.param({"reason": "r" * 501}, "reason", id="a long reason"),
        pytest.param({"idempotency_key": ""}, "idempotency_key", id="no key"),
    ],
)
async def test_what_is_no_adjustment_is_refused(
    place: Place, changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        await adjust(place, "5", await somebody(), **changes)

    assert refused.value.path == (path,)
    assert await fetch("select * from adjustment") == []
    assert await fetch("select * from journal") == []


async def test_an_account_of_another_company_is_not_adjusted(place: Place) -> None:
    other = await make_place()

    with pytest.raises(NotThere):
        await adjust(place, "5", await somebody(), account_id=account_of(other))

    assert await fetch("select * from adjustment") == []
    assert await balance(other) == 0
