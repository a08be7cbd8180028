"""Credit by hand over GraphQL: who may, and what is said when a rule says no."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role, Scope
from domain.ledger.queries import balance_of
from tests.api.documents import id_of, register
from tests.api.keys import KEY, holder, make_key
from tests.api.web import Answer, User, Web
from tests.db.invoicing import query
from tests.factories import Place, account_of

SHOWN = """
    adjustment {
      id amount { amount currency } reason state proposedAt proposedByUserId proposedByApiKeyId
      decidedByUserId decidedAt rejectionReason version account { id }
      transaction { kind reason entries { nodes { side amount { amount } } } }
    }
    userErrors {
      __typename code path ... on AdjustmentDecided { state }
      ... on StaleVersion { current { id } }
    }
"""
ADJUST = (
    f"mutation ($input: AdjustCreditInput!) {{ done: adjustCredit(input: $input) {{ {SHOWN} }} }}"
)
APPROVE = (
    f"mutation ($input: VersionInput!) {{ done: approveAdjustment(input: $input) {{ {SHOWN} }} }}"
)
REJECT = f"""
mutation ($input: RejectAdjustmentInput!) {{ done: rejectAdjustment(input: $input) {{ {SHOWN} }} }}
"""
LIST = """
query ($where: AdjustmentWhereInput) {
  adjustments(where: $where, orderBy: [{field: AMOUNT, direction: ASC}]) {
    nodes { amount { amount } state } totalCount
  }
}
"""
SET_LIMIT = """
mutation ($input: UpdateCompanyInput!) {
  updateCompany(input: $input) { company { adjustmentApprovalLimit } userErrors { code path } }
}
"""


@pytest.fixture
async def limited(web: Web, administrator: User) -> None:
    given = {"expectedVersion": 1, "adjustmentApprovalLimit": "100.000000"}
    answer = await web.ask(SET_LIMIT, administrator, input=given)
    assert answer.data["updateCompany"]["company"] == {"adjustmentApprovalLimit": "100.000000"}


def given(place: Place, amount: str = "250.000000", **changes: Any) -> dict[str, Any]:
    return {
        "accountId": encode("Account", place.supplies[0].account_id or 0),
        "amount": amount,
        "reason": "a meter that ran too fast",
        "idempotencyKey": "one",
        **changes,
    }


async def adjust(
    web: Web, user: User, place: Place, amount: str = "250.000000", **more: Any
) -> Any:
    answer = await web.ask(ADJUST, user, input=given(place, amount, **more))
    return answer.data["done"]


async def proposed(web: Web, user: User, place: Place) -> dict[str, Any]:
    """Propose an adjustment; return what names it as it is now."""
    made = (await adjust(web, user, place))["adjustment"]
    return {"id": made["id"], "expectedVersion": made["version"]}


async def balance(place: Place) -> Decimal:
    return await balance_of(company_id=place.company_id, account_id=account_of(place))


async def count() -> int:
    async with access.system() as connection:
        return int(await connection.fetchval("select count(*) from adjustment"))


def refused(answer: Answer) -> dict[str, Any]:
    """Return the one reason why nothing was changed."""
    assert answer.data["done"]["adjustment"] is None
    (error,) = answer.data["done"]["userErrors"]
    return dict(error)


async def test_credit_is_given_at_once_when_the_company_sets_no_limit(
    web: Web, place: Place, administrator: User
) -> None:
    done = await adjust(web, administrator, place, "-2.500000")

    shown = done["adjustment"]
    assert (shown["state"], shown["amount"]) == (
        "POSTED",
        {"amount": "-2.500000", "currency": "TRY"},
    )
    assert shown["account"]["id"] == given(place)["accountId"]
    assert shown["proposedByUserId"] == encode("User", administrator.id)
    assert shown["transaction"]["reason"] == "a meter that ran too fast"
    sides = {
        entry["side"]: entry["amount"]["amount"]
        for entry in shown["transaction"]["entries"]["nodes"]
    }
    assert sides == {"CREDIT": "-2.500000", "ADJUSTMENTS": "2.500000"}
    assert await balance(place) == Decimal("-2.5")


@pytest.mark.usefixtures("limited")
async def test_above_the_limit_a_second_person_decides(
    web: Web, place: Place, administrator: User
) -> None:
    second = await web.user(place.company_id)
    which = await proposed(web, administrator, place)
    before = await balance(place)

    own = await web.ask(APPROVE, administrator, input=which)
    approved = await web.ask(APPROVE, second, input=which)
    late = await web.ask(REJECT, second, input=which | {"reason": "no"})
    decided = await web.ask(REJECT, second, input=which | {"expectedVersion": 2})

    assert refused(own)["__typename"] == "SecondPersonNeeded"
    assert before == 0
    shown = approved.data["done"]["adjustment"]
    assert (shown["state"], shown["decidedByUserId"]) == ("POSTED", encode("User", second.id))
    assert refused(late) == {
        "__typename": "StaleVersion",
        "code": "STALE_VERSION",
        "path": ["input", "expectedVersion"],
        "current": {"id": which["id"]},
    }
    assert refused(decided) == {
        "__typename": "AdjustmentDecided",
        "code": "ADJUSTMENT_DECIDED",
        "path": ["input", "id"],
        "state": "POSTED",
    }
    assert await balance(place) == 250


@pytest.mark.usefixtures("limited")
async def test_a_second_person_turns_it_down(web: Web, place: Place, administrator: User) -> None:
    second = await web.user(place.company_id)
    which = await proposed(web, administrator, place)

    answer = await web.ask(REJECT, second, input=which | {"reason": "not proven"})

    shown = answer.data["done"]["adjustment"]
    assert (shown["state"], shown["rejectionReason"]) == ("REJECTED", "not proven")
    assert shown["transaction"] is None
    assert await balance(place) == 0


@pytest.mark.usefixtures("limited")
async def test_a_program_decides_only_for_somebody_else(
    web: Web, place: Place, administrator: User
) -> None:
    await register(place.company_id, APPROVE)
    scopes = frozenset({Scope.CREDIT_APPROVE, Scope.BALANCES_READ, Scope.ACCOUNTS_READ})
    second = await web.user(place.company_id)
    given_to = [
        replace(KEY, name=f"key of {user.id}", scopes=scopes, user_id=user.id)
        for user in (administrator, second)
    ]
    which = await proposed(web, administrator, place)

    answers = []
    for key in given_to:
        _, text = await make_key(place.company_id, key)
        body = {"documentId": id_of(APPROVE), "variables": {"input": which}}
        response = await web.post(body, holder(text).headers)
        answers.append(response.json()["data"]["done"])

    assert [error["code"] for error in answers[0]["userErrors"]] == ["SECOND_PERSON_NEEDED"]
    assert answers[1]["adjustment"]["state"] == "POSTED"
    assert await balance(place) == 250


async def test_a_retry_shows_what_became_of_it_and_another_request_is_refused(
    web: Web, place: Place, administrator: User
) -> None:
    first = await adjust(web, administrator, place, "1.000000")

    again = await adjust(web, administrator, place, "1.000000")
    other = await web.ask(ADJUST, administrator, input=given(place, "2.000000"))

    assert again == first
    assert refused(other)["__typename"] == "IdempotencyConflict"
    assert refused(other)["path"] == ["input", "idempotencyKey"]
    assert await balance(place) == 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.PARTNER, Role.DEVELOPER])
async def test_whoever_may_not_adjusts_nothing(web: Web, place: Place, role: Role) -> None:
    if role is Role.DEVELOPER:
        user = (await web.developer()).acting_in(encode("Company", place.company_id))
    else:
        user = await web.user(place.company_id, role)

    answer = await web.ask(ADJUST, user, input=given(place))

    assert answer.errors == [("FORBIDDEN", ["done"])]
    assert await count() == 0


async def test_adjustments_are_listed_and_filtered(
    web: Web, place: Place, administrator: User
) -> None:
    await adjust(web, administrator, place, "-5.000000", idempotencyKey="small")
    await web.ask(
        SET_LIMIT, administrator, input={"expectedVersion": 1, "adjustmentApprovalLimit": "1"}
    )
    await adjust(web, administrator, place, "7.000000", idempotencyKey="large")
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )

    everything = await web.ask(LIST, administrator)
    waiting = await web.ask(
        LIST, administrator, where={"state": {"eq": "PROPOSED"}, "amount": {"gt": "5"}}
    )
    own = await web.ask(LIST, subscriber)

    assert everything.data["adjustments"]["nodes"] == [
        {"amount": {"amount": "-5.000000"}, "state": "POSTED"},
        {"amount": {"amount": "7.000000"}, "state": "PROPOSED"},
    ]
    assert waiting.data["adjustments"]["totalCount"] == 1
    assert own.data["adjustments"]["totalCount"] == 0


@pytest.mark.parametrize("limit", ["-1", "0.0000001"])
async def test_a_limit_that_is_none_is_refused(
    web: Web, place: Place, administrator: User, limit: str
) -> None:
    changes = {"expectedVersion": 1, "adjustmentApprovalLimit": limit}

    answer = await web.ask(SET_LIMIT, administrator, input=changes)

    assert answer.data["updateCompany"]["userErrors"] == [
        {"code": "INVALID_VALUE", "path": ["input", "adjustmentApprovalLimit"]}
    ]
    kept = "select array[version, adjustment_approval_limit_micro] from company where id = $1"
    assert await query(kept, place.company_id) == [1, None]
