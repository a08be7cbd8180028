"""Saved cards pay for their owners alone, and by themselves when told to."""

from tests.api.top_ups.buying import Till, somebody_else
from tests.api.web import User
from tests.factories import NOW

REMOVE = """
mutation ($input: RemoveSavedCardInput!) { done: removeSavedCard(input: $input) {
  savedCard { id removedAt } userErrors { code }
} }
"""
AUTOMATIC = """
mutation ($input: SetAutomaticTopUpInput!) { done: setAutomaticTopUp(input: $input) {
  automaticTopUp { id active version threshold { amount } amount { amount } card { last4 } }
  userErrors { __typename code path }
} }
"""


async def test_a_saved_card_pays_for_its_owner_alone(till: Till, staff: User) -> None:
    await till.paid(saveCard=True)
    account = await till.account()
    (card,) = account["subscriber"]["savedCards"]["nodes"]
    wish = {"way": "SAVED_CARD", "savedCardId": card["id"], "idempotencyKey": "two"}

    refused = await till.start(staff, **wish)
    unseen = await till.start(await somebody_else(till), **wish)
    charged = len(till.twin.world.all("charge"))
    paid = (await till.start(**wish)).data["done"]

    assert (card["brand"], card["last4"], card["expiresYear"]) == ("visa", "4242", 2034)
    assert refused.codes == ["FORBIDDEN"]
    assert unseen.codes == ["NOT_FOUND"]
    assert charged == 1
    assert (paid["topUp"]["state"], paid["topUp"]["card"]) == ("CREDITED", {"last4": "4242"})
    assert paid["checkoutUrl"] is None


async def test_a_card_that_is_removed_pays_no_more(till: Till) -> None:
    await till.paid(saveCard=True)
    (card,) = (await till.account())["subscriber"]["savedCards"]["nodes"]

    removed = await till.web.ask(REMOVE, till.subscriber, input={"id": card["id"]})
    wish = {"way": "SAVED_CARD", "savedCardId": card["id"], "idempotencyKey": "two"}
    refused = await till.start(**wish)

    assert removed.data["done"]["savedCard"]["removedAt"] == NOW.isoformat()
    assert (await till.account())["subscriber"]["savedCards"]["nodes"] == []
    assert refused.codes == ["NOT_FOUND"]
    assert len(till.twin.world.all("charge")) == 1


async def test_a_subscriber_lets_credit_buy_itself(till: Till, staff: User) -> None:
    await till.paid(saveCard=True)
    (card,) = (await till.account())["subscriber"]["savedCards"]["nodes"]
    given = {
        "accountId": till.account_id,
        "savedCardId": card["id"],
        "threshold": "30.000000",
        "amount": "50.000000",
    }

    refused = await till.web.ask(AUTOMATIC, staff, input=given)
    done = (await till.web.ask(AUTOMATIC, till.subscriber, input=given)).data["done"]
    stale = {**given, "active": False, "expectedVersion": 7}
    too_late = (await till.web.ask(AUTOMATIC, till.subscriber, input=stale)).data["done"]

    assert refused.errors == [("FORBIDDEN", ["done"])]
    assert done["automaticTopUp"]["active"] is True
    assert done["automaticTopUp"]["threshold"] == {"amount": "30.000000"}
    assert [error["__typename"] for error in too_late["userErrors"]] == ["StaleVersion"]
    assert (await till.account())["automaticTopUp"] == {"active": True, "card": {"last4": "4242"}}
