"""What is left or lacks after the end is settled, and settled otherwise."""

import pytest

from db import access
from db.enums import RefundWay
from domain.accounts import settling
from domain.accounts.settling import NotClosed, NothingSettled
from domain.ledger.queries import balance_of
from tests.db.account_ends.ending import books_agree, close, owed, sides, top_up
from tests.db.exchanges import PRICE, fetch
from tests.factories import NOW, Place, account_of


async def test_what_comes_after_the_end_is_settled_later(place: Place) -> None:
    await close(place)
    async with access.system() as connection:
        await connection.execute(
            "update accrual set charged_micro = charged_micro + 3000000 where account_id = $1",
            account_of(place),
        )
        await connection.execute(
            "update account_balance set balance_micro = -3000000 where account_id = $1",
            account_of(place),
        )

    for _ in range(2):
        await settling.settle_closed(
            company_id=place.company_id,
            account_id=account_of(place),
            refund_by=RefundWay.CASH,
            now=NOW,
        )

    assert await owed(account_of(place)) == 5 * PRICE + 3
    assert len(await fetch("select from journal where kind = 'SETTLEMENT'")) == 2
    await books_agree(place)


async def test_a_settlement_is_undone_by_its_opposite_and_made_otherwise(place: Place) -> None:
    await top_up(place, 100)
    await close(place)

    await settling.reverse_settlement(
        company_id=place.company_id, account_id=account_of(place), reason="paid to a bank", now=NOW
    )
    left = await balance_of(company_id=place.company_id, account_id=account_of(place))
    with pytest.raises(NothingSettled):
        await settling.reverse_settlement(
            company_id=place.company_id, account_id=account_of(place), reason="again", now=NOW
        )
    await settling.settle_closed(
        company_id=place.company_id,
        account_id=account_of(place),
        refund_by=RefundWay.BANK,
        now=NOW,
    )

    assert left == 100 - 5 * PRICE
    assert (await sides(place))["BANK"] == left
    await books_agree(place)


async def test_an_open_account_is_not_settled(place: Place) -> None:
    await top_up(place, 100)

    with pytest.raises(NotClosed):
        await settling.settle_closed(
            company_id=place.company_id,
            account_id=account_of(place),
            refund_by=RefundWay.CASH,
            now=NOW,
        )

    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 100
