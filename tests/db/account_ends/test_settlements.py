"""What is left or lacks after the end is settled, and settled otherwise."""

import pytest

from db import access
from db.enums import RefundWay
from domain.accounts import settling
from domain.accounts.settling import NotClosed, NothingSettled
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.queries import balance_of
from tests.db.account_ends.ending import books_agree, close, owed, sides, top_up
from tests.db.exchanges import PRICE, fetch
from tests.factories import NOW, Place, account_of


async def charge_late(place: Place) -> None:
    """Charge an account that has ended 3.00 more."""
    async with access.system() as connection:
        await connection.execute(
            "update accrual set charged_micro = charged_micro + 3000000 where account_id = $1",
            account_of(place),
        )
        await connection.execute(
            "update account_balance set balance_micro = balance_micro - 3000000"
            " where account_id = $1",
            account_of(place),
        )


async def settle(place: Place, *, refund_by: RefundWay = RefundWay.CASH, key: str = "one") -> None:
    await settling.settle_closed(
        company_id=place.company_id,
        account_id=account_of(place),
        refund_by=refund_by,
        idempotency_key=key,
        now=NOW,
    )


async def undo(place: Place, *, reason: str = "paid to a bank", key: str = "one") -> None:
    await settling.reverse_settlement(
        company_id=place.company_id,
        account_id=account_of(place),
        reason=reason,
        idempotency_key=key,
        now=NOW,
    )


async def test_what_comes_after_the_end_is_settled_later(place: Place) -> None:
    await close(place)
    await charge_late(place)

    for _ in range(2):
        await settle(place)

    assert await owed(account_of(place)) == 5 * PRICE + 3
    assert len(await fetch("select from journal where kind = 'SETTLEMENT'")) == 2
    await books_agree(place)


async def test_a_settlement_is_undone_by_its_opposite_and_made_otherwise(place: Place) -> None:
    await top_up(place, 100)
    await close(place)

    await undo(place)
    left = await balance_of(company_id=place.company_id, account_id=account_of(place))
    with pytest.raises(NothingSettled):
        await undo(place, key="again")
    await settle(place, refund_by=RefundWay.BANK)

    assert left == 100 - 5 * PRICE
    assert (await sides(place))["BANK"] == left
    await books_agree(place)


async def test_an_open_account_is_not_settled(place: Place) -> None:
    await top_up(place, 100)

    with pytest.raises(NotClosed):
        await settle(place)

    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 100


async def test_a_retry_settles_nothing_that_came_meanwhile(place: Place) -> None:
    await close(place)
    await charge_late(place)
    await settle(place)
    await charge_late(place)

    await settle(place)
    with pytest.raises(IdempotencyConflict):
        await settle(place, refund_by=RefundWay.BANK)

    assert await owed(account_of(place)) == 5 * PRICE + 3
    await settle(place, key="two")
    assert await owed(account_of(place)) == 5 * PRICE + 6
    await books_agree(place)


async def test_a_retry_undoes_no_earlier_settlement(place: Place) -> None:
    await close(place)
    await charge_late(place)
    await settle(place)
    await undo(place)

    await undo(place)
    with pytest.raises(IdempotencyConflict):
        await undo(place, reason="by mistake")

    assert len(await fetch("select from journal where kind = 'REVERSAL'")) == 1
    await undo(place, key="two")
    assert len(await fetch("select from journal where kind = 'REVERSAL'")) == 2
    await books_agree(place)
