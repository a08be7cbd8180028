"""The books over GraphQL: entries, transactions, and who sees which."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import JournalKind, LedgerAccountKind, Role
from domain.ledger.posting import post
from domain.ledger.reversal import reverse
from domain.ledger.rules import Line, Posting
from tests.api.web import User, Web
from tests.credit import pay
from tests.factories import NOW, Place, account_of, make_place

DAY = timedelta(days=1)
ENTRIES = """
query ($where: LedgerEntryWhereInput) {
  ledgerEntries(where: $where, first: 10) {
    nodes {
      side kind occurredAt energyDate taxCode amount { amount currency } account { id }
      transaction {
        kind reason userId corrects { id } corrections(first: 1) { nodes { id } }
        entries(first: 1) { totalCount }
      }
    }
    totalCount
  }
}
"""
OF_ACCOUNT = """
query ($id: ID!) {
  node(id: $id) { ... on Account {
    ledgerEntries { nodes { side amount { amount } } totalCount }
    balance { amount debt emergencyUsed inFlight currency }
  } }
}
"""


async def test_entries_show_what_they_are_part_of(
    web: Web, place: Place, administrator: User
) -> None:
    first = await pay(place, "10")
    async with access.tenant(place.company_id) as connection:
        second = await reverse(
            connection,
            company_id=place.company_id,
            journal_id=first,
            reason="typed twice",
            now=NOW + DAY,
        )

    answer = await web.ask(ENTRIES, administrator, where={"side": {"eq": "CREDIT"}})

    undone, paid = answer.data["ledgerEntries"]["nodes"]
    assert undone == {
        "side": "CREDIT",
        "kind": "REVERSAL",
        "occurredAt": (NOW + DAY).isoformat(),
        "energyDate": None,
        "taxCode": None,
        "amount": {"amount": "-10.000000", "currency": "TRY"},
        "account": {"id": encode("Account", account_of(place))},
        "transaction": {
            "kind": "REVERSAL",
            "reason": "typed twice",
            "corrects": {"id": encode("LedgerTransaction", first)},
            "corrections": {"nodes": []},
            "entries": {"totalCount": 2},
            "userId": None,
        },
    }
    assert paid["transaction"]["corrections"] == {
        "nodes": [{"id": encode("LedgerTransaction", second)}]
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param({"kind": {"eq": "CASH_TOP_UP"}}, 4, id="kind"),
        pytest.param({"side": {"in": ["CASH"]}}, 2, id="side"),
        pytest.param({"amount": {"gt": "15.5"}}, 1, id="amount"),
        pytest.param({"accountId": {"isNull": True}}, 2, id="the company's own"),
        pytest.param({"occurredAt": {"gte": (NOW + DAY).isoformat()}}, 2, id="time"),
    ],
)
async def test_entries_are_filtered(
    web: Web, place: Place, administrator: User, where: dict[str, Any], expected: int
) -> None:
    await pay(place, "15.5", key="one")
    await pay(place, "20", key="two", number=1, at=NOW + DAY)

    answer = await web.ask(ENTRIES, administrator, where=where)

    assert answer.data["ledgerEntries"]["totalCount"] == expected


async def test_a_subscriber_sees_the_own_sides_alone(web: Web, place: Place) -> None:
    await pay(place, "10")
    other = await make_place()
    await pay(other, "10")
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )

    answer = await web.ask(
        "{ ledgerEntries { nodes { side transaction { entries { totalCount } } } } }", subscriber
    )

    assert answer.data["ledgerEntries"]["nodes"] == [
        {"side": "CREDIT", "transaction": {"entries": {"totalCount": 1}}}
    ]


@pytest.mark.parametrize("role", [Role.PARTNER, Role.DEVELOPER])
async def test_whoever_sees_no_money_sees_no_books(web: Web, place: Place, role: Role) -> None:
    await pay(place, "10")
    if role is Role.DEVELOPER:
        user = (await web.developer()).acting_in(encode("Company", place.company_id))
    else:
        user = await web.user(place.company_id, role)

    answer = await web.ask("{ ledgerEntries { totalCount } adjustments { totalCount } }", user)

    assert answer.codes == ["FORBIDDEN"] * 2
    assert answer.body["data"] == {"ledgerEntries": None, "adjustments": None}


async def test_an_account_shows_what_stands_beside_its_balance(
    web: Web, place: Place, administrator: User
) -> None:
    account_id = account_of(place)
    posting = Posting(
        company_id=place.company_id,
        kind=JournalKind.ADJUSTMENT,
        idempotency_key="one",
        request="one",
        occurred_at=NOW,
        lines=[
            Line(LedgerAccountKind.CREDIT, Decimal(20), account_id),
            Line(LedgerAccountKind.EMERGENCY_CREDIT, Decimal(-12), account_id),
            Line(LedgerAccountKind.DEBT, Decimal(-8), account_id),
            Line(LedgerAccountKind.IN_FLIGHT, Decimal("5.5"), account_id),
            Line(LedgerAccountKind.PROVIDER_CLEARING, Decimal("-5.5")),
        ],
    )
    async with access.tenant(place.company_id) as connection:
        await post(connection, posting, now=NOW)

    answer = await web.ask(OF_ACCOUNT, administrator, id=encode("Account", account_id))

    assert answer.data["node"]["balance"] == {
        "amount": "20.000000",
        "debt": "8.000000",
        "emergencyUsed": "12.000000",
        "inFlight": "5.500000",
        "currency": "TRY",
    }
    assert answer.data["node"]["ledgerEntries"]["totalCount"] == 4
