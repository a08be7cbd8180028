"""Ended accounts on which something is left, for whoever has to refund or claim it."""

from decimal import Decimal

from db import access
from domain.hands import Hand
from domain.ledger import debts
from domain.ledger.operations import credit_cash
from tests.api.web import User, Web
from tests.factories import NOW, Place, account_of, add_supply

NOT_SETTLED = """
{
  accounts(where: {
    closedAt: {isNull: false}
    or: [{not: {balance: {eq: "0.000000"}}}, {debt: {gt: "0.000000"}}]
  }) { nodes { balance { amount debt } } }
}
"""


async def test_ended_accounts_with_anything_left_are_found(
    web: Web, place: Place, administrator: User
) -> None:
    for _ in range(3):
        await add_supply(place)
    owed, owing, _, open_one = (account_of(place, number) for number in range(4))
    for account_id in (owed, open_one):
        await credit_cash(
            company_id=place.company_id,
            account_id=account_id,
            amount=Decimal(7),
            idempotency_key=str(account_id),
            occurred_at=NOW,
        )
    await debts.add(
        company_id=place.company_id,
        account_id=owing,
        amount=Decimal(3),
        reason="a broken seal",
        idempotency_key="debt",
        hand=Hand(),
        now=NOW,
    )
    async with access.system() as connection:
        await connection.execute(
            "update account set closed_at = $1 where company_id = $2 and id <> $3",
            NOW,
            place.company_id,
            open_one,
        )

    answer = await web.ask(NOT_SETTLED, administrator)

    found = [one["balance"] for one in answer.data["accounts"]["nodes"]]
    assert sorted((one["amount"], one["debt"]) for one in found) == [
        ("0.000000", "3.000000"),
        ("7.000000", "0.000000"),
    ]
