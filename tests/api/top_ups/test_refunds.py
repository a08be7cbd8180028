"""Money is given back by those with the right, and held while it is disputed."""

from typing import Any

from db.enums import Role
from tests.api.top_ups.buying import Till
from tests.api.web import Answer, User

REFUND = """
mutation ($input: RefundTopUpInput!) { done: refundTopUp(input: $input) {
  refund { id state reason amount { amount currency } topUp { state } }
  userErrors { __typename code path ... on RefundTooLarge { left { amount } } }
} }
"""


async def refund(till: Till, user: User, top_up_id: str, **changes: Any) -> Answer:
    given = {
        "topUpId": top_up_id,
        "amount": "10.000000",
        "reason": "moved away",
        "idempotencyKey": "back",
        **changes,
    }
    return await till.web.ask(REFUND, user, input=given)


async def test_staff_with_the_right_give_money_back(till: Till, staff: User) -> None:
    top_up_id = await till.paid()

    done = (await refund(till, staff, top_up_id)).data["done"]
    again = (await refund(till, staff, top_up_id)).data["done"]
    rest = (await refund(till, staff, top_up_id, amount=None, idempotencyKey="rest")).data["done"]

    assert done == again
    assert done["refund"]["amount"] == {"amount": "10.000000", "currency": "TRY"}
    assert (done["refund"]["state"], done["refund"]["reason"]) == ("SUCCEEDED", "moved away")
    assert rest["refund"]["amount"]["amount"] == "15.500000"
    assert rest["refund"]["topUp"] == {"state": "REFUNDED"}
    assert (await till.account())["balance"]["amount"] == "0.000000"


async def test_more_than_is_left_is_not_given_back(till: Till, staff: User) -> None:
    top_up_id = await till.paid()

    (error,) = (await refund(till, staff, top_up_id, amount="26.000000")).data["done"]["userErrors"]

    assert (error["__typename"], error["left"]) == ("RefundTooLarge", {"amount": "25.500000"})
    assert await till.count("top_up_refund") == 0


async def test_who_has_not_the_right_gives_nothing_back(till: Till) -> None:
    top_up_id = await till.paid()
    auditor = await till.web.user(till.place.company_id, Role.AUDITOR)

    refused = [await refund(till, user, top_up_id) for user in (till.subscriber, auditor)]

    assert [answer.errors for answer in refused] == [[("FORBIDDEN", ["done"])]] * 2
    assert await till.count("top_up_refund") == 0
    assert till.twin.world.all("refund") == []


async def test_why_is_told_to_those_with_the_right(till: Till, staff: User) -> None:
    top_up_id = await till.paid()
    made = (await refund(till, staff, top_up_id)).data["done"]["refund"]["id"]
    asked = "query ($id: ID!) { node(id: $id) { ... on TopUpRefund { state reason } } }"

    answer = await till.web.ask(asked, till.subscriber, id=made)

    assert answer.body["data"]["node"] == {"state": "SUCCEEDED", "reason": None}
    assert answer.codes == ["FORBIDDEN"]


async def test_a_dispute_is_shown(till: Till) -> None:
    top_up_id = await till.paid("pm_card_createDispute")
    asked = """
        query ($id: ID!) { node(id: $id) { ... on TopUp { state held { amount }
          disputes { nodes { state reason amount { amount } withdrawn { amount } } } } } }
    """

    answer = await till.web.ask(asked, till.subscriber, id=top_up_id)

    assert answer.data["node"] == {
        "state": "DISPUTED",
        "held": {"amount": "25.500000"},
        "disputes": {
            "nodes": [
                {
                    "state": "OPEN",
                    "reason": "fraudulent",
                    "amount": {"amount": "25.500000"},
                    "withdrawn": {"amount": "0.000000"},
                }
            ]
        },
    }
