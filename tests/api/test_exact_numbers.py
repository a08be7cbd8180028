"""Numbers that have to be exact come and go as texts."""

from typing import Any

import pytest

from tests.api.web import User, Web
from tests.factories import Place

COUNT = """
query ($amount: MoneyAmount) {
  accounts(where: {balance: {gte: $amount}}) { totalCount nodes { balance { amount } } }
}
"""
NO_AMOUNTS = [
    pytest.param(0.5, id="a number"),
    pytest.param(0, id="a whole number"),
    pytest.param("NaN", id="no number"),
    pytest.param("Infinity", id="infinity"),
    pytest.param("1e400", id="an exponent"),
    pytest.param("1_000", id="underscores"),
    pytest.param("1,5", id="a comma"),
    pytest.param(" 1", id="a space"),
    pytest.param("\u0663", id="a digit of another script"),
    pytest.param("1" * 15, id="more digits than are kept"),
    pytest.param("", id="nothing"),
    pytest.param(True, id="a truth"),
]


async def test_money_has_six_decimals(web: Web, place: Place, administrator: User) -> None:
    answer = await web.ask(COUNT, administrator, amount="-0.000001")

    assert answer.data["accounts"] == {
        "totalCount": 1,
        "nodes": [{"balance": {"amount": "0.000000"}}],
    }


@pytest.mark.parametrize("amount", NO_AMOUNTS)
async def test_what_is_no_exact_amount_is_refused(
    web: Web, place: Place, administrator: User, amount: Any
) -> None:
    answer = await web.ask(COUNT, administrator, amount=amount)

    assert answer.codes == ["BAD_USER_INPUT"]
    assert "data" not in answer.body


@pytest.mark.parametrize("literal", ["0.5", "0", '"NaN"', '"1e400"', "true"])
async def test_nor_is_it_taken_from_the_text(
    web: Web, place: Place, administrator: User, literal: str
) -> None:
    text = f"{{ accounts(where: {{balance: {{gte: {literal}}}}}) {{ totalCount }} }}"

    answer = await web.ask(text, administrator)

    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert "data" not in answer.body
