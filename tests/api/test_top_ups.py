"""Buying credit over GraphQL, from the first click to the last refund."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from db.settings import Urls
from domain.subscribers import operations as subscribers
from domain.topups import events
from domain.topups.gateway import Gateways
from tests.api.web import Answer, User, Web, web
from tests.factories import KEYRING, NOW, Place, make_place
from tests.stripe_twin.faults import Faults
from tests.stripe_twin.running import running_twin
from tests.stripe_twin.server import Twin
from tests.stripe_twin.webhooks import body_of, signed
from tests.topups.stripe import RETURN_URL, SECRETS, stripe_gateway

SHOWN = """
    id state way failure creditedAt amount { amount currency } received { amount }
    refunded { amount } held { amount } account { id } card { last4 }
    transaction { kind entries { nodes { side amount { amount } } } }
"""
START = f"""
mutation ($input: StartTopUpInput!) {{ done: startTopUp(input: $input) {{
  topUp {{ {SHOWN} }} checkoutUrl clientSecret
  userErrors {{ __typename code path message ... on TopUpAmountOutOfRange {{
    minimum {{ amount currency }} maximum {{ amount }} }} }}
}} }}
"""
REFUND = """
mutation ($input: RefundTopUpInput!) { done: refundTopUp(input: $input) {
  refund { id state reason amount { amount currency } topUp { state } }
  userErrors { __typename code path ... on RefundTooLarge { left { amount } } }
} }
"""
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
TOP_UPS = f"""
query ($where: TopUpWhereInput) {{
  topUps(where: $where, first: 3) {{ nodes {{ {SHOWN} }} }}
}}
"""
ACCOUNT = f"""
query ($id: ID!) {{ node(id: $id) {{ ... on Account {{
  balance {{ amount inFlight }} topUps(first: 3) {{ nodes {{ {SHOWN} }} totalCount }}
  automaticTopUp {{ active card {{ last4 }} }}
  subscriber {{ savedCards(first: 3) {{ nodes {{ id brand last4 expiresYear }} }} }}
}} }} }}
"""
SETTINGS = """
mutation ($input: UpdateCompanyInput!) { done: updateCompany(input: $input) {
  company { topUpMinimum topUpMaximum topUpPresets debtSharePercent debtShareCap debtSharePeriod }
  userErrors { code path }
} }
"""


@dataclass(slots=True)
class Till:
    """An API with a twin of the provider behind it, and who buys there."""

    web: Web
    twin: Twin
    gateways: Gateways
    place: Place
    subscriber: User

    @property
    def account_id(self) -> str:
        return encode("Account", self.place.supplies[0].account_id or 0)

    async def start(self, user: User | None = None, **changes: Any) -> Answer:
        given = {
            "accountId": self.account_id,
            "amount": "25.500000",
            "returnUrl": RETURN_URL,
            "idempotencyKey": "one",
            **changes,
        }
        return await self.web.ask(START, user or self.subscriber, input=given)

    async def paid(self, card: str = "pm_card_visa", **changes: Any) -> str:
        """Buy credit on the provider's page, and hear of it; return the top-up's id."""
        done = (await self.start(**changes)).data["done"]
        self.twin.act("checkout.pay", id=done["checkoutUrl"].rpartition("/")[2], card=card)
        await self.hear()
        return str(done["topUp"]["id"])

    async def hear(self) -> None:
        """Have the twin's events posted to the API, and worked on."""
        for event in self.twin.world.events:
            body = body_of(event)
            header = signed(body, SECRETS, at_s=int(self.web.clock().timestamp()))
            response = await self.web.http.post(
                "/webhooks/stripe", content=body, headers={"Stripe-Signature": header}
            )
            assert response.status_code == 200
        while await events.work(gateways=self.gateways, now=self.web.clock()):
            pass

    async def account(self, user: User | None = None) -> Any:
        answer = await self.web.ask(ACCOUNT, user or self.subscriber, id=self.account_id)
        return answer.data["node"]

    async def count(self, table: str = "top_up") -> int:
        row = await access.read_row(f"select count(*) as n from {table}")
        assert row is not None
        return int(row["n"])


@pytest.fixture
async def till(database: Urls, redis_url: str) -> AsyncIterator[Till]:
    async with running_twin() as twin, stripe_gateway(twin) as gateway:
        twin.world.clock.stand_at(NOW.timestamp())
        gateways = Gateways(gateway)
        async with web(database, redis_url, gateways=gateways) as running:
            place = await make_place()
            subscriber = await running.user(
                place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
            )
            yield Till(running, twin, gateways, place, subscriber)


@pytest.fixture
async def staff(till: Till) -> User:
    return await till.web.user(till.place.company_id)


async def test_credit_is_bought_on_the_providers_page(till: Till) -> None:
    started = (await till.start()).data["done"]
    top_up_id = await till.paid()

    account = await till.account()
    (top_up,) = account["topUps"]["nodes"]
    assert started["topUp"]["state"] == "STARTED"
    assert started["userErrors"] == []
    assert started["checkoutUrl"].startswith(f"{till.twin.world.url}/checkout/")
    assert (top_up["id"], top_up["state"], top_up["creditedAt"]) == (
        top_up_id,
        "CREDITED",
        NOW.isoformat(),
    )
    assert top_up["amount"] == {"amount": "25.500000", "currency": "TRY"}
    assert top_up["received"] == {"amount": "25.500000"}
    assert top_up["transaction"]["kind"] == "TOP_UP"
    assert account["balance"] == {"amount": "25.500000", "inFlight": "0.000000"}


