"""Ending accounts, taking them over, and what is left of them, over GraphQL."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from tests.api.web import User, Web
from tests.db.exchanges import fetch
from tests.factories import NOW, Place, make_place

CLOSE = """
mutation ($input: CloseAccountInput!) {
  closeAccount(input: $input) {
    account { closedAt version balance { amount debt } meteringPoints { totalCount } }
    userErrors { code path }
  }
}
"""
CHANGE = """
mutation ($input: ChangeTenancyInput!) {
  changeTenancy(input: $input) {
    account { number openedAt billingMode balance { amount debt } subscriber { id }
      warningLimit cutOffLimit reconnectLimit
      meteringPoints { nodes { id } } }
    userErrors { code path }
  }
}
"""
REOPEN = """
mutation ($input: ReopenAccountInput!) {
  reopenAccount(input: $input) {
    account { closedAt version balance { amount debt } meteringPoints { totalCount } }
    userErrors { code path }
  }
}
"""
TAKE_BACK = """
mutation ($input: TakeBackTenancyInput!) {
  takeBackTenancy(input: $input) {
    account { closedAt version balance { amount debt } meteringPoints { totalCount } }
    userErrors { code path }
  }
}
"""
SETTLE = """
mutation ($input: SettleAccountInput!) {
  settleAccount(input: $input) { account { version } userErrors { code path } }
}
"""
REVERSE = """
mutation ($input: ReverseSettlementInput!) {
  reverseSettlement(input: $input) { account { balance { amount debt } } userErrors { code path } }
}
"""
AT = (NOW - timedelta(hours=1)).isoformat()
UNTOUCHED = """
    select a.closed_at, a.version, b.balance_micro from account a
    join account_balance b on b.company_id = a.company_id and b.account_id = a.id
