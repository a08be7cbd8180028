"""Supplies that several accounts share over GraphQL: who may share them, and who sees what."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from db.ids import AccountId, CompanyId
from domain.ledger import operations as ledger
from domain.subscribers import operations as subscribers
from tests.api.web import User, Web
from tests.db.shared_supplies.sharing import SINCE, add_tenant, payers, share
from tests.db.stored_readings import fetch, store
from tests.factories import (
    KEYRING,
    NOW,
    Place,
    Supply,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)

SHARE = """
mutation ($input: ShareSupplyInput!) {
  shareSupply(input: $input) {
    meteringPoint {
      isShared version account { id } shares { partsPerMillion startedAt account { number } }
      meter { isShared account { id } balance { amount } }
    }
    userErrors { code path }
  }
}
"""
POINT = """
query ($id: ID!) {
  node(id: $id) {
    ... on MeteringPoint {
      isShared account { id } shares { partsPerMillion account { id } } meter { isShared serial }
    }
  }
}
"""
STATEMENT = """
query ($id: ID!, $range: TimeRangeInput!) {
  node(id: $id) {
    ... on Account { statement(range: $range) { closing { amount } } }
  }
}
"""


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def supply(place: Place) -> Supply:
    return await add_supply(place)


@pytest.fixture
async def tenants(place: Place) -> list[AccountId]:
    return [await add_tenant(place, number) for number in ("ANNA", "BORA")]


@pytest.fixture
async def administrator(web: Web, place: Place) -> User:
    return await web.user(place.company_id)


def sharing(supply: Supply, *shares: tuple[AccountId, int], **changes: Any) -> dict[str, Any]:
    return {
        "id": encode("MeteringPoint", supply.point_id),
        "expectedVersion": 1,
        "startsAt": SINCE.isoformat(),
        "index": "0.000",
        "shares": [
            {"accountId": encode("Account", account_id), "partsPerMillion": part}
            for account_id, part in shares
        ],
        **changes,
    }


async def newcomer(company_id: CompanyId) -> Any:
    return await subscribers.create(
        company_id=company_id, reference="NEW", contact={"name": "Cem"}, keyring=KEYRING
    )


async def test_accounts_share_a_supply(
    web: Web, administrator: User, supply: Supply, tenants: list[AccountId]
) -> None:
    given = sharing(supply, (tenants[0], 250_000), (tenants[1], 750_000))

    answers = [await web.ask(SHARE, administrator, input=given) for _ in range(2)]

    point = {
        "isShared": True,
        "version": 2,
        "account": None,
        "shares": [
            {
                "partsPerMillion": part,
                "startedAt": SINCE.isoformat(),
                "account": {"number": number},
            }
            for number, part in (("BORA", 750_000), ("ANNA", 250_000))
        ],
        "meter": {"isShared": True, "account": None, "balance": None},
    }
    assert [answer.data["shareSupply"] for answer in answers] == [
        {"meteringPoint": point, "userErrors": []}
    ] * 2
    changes = await fetch(
        "select object_id, user_id, after->>'share_ppm' as share_ppm from daily_entry"
        " where object_type = 'AccountPoint' and object_id = any($1::int8[]) order by object_id",
        tenants,
    )
    assert [tuple(row.values()) for row in changes] == [
        (tenants[0], administrator.id, "250000"),
        (tenants[1], administrator.id, "750000"),
    ]


async def test_a_supply_of_one_account_is_not_shared(
    web: Web, administrator: User, supply: Supply
) -> None:
    answer = await web.ask(POINT, administrator, id=encode("MeteringPoint", supply.point_id))

    account = {"id": encode("Account", supply.account_id or 0)}
    assert answer.data["node"] == {
        "isShared": False,
        "account": account,
        "shares": [{"partsPerMillion": 1_000_000, "account": account}],
        "meter": {"isShared": False, "serial": supply.serial},
    }


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        pytest.param({"expectedVersion": 9}, "STALE_VERSION", ["expectedVersion"], id="stale"),
        pytest.param(
            {"startsAt": (NOW + timedelta(hours=1)).isoformat()},
            "IN_THE_FUTURE",
            ["startsAt"],
            id="in the future",
        ),
        pytest.param({"index": "1000000.000"}, "INDEX_OUT_OF_RANGE", ["index"], id="index"),
    ],
)
async def test_a_refused_sharing_says_why(
    web: Web,
    administrator: User,
    supply: Supply,
    tenants: list[AccountId],
    changes: dict[str, Any],
    code: str,
    path: list[str],
) -> None:
    shares = [(account_id, 500_000) for account_id in tenants]

    answer = await web.ask(SHARE, administrator, input=sharing(supply, *shares, **changes))

    assert answer.data["shareSupply"] == {
        "meteringPoint": None,
        "userErrors": [{"code": code, "path": ["input", *path]}],
    }
    assert [row["account_id"] for row in await payers(supply)] == [supply.account_id]


async def test_parts_make_up_the_whole(
    web: Web, administrator: User, supply: Supply, tenants: list[AccountId]
) -> None:
    given = sharing(supply, (tenants[0], 500_000), (tenants[1], 499_999))

    answer = await web.ask(SHARE, administrator, input=given)

    assert answer.data["shareSupply"]["userErrors"] == [
        {"code": "SHARES_NOT_WHOLE", "path": ["input", "shares"]}
    ]
    assert [row["account_id"] for row in await payers(supply)] == [supply.account_id]


async def test_nobody_is_named_twice(
    web: Web, administrator: User, supply: Supply, tenants: list[AccountId]
) -> None:
    given = sharing(supply, (tenants[0], 500_000), (tenants[0], 500_000))

    answer = await web.ask(SHARE, administrator, input=given)

    assert answer.codes == ["BAD_USER_INPUT"]
    assert [row["account_id"] for row in await payers(supply)] == [supply.account_id]


async def test_only_who_may_change_accounts_shares_supplies(
    web: Web, place: Place, supply: Supply, tenants: list[AccountId]
) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await web.ask(SHARE, operator, input=sharing(supply, (tenants[0], 1_000_000)))

    assert answer.codes == ["FORBIDDEN"]
    assert [row["account_id"] for row in await payers(supply)] == [supply.account_id]


async def test_what_another_company_has_is_not_there(
    web: Web, administrator: User, supply: Supply, tenants: list[AccountId]
) -> None:
    stranger = (await make_place()).supplies[0]
    assert stranger.account_id is not None
    inputs = [
        sharing(supply, (tenants[0], 500_000), (stranger.account_id, 500_000)),
        sharing(stranger, (tenants[0], 1_000_000)),
    ]

    answers = [await web.ask(SHARE, administrator, input=given) for given in inputs]

    assert [answer.codes for answer in answers] == [["NOT_FOUND"], ["NOT_FOUND"]]
    assert [row["account_id"] for one in (supply, stranger) for row in await payers(one)] == [
        supply.account_id,
        stranger.account_id,
    ]


async def test_a_subscriber_sees_the_own_share_alone(
    web: Web, place: Place, supply: Supply, tenants: list[AccountId]
) -> None:
    other = replace(place, subscriber_id=await newcomer(place.company_id))
    own = await add_tenant(other, "OWN")
    await share(place, supply, {own: 400_000, tenants[0]: 600_000})
    user = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=other.subscriber_id)

    answer = await web.ask(POINT, user, id=encode("MeteringPoint", supply.point_id))

    assert answer.data["node"] == {
        "isShared": True,
        "account": None,
        "shares": [{"partsPerMillion": 400_000, "account": {"id": encode("Account", own)}}],
        "meter": {"isShared": True, "serial": supply.serial},
    }


async def test_a_statement_shows_the_own_part(
    web: Web, administrator: User, place: Place, supply: Supply, tenants: list[AccountId]
) -> None:
    await share(place, supply, {tenants[0]: 250_000, tenants[1]: 750_000})
    registers = await make_register_set(place.company_id)
    await store([make_read(place, registers, NOW - timedelta(hours=1), 4_000, supply=supply)])
    await ledger.close_days(now=NOW + timedelta(days=1))

    answers = [
        await web.ask(
            STATEMENT,
            administrator,
            id=encode("Account", account_id),
            range={"from": SINCE.isoformat(), "to": (NOW + timedelta(days=2)).isoformat()},
        )
        for account_id in tenants
    ]

    closing = [answer.data["node"]["statement"]["closing"]["amount"] for answer in answers]
    assert closing == ["-2.345679", "-7.037037"]