async def test_the_same_key_starts_the_same_top_up(till: Till) -> None:
    first, again = (await till.start()).data["done"], (await till.start()).data["done"]
    other = (await till.start(amount="30.000000")).data["done"]

    assert first == again
    assert [error["__typename"] for error in other["userErrors"]] == ["IdempotencyConflict"]
    assert other["topUp"] is None
    assert await till.count() == 1


async def test_an_app_gets_a_client_secret(till: Till) -> None:
    done = (await till.start(way="CARD_FORM", returnUrl=None)).data["done"]

    assert done["checkoutUrl"] is None
    assert "_secret_" in done["clientSecret"]


async def test_too_much_says_how_much_may_be(till: Till, staff: User) -> None:
    given = {
        "expectedVersion": 1,
        "topUpMinimum": "20.000000",
        "topUpMaximum": "500.000000",
        "topUpPresets": ["100.000000", "50.000000"],
        "debtSharePercent": "12.5",
        "debtShareCap": "5.000000",
        "debtSharePeriod": "MONTH",
    }
    set_to = (await till.web.ask(SETTINGS, staff, input=given)).data["done"]["company"]
    wrong = {"expectedVersion": 2, "topUpMinimum": "501.000000"}
    refused = (await till.web.ask(SETTINGS, staff, input=wrong)).data["done"]

    (error,) = (await till.start(amount="500.010000")).data["done"]["userErrors"]

    assert set_to == {
        "topUpMinimum": "20.000000",
        "topUpMaximum": "500.000000",
        "topUpPresets": ["50.000000", "100.000000"],
        "debtSharePercent": "12.50",
        "debtShareCap": "5.000000",
        "debtSharePeriod": "MONTH",
    }
    assert refused["userErrors"] == [{"code": "INVALID_VALUE", "path": ["input", "topUpMaximum"]}]
    assert (error["__typename"], error["path"]) == ("TopUpAmountOutOfRange", ["input", "amount"])
    assert error["minimum"] == {"amount": "20.000000", "currency": "TRY"}
    assert error["maximum"] == {"amount": "500.000000"}
    assert await till.count() == 0


async def test_a_provider_that_does_not_answer_may_be_asked_again(till: Till) -> None:
    till.twin.webhooks.faults = Faults(lost_responses=1)

    (error,) = (await till.start()).data["done"]["userErrors"]
    again = (await till.start()).data["done"]

    assert (error["code"], error["message"]) == (
        "PAYMENT_UNAVAILABLE",
        "The payment provider does not answer; try again: it is paid once.",
    )
    assert again["checkoutUrl"] is not None
    assert await till.count() == 1
    assert len(till.twin.world.all("checkout.session")) == 1


async def test_without_a_provider_nobody_sells_credit(web: Web) -> None:
    place = await make_place()
    staff = await web.user(place.company_id)
    given = {
        "accountId": encode("Account", place.supplies[0].account_id or 0),
        "amount": "25.500000",
        "returnUrl": RETURN_URL,
        "idempotencyKey": "one",
    }

    answer = await web.ask(START, staff, input=given)

    assert [error["code"] for error in answer.data["done"]["userErrors"]] == ["PAYMENTS_NOT_SET_UP"]


async def somebody_else(till: Till) -> User:
    """Return another subscriber of the company, signed in."""
    subscriber_id = await subscribers.create(
        company_id=till.place.company_id,
        reference="another",
        contact={"name": "Can", "email": "can@example.com", "phone": "+905550000001"},
        keyring=KEYRING,
    )
    return await till.web.user(till.place.company_id, Role.SUBSCRIBER, subscriber_id=subscriber_id)


async def test_subscribers_buy_for_their_own_accounts_alone(till: Till) -> None:
    other = await somebody_else(till)

    refused = await till.start(other)
    await till.paid()
    listed = await till.web.ask(TOP_UPS, other)

    assert refused.errors == [("NOT_FOUND", ["done"])]
    assert listed.data["topUps"]["nodes"] == []
    assert await till.count() == 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.PARTNER])
async def test_whoever_may_not_buy_starts_nothing(till: Till, role: Role) -> None:
    user = await till.web.user(till.place.company_id, role)

    answer = await till.start(user)

    assert answer.errors == [("FORBIDDEN", ["done"])]
    assert await till.count() == 0


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


async def test_lists_are_filtered(till: Till, staff: User) -> None:
    await till.paid()
    till.web.clock.move(timedelta(minutes=1))
    await till.start(idempotencyKey="two")

    listed = await till.web.ask(TOP_UPS, staff, where={"state": {"eq": "CREDITED"}})

    assert [one["state"] for one in listed.data["topUps"]["nodes"]] == ["CREDITED"]
    assert await till.count() == 2
