"""Credit is bought by those who may, and once."""

from datetime import timedelta

import pytest

from api.global_ids import encode
from db.enums import Role
from tests.api.top_ups.buying import SHOWN, START, Till, somebody_else
from tests.api.web import User, Web
from tests.db.invoicing import query
from tests.factories import NOW, make_place
from tests.stripe_twin.faults import Faults
from tests.topups.stripe import RETURN_URL

TOP_UPS = f"""
query ($where: TopUpWhereInput) {{
  topUps(where: $where, first: 3) {{ nodes {{ {SHOWN} }} }}
}}
"""
SETTINGS = """
mutation ($input: UpdateCompanyInput!) { done: updateCompany(input: $input) {
  company { topUpMinimum topUpMaximum topUpPresets debtSharePercent debtShareCap debtSharePeriod }
  userErrors { code path }
} }
"""


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
    assert await query("select count(*) from top_up") == 0


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


async def test_lists_are_filtered(till: Till, staff: User) -> None:
    await till.paid()
    till.web.clock.move(timedelta(minutes=1))
    await till.start(idempotencyKey="two")

    listed = await till.web.ask(TOP_UPS, staff, where={"state": {"eq": "CREDITED"}})

    assert [one["state"] for one in listed.data["topUps"]["nodes"]] == ["CREDITED"]
    assert await till.count() == 2
