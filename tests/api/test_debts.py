"""Debt beside the balance: added and forgiven by staff, with a reason and never beyond zero."""

from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from tests.api.web import Answer, User, Web
from tests.factories import Place

SHOWN = """
    adjustment {
      id side state version amount { amount }
      transaction { entries { nodes { side amount { amount } } } }
      account { balance { amount debt } }
    }
    userErrors { code path }
"""
ADD = f"mutation ($input: ChangeDebtInput!) {{ done: addDebt(input: $input) {{ {SHOWN} }} }}"
FORGIVE = ADD.replace("addDebt", "forgiveDebt")
APPROVE = (
    f"mutation ($input: VersionInput!) {{ done: approveAdjustment(input: $input) {{ {SHOWN} }} }}"
)
SET_LIMIT = """
mutation ($input: UpdateCompanyInput!) { updateCompany(input: $input) { userErrors { code } } }
"""


async def change(
    web: Web, user: User, place: Place, text: str, amount: str, key: str = "one"
) -> Answer:
    given = {
        "accountId": encode("Account", place.supplies[0].account_id or 0),
        "amount": amount,
        "reason": "a broken seal",
        "idempotencyKey": key,
    }
    return await web.ask(text, user, input=given)


def shown(answer: Answer) -> dict[str, Any]:
    done = answer.data["done"]
    assert done["userErrors"] == []
    entries = done["adjustment"]["transaction"]["entries"]["nodes"]
    return {
        "amount": done["adjustment"]["amount"]["amount"],
        "sides": {one["side"]: one["amount"]["amount"] for one in entries},
        "debt": done["adjustment"]["account"]["balance"]["debt"],
        "balance": done["adjustment"]["account"]["balance"]["amount"],
    }


async def owed() -> int:
    async with access.system() as connection:
        return int(await connection.fetchval("select sum(debt_micro) from account_balance"))


async def test_debt_is_added_once_and_forgiven(web: Web, place: Place, administrator: User) -> None:
    added = await change(web, administrator, place, ADD, "30")
    again = await change(web, administrator, place, ADD, "30")
    forgiven = await change(web, administrator, place, FORGIVE, "10", key="two")

    assert shown(added) == {
        "amount": "-30.000000",
        "sides": {"DEBT": "-30.000000", "ADJUSTMENTS": "30.000000"},
        "debt": "30.000000",
        "balance": "0.000000",
    }
    assert again.data["done"]["adjustment"]["id"] == added.data["done"]["adjustment"]["id"]
    assert shown(forgiven) == {
        "amount": "10.000000",
        "sides": {"DEBT": "10.000000", "WRITE_OFF": "-10.000000"},
        "debt": "20.000000",
        "balance": "0.000000",
    }


@pytest.mark.parametrize(
    ("text", "amount", "code"),
    [
        pytest.param(FORGIVE, "30.000001", "MORE_THAN_OWED", id="more than is owed"),
        pytest.param(FORGIVE, "-1", "INVALID_VALUE", id="forgiving less than nothing"),
        pytest.param(ADD, "0", "INVALID_VALUE", id="adding nothing"),
    ],
)
async def test_what_cannot_be_is_refused(
    web: Web, place: Place, administrator: User, text: str, amount: str, code: str
) -> None:
    await change(web, administrator, place, ADD, "30")

    answer = await change(web, administrator, place, text, amount, key="two")

    assert answer.data["done"] == {
        "adjustment": None,
        "userErrors": [{"code": code, "path": ["input", "amount"]}],
    }
    assert await owed() == 30_000_000


async def test_above_the_companys_limit_a_second_person_forgives(
    web: Web, place: Place, administrator: User
) -> None:
    limit = {"expectedVersion": 1, "adjustmentApprovalLimit": "20"}
    await change(web, administrator, place, ADD, "30")
    await web.ask(SET_LIMIT, administrator, input=limit)
    proposed = await change(web, administrator, place, FORGIVE, "25", key="two")
    made = proposed.data["done"]["adjustment"]
    which = {"id": made["id"], "expectedVersion": made["version"]}
    before = await owed()

    own = await web.ask(APPROVE, administrator, input=which)
    other = await web.ask(APPROVE, await web.user(place.company_id), input=which)

    assert (made["state"], before) == ("PROPOSED", 30_000_000)
    assert [error["code"] for error in own.data["done"]["userErrors"]] == ["SECOND_PERSON_NEEDED"]
    assert shown(other)["debt"] == "5.000000"


async def test_a_proposal_to_forgive_more_than_is_owed_by_now_does_not_come_true(
    web: Web, place: Place, administrator: User
) -> None:
    limit = {"expectedVersion": 1, "adjustmentApprovalLimit": "20"}
    await change(web, administrator, place, ADD, "30")
    await web.ask(SET_LIMIT, administrator, input=limit)
    proposed = await change(web, administrator, place, FORGIVE, "25", key="two")
    await change(web, administrator, place, FORGIVE, "15", key="three")
    made = proposed.data["done"]["adjustment"]

    answer = await web.ask(
        APPROVE,
        await web.user(place.company_id),
        input={"id": made["id"], "expectedVersion": made["version"]},
    )

    assert [error["code"] for error in answer.data["done"]["userErrors"]] == ["MORE_THAN_OWED"]
    assert await owed() == 15_000_000


@pytest.mark.parametrize("text", [ADD, FORGIVE], ids=["add", "forgive"])
async def test_debt_needs_the_scope(web: Web, place: Place, text: str) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await change(web, operator, place, text, "1")

    assert answer.errors == [("FORBIDDEN", ["done"])]
    assert await owed() == 0
