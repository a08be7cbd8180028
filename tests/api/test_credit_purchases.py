"""How much credit was bought, over GraphQL."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from domain.ledger.operations import credit_cash
from tests.api.web import User, Web
from tests.db.invoicing import ENDS_AT, STARTS_AT, make_consumed
from tests.factories import Place, add_supply, make_place

PURCHASES = """
query ($range: TimeRangeInput!, $by: PurchaseGrouping!) {
  creditPurchases(range: $range, groupBy: $by) {
    amount { amount } purchaseCount month branchId fieldId method
  }
}
"""


@pytest.fixture
async def place(web: Web, room: None) -> Place:
    return await make_consumed()


async def test_bought_credit_is_analysed(web: Web, place: Place, administrator: User) -> None:
    prepaid = await add_supply(place)
    assert prepaid.account_id is not None
    for key, (amount, at) in enumerate(
        [("10", STARTS_AT - timedelta(seconds=1)), ("20", STARTS_AT), ("5", ENDS_AT)]
    ):
        await credit_cash(
            company_id=place.company_id,
            account_id=prepaid.account_id,
            amount=Decimal(amount),
            idempotency_key=str(key),
            occurred_at=at,
        )
    span = {"from": "2026-01-01T00:00:00+00:00", "to": "2026-04-01T00:00:00+00:00"}

    async def grouped(by: str, user: User = administrator, since: str = span["from"]) -> Any:
        answer = await web.ask(PURCHASES, user, range=span | {"from": since}, by=by)
        return [
            {name: value for name, value in group.items() if value is not None}
            for group in answer.data["creditPurchases"]
        ]

    assert await grouped("PERIOD") == [
        {"month": "2026-01-01", "amount": {"amount": "10.000000"}, "purchaseCount": 1},
        {"month": "2026-02-01", "amount": {"amount": "20.000000"}, "purchaseCount": 1},
        {"month": "2026-03-01", "amount": {"amount": "5.000000"}, "purchaseCount": 1},
    ]
    whole = {"amount": {"amount": "35.000000"}, "purchaseCount": 3}
    assert await grouped("BRANCH") == [{**whole, "branchId": encode("Branch", place.branch_id)}]
    assert await grouped("FIELD") == [{**whole, "fieldId": encode("Field", place.field_id)}]
    assert await grouped("METHOD") == [{**whole, "method": "CASH_TOP_UP"}]
    assert await grouped("METHOD", since=STARTS_AT.isoformat()) == [
        {"amount": {"amount": "25.000000"}, "purchaseCount": 2, "method": "CASH_TOP_UP"}
    ]
    other = await make_place()
    assert await grouped("METHOD", await web.user(other.company_id)) == []