"""


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(price=Decimal(2))


def account(place: Place) -> str:
    return encode("Account", place.supplies[0].account_id or 0)


def end(place: Place, **changes: Any) -> dict[str, Any]:
    point = encode("MeteringPoint", place.supplies[0].point_id)
    return {
        "id": account(place),
        "expectedVersion": 1,
        "points": [{"meteringPointId": point, "finalIndex": "5"}],
        **changes,
    }


async def test_an_account_is_closed_settled_and_the_settlement_reversed(
    web: Web, place: Place, administrator: User
) -> None:
    closed = await web.ask(CLOSE, administrator, input=end(place, closedAt=AT, refundBy="CASH"))
    which = {"id": account(place), "idempotencyKey": "one"}
    reversed_ = await web.ask(REVERSE, administrator, input={**which, "reason": "by mistake"})
    settled = await web.ask(SETTLE, administrator, input=which)

    assert closed.data["closeAccount"] == {
        "account": {
            "closedAt": AT,
            "version": 2,
            "balance": {"amount": "0.000000", "debt": "10.000000"},
            "meteringPoints": {"totalCount": 0},
        },
        "userErrors": [],
    }
    assert reversed_.data["reverseSettlement"]["account"] == {
        "balance": {"amount": "-10.000000", "debt": "0.000000"}
    }
    assert settled.data["settleAccount"] == {"account": {"version": 2}, "userErrors": []}


async def test_an_account_that_ended_by_mistake_is_reopened(
    web: Web, place: Place, administrator: User
) -> None:
    await web.ask(CLOSE, administrator, input=end(place, closedAt=AT))
    given = {"id": account(place), "expectedVersion": 2, "reason": "by mistake"}

    reopened = await web.ask(REOPEN, administrator, input=given)

    assert reopened.data["reopenAccount"] == {
        "account": {
            "closedAt": None,
            "version": 3,
            "balance": {"amount": "-10.000000", "debt": "0.000000"},
            "meteringPoints": {"totalCount": 1},
        },
        "userErrors": [],
    }


async def test_an_account_is_not_reopened_after_a_long_time(
    web: Web, place: Place, administrator: User
) -> None:
    await web.ask(CLOSE, administrator, input=end(place, closedAt=AT))
    web.clock.move(timedelta(days=32))
    user = await web.user(place.company_id)
    given = {"id": account(place), "expectedVersion": 2, "reason": "by mistake"}

    refused = await web.ask(REOPEN, user, input=given)

    assert refused.data["reopenAccount"] == {
        "account": None,
        "userErrors": [{"code": "ENDED_TOO_LONG_AGO", "path": ["input", "id"]}],
    }
    assert await fetch("select closed_at, version from account") == [
        {"closed_at": datetime.fromisoformat(AT), "version": 2}
    ]


async def test_a_tenancy_changes_in_one_mutation(
    web: Web, place: Place, administrator: User
) -> None:
    given = end(
        place,
        changedAt=AT,
        number="NEW",
        subscriberId=encode("Subscriber", place.subscriber_id),
        billingMode="POSTPAID",
        warningLimit="7",
        cutOffLimit="-3",
        reconnectLimit="1",
    )

    answer = await web.ask(CHANGE, administrator, input=given)

    assert answer.data["changeTenancy"] == {
        "account": {
            "number": "NEW",
            "openedAt": AT,
            "billingMode": "POSTPAID",
            "warningLimit": "7.000000",
            "cutOffLimit": "-3.000000",
            "reconnectLimit": "1.000000",
            "balance": {"amount": "0.000000", "debt": "0.000000"},
            "subscriber": {"id": given["subscriberId"]},
            "meteringPoints": {"nodes": [{"id": given["points"][0]["meteringPointId"]}]},
        },
        "userErrors": [],
    }


async def test_a_change_of_tenancy_is_taken_back(
    web: Web, place: Place, administrator: User
) -> None:
    subscriber_id = encode("Subscriber", place.subscriber_id)
    given = end(place, changedAt=AT, number="NEW", subscriberId=subscriber_id)
    await web.ask(CHANGE, administrator, input=given)
    wish = {"id": account(place), "expectedVersion": 2, "reason": "by mistake"}

    answers = [await web.ask(TAKE_BACK, administrator, input=wish) for _ in range(2)]

    assert [answer.data["takeBackTenancy"] for answer in answers] == [
        {
            "account": {
                "closedAt": None,
                "version": 3,
                "balance": {"amount": "-10.000000", "debt": "0.000000"},
                "meteringPoints": {"totalCount": 1},
            },
            "userErrors": [],
        }
    ] * 2
    rows = await fetch("select number from account where closed_at is not null")
    assert rows == [{"number": "NEW"}]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        pytest.param({"closedAt": "2030-01-01T00:00:00Z"}, "IN_THE_FUTURE", "closedAt", id="later"),
        pytest.param({"expectedVersion": 3}, "STALE_VERSION", "expectedVersion", id="stale"),
        pytest.param({"points": []}, "INVALID_VALUE", "points", id="no points"),
    ],
)
async def test_what_cannot_be_is_refused(
    web: Web, place: Place, administrator: User, changes: dict[str, Any], code: str, path: str
) -> None:
    answer = await web.ask(CLOSE, administrator, input=end(place, **{"closedAt": AT, **changes}))

    assert answer.data["closeAccount"] == {
        "account": None,
        "userErrors": [{"code": code, "path": ["input", path]}],
    }
    assert await fetch(UNTOUCHED) == [{"closed_at": None, "version": 1, "balance_micro": 0}]


async def test_who_only_reads_ends_nothing(web: Web, place: Place) -> None:
    auditor = await web.user(place.company_id, Role.AUDITOR)
    which = {"id": account(place), "idempotencyKey": "one"}

    answers = [
        await web.ask(CLOSE, auditor, input=end(place, closedAt=AT)),
        await web.ask(SETTLE, auditor, input=which),
        *[
            await web.ask(
                text, auditor, input={"id": account(place), "expectedVersion": 1, "reason": "x"}
            )
            for text in (REOPEN, TAKE_BACK)
        ],
        await web.ask(REVERSE, auditor, input={**which, "reason": "x"}),
    ]

    assert [answer.codes for answer in answers] == [["FORBIDDEN"]] * 5
    assert await fetch(UNTOUCHED) == [{"closed_at": None, "version": 1, "balance_micro": 0}]
