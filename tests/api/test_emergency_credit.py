"""Emergency credit: lent near the limit, once, and again only when it is repaid in full."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import JournalKind, LedgerAccountKind, Role
from db.ids import AccountId
from domain.companies import settings
from domain.ledger.posting import post
from domain.ledger.rules import Line, Posting
from domain.subscribers import operations as subscribers
from tests.api.web import Answer, User, Web
from tests.factories import KEYRING, NOW, Place, make_place

REQUEST = """
mutation ($input: RequestEmergencyCreditInput!) {
  requestEmergencyCredit(input: $input) {
    account { emergencyCreditOffered balance { amount emergencyUsed } }
    userErrors { code path }
  }
}
"""
OFFERED = """
query ($id: ID!) { node(id: $id) { ... on Account { emergencyCreditOffered smallestTopUp } } }
"""
LENT = {
    "account": {
        "emergencyCreditOffered": None,
        "balance": {"amount": "20.000000", "emergencyUsed": "20.000000"},
    },
    "userErrors": [],
}


@pytest.fixture
async def place(web: Web) -> Place:
    place = await make_place()
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"emergency_credit": Decimal(20), "emergency_near": Decimal(0)},
    )
    return place


@pytest.fixture
async def subscriber(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id)


def account_id(place: Place) -> AccountId:
    found = place.supplies[0].account_id
    assert found is not None
    return found


async def request(web: Web, user: User, place: Place, key: str = "first") -> Answer:
    given = {"accountId": encode("Account", account_id(place)), "idempotencyKey": key}
    return await web.ask(REQUEST, user, input=given)


async def move(place: Place, amount: str, *sides: LedgerAccountKind) -> None:
    """Let a transaction credit the account's side and debit the cash that paid it."""
    side = sides[0] if sides else LedgerAccountKind.CREDIT
    posting = Posting(
        company_id=place.company_id,
        kind=JournalKind.CASH_TOP_UP,
        idempotency_key=f"{side} {amount}",
        request=amount,
        occurred_at=NOW,
        lines=[
            Line(side, Decimal(amount), account_id(place)),
            Line(LedgerAccountKind.CASH, -Decimal(amount)),
        ],
    )
    async with access.tenant(place.company_id) as connection:
        await post(connection, posting, now=NOW)


async def lines() -> list[tuple[str, Any]]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select l.kind, e.amount from entry e"
            " join ledger_account l on l.id = e.ledger_account_id"
            " join journal j on j.id = e.journal_id where j.kind = 'EMERGENCY_CREDIT' order by e.id"
        )
    return [(row["kind"], row["amount"]) for row in rows]


async def test_a_subscriber_borrows_once(web: Web, place: Place, subscriber: User) -> None:
    before = await web.ask(OFFERED, subscriber, id=encode("Account", account_id(place)))

    answers = await asyncio.gather(*(request(web, subscriber, place) for _ in range(3)))
    other = await request(web, subscriber, place, key="second")

    assert before.data["node"] == {
        "emergencyCreditOffered": "20.000000",
        "smallestTopUp": "1.000000",
    }
    assert [answer.data["requestEmergencyCredit"] for answer in answers] == [LENT] * 3
    assert other.data["requestEmergencyCredit"] == {
        "account": None,
        "userErrors": [{"code": "EMERGENCY_CREDIT_NOT_OFFERED", "path": ["input", "accountId"]}],
    }
    assert await lines() == [("CREDIT", Decimal(20)), ("EMERGENCY_CREDIT", Decimal(-20))]


async def test_more_is_lent_only_when_all_is_repaid(
    web: Web, place: Place, subscriber: User
) -> None:
    await request(web, subscriber, place)
    await move(place, "-25")
    await move(place, "19.5", LedgerAccountKind.EMERGENCY_CREDIT)
    partly = await request(web, subscriber, place, key="second")
    await move(place, "0.5", LedgerAccountKind.EMERGENCY_CREDIT)

    fully = await request(web, subscriber, place, key="third")

    assert partly.data["requestEmergencyCredit"]["account"] is None
    assert fully.data["requestEmergencyCredit"]["account"]["balance"] == {
        "amount": "15.000000",
        "emergencyUsed": "20.000000",
    }


async def test_who_has_credit_borrows_nothing(web: Web, place: Place, subscriber: User) -> None:
    await move(place, "1")

    answer = await request(web, subscriber, place)

    assert answer.data["requestEmergencyCredit"]["account"] is None
    assert await lines() == []


async def test_nobody_borrows_for_another(web: Web, place: Place) -> None:
    stranger_id = await subscribers.create(
        company_id=place.company_id,
        reference="another",
        contact={"name": "Somebody Else"},
        keyring=KEYRING,
    )
    stranger = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=stranger_id)
    operator = await web.user(place.company_id, Role.OPERATOR)

    refused = [await request(web, user, place) for user in (stranger, operator)]

    assert [answer.codes for answer in refused] == [["NOT_FOUND"], ["FORBIDDEN"]]
    assert await lines() == []
