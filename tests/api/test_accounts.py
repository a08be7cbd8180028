"""Opening and changing accounts over GraphQL."""

from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from tests.api.web import User, Web
from tests.factories import Place, Supply, add_supply, make_place, open_account

OPEN = """
mutation ($input: OpenAccountInput!) {
  openAccount(input: $input) {
    account {
      number category billingMode openedAt warningLimit version tariff { name } subscriber { id }
      premises { id } meteringPoints { nodes { id } } balance { amount }
    }
    userErrors { code path }
  }
}
"""
UPDATE = """
mutation ($input: UpdateAccountInput!) {
  updateAccount(input: $input) {
    account { number warningLimit segment version } userErrors { code path }
  }
}
"""
AT = "2026-03-18T11:00:00+00:00"


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def supply(place: Place) -> Supply:
    return await add_supply(place, with_account=False)


def account(place: Place, supply: Supply, **changes: Any) -> dict[str, Any]:
    return {
        "number": "A1",
        "subscriberId": encode("Subscriber", place.subscriber_id),
        "premisesId": encode("Premises", supply.premises_id),
        "tariffId": encode("Tariff", place.tariff_id),
        "openedAt": AT,
        "points": [point(supply)],
        **changes,
    }


def point(supply: Supply, index: str = "1.5") -> dict[str, str]:
    return {"meteringPointId": encode("MeteringPoint", supply.point_id), "openingIndex": index}


async def count() -> int:
    async with access.system() as connection:
        return int(await connection.fetchval("select count(*) from account"))


async def opened() -> list[list[tuple[Any, ...]]]:
    """Return all that an opened account is: its row, what it pays for, and since when how."""
    async with access.system() as connection:
        return [
            [tuple(row) for row in await connection.fetch(f"select * from {table} order by 1, 2")]
            for table in ("account", "account_point", "account_mode", "billing_segment")
        ]


async def test_an_account_is_opened(
    web: Web, place: Place, supply: Supply, administrator: User
) -> None:
    given = account(place, supply, billingMode="POSTPAID", warningLimit="-10.5")
    given["category"] = "STREET_LIGHTING"

    answer = await web.ask(OPEN, administrator, input=given)

    assert answer.data["openAccount"] == {
        "account": {
            "number": "A1",
            "category": "STREET_LIGHTING",
            "billingMode": "POSTPAID",
            "openedAt": AT,
            "warningLimit": "-10.500000",
            "version": 1,
            "tariff": {"name": "Standard"},
            "subscriber": {"id": given["subscriberId"]},
            "premises": {"id": given["premisesId"]},
            "meteringPoints": {"nodes": [{"id": given["points"][0]["meteringPointId"]}]},
            "balance": {"amount": "0.000000"},
        },
        "userErrors": [],
    }


async def test_opening_an_account_may_be_repeated(
    web: Web, place: Place, supply: Supply, administrator: User
) -> None:
    given = account(place, supply, warningLimit="7", cutOffLimit="1", category="SHOP")

    first = await web.ask(OPEN, administrator, input=given)
    again = await web.ask(OPEN, administrator, input=given)

    assert first.data["openAccount"]["userErrors"] == []
    assert again.data == first.data
    assert await count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"warningLimit": "8"}, id="another limit"),
        pytest.param({"billingMode": "POSTPAID"}, id="another mode"),
        pytest.param({"openedAt": "2026-03-18T10:00:00+00:00"}, id="another beginning"),
        pytest.param({"points": []}, id="other points"),
    ],
)
async def test_another_account_of_the_same_number_is_not_opened(
    web: Web, place: Place, supply: Supply, administrator: User, changes: dict[str, Any]
) -> None:
    await web.ask(OPEN, administrator, input=account(place, supply))
    before = await opened()

    refused = await web.ask(OPEN, administrator, input=account(place, supply, **changes))

    assert refused.data["openAccount"] == {
        "account": None,
        "userErrors": [{"code": "ALREADY_EXISTS", "path": ["input", "number"]}],
    }
    assert await opened() == before


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        pytest.param({"category": "streets"}, "INVALID_VALUE", ["category"], id="no category"),
        pytest.param({"number": ""}, "INVALID_VALUE", ["number"], id="no number"),
        pytest.param(
            {"openedAt": "2026-03-18T12:06:00Z"}, "IN_THE_FUTURE", ["openedAt"], id="not yet"
        ),
        pytest.param(
            {"warningLimit": "0.0000001"}, "INVALID_VALUE", ["warningLimit"], id="too fine a limit"
        ),
    ],
)
async def test_what_cannot_be_is_refused(
    web: Web,
    place: Place,
    supply: Supply,
    administrator: User,
    changes: dict[str, Any],
    code: str,
    path: list[str],
) -> None:
    answer = await web.ask(OPEN, administrator, input=account(place, supply, **changes))

    assert answer.data["openAccount"] == {
        "account": None,
        "userErrors": [{"code": code, "path": ["input", *path]}],
    }
    assert await count() == 0


async def test_an_account_may_pay_for_no_point_alone(
    web: Web, place: Place, supply: Supply, administrator: User
) -> None:
    answer = await web.ask(OPEN, administrator, input=account(place, supply, points=[]))

    assert answer.data["openAccount"]["userErrors"] == []
    assert answer.data["openAccount"]["account"]["meteringPoints"] == {"nodes": []}


async def test_an_account_pays_for_points_of_its_premises_that_nobody_else_pays_for(
    web: Web, place: Place, supply: Supply, administrator: User
) -> None:
    elsewhere = await add_supply(place, with_account=False)
    far = account(place, supply, points=[point(supply), point(elsewhere)])

    refused = await web.ask(OPEN, administrator, input=far)
    opened = await web.ask(OPEN, administrator, input=account(place, supply))
    taken = await web.ask(OPEN, administrator, input=account(place, supply, number="A2"))

    assert refused.data["openAccount"]["userErrors"] == [
        {"code": "POINT_ELSEWHERE", "path": ["input", "points", "1", "meteringPointId"]}
    ]
    assert opened.data["openAccount"]["userErrors"] == []
    assert taken.data["openAccount"]["userErrors"] == [
        {"code": "POINT_PAID_FOR", "path": ["input", "points", "0", "meteringPointId"]}
    ]
    assert await count() == 1


async def test_an_opening_index_below_what_the_meter_showed_is_refused(
    web: Web, place: Place, administrator: User
) -> None:
    supply = await add_supply(place, with_account=False, initial_index_wh=5_000)

    answer = await web.ask(OPEN, administrator, input=account(place, supply))

    assert answer.data["openAccount"]["userErrors"] == [
        {"code": "INDEX_FELL", "path": ["input", "points", "0", "openingIndex"]}
    ]
    assert await count() == 0


async def test_a_point_is_named_once(
    web: Web, place: Place, supply: Supply, administrator: User
) -> None:
    twice = account(place, supply, points=[point(supply), point(supply, "2")])

    answer = await web.ask(OPEN, administrator, input=twice)

    assert answer.errors == [("BAD_USER_INPUT", ["openAccount"])]
    assert await count() == 0


@pytest.mark.parametrize("what", ["subscriberId", "premisesId", "tariffId"])
async def test_what_another_company_has_is_not_found(
    web: Web, place: Place, supply: Supply, administrator: User, what: str
) -> None:
    other = await make_place()
    theirs = account(other, other.supplies[0])[what]

    answer = await web.ask(OPEN, administrator, input=account(place, supply, **{what: theirs}))

    assert answer.errors == [("NOT_FOUND", ["openAccount"])]
    assert await count() == 1


async def test_without_the_scope_no_account_is_opened(
    web: Web, place: Place, supply: Supply
) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await web.ask(OPEN, operator, input=account(place, supply))

    assert answer.errors == [("FORBIDDEN", ["openAccount"])]
    assert await count() == 0


async def test_a_limit_of_its_own_counts_at_once_and_null_takes_it_away(
    web: Web, place: Place, supply: Supply, administrator: User
) -> None:
    account_id = await open_account(place, {supply.point_id: 0}, supply.premises_id)
    seen = {"id": encode("Account", account_id), "expectedVersion": 1}

    own = await web.ask(
        UPDATE, administrator, input={**seen, "warningLimit": "-1", "cutOffLimit": "-2"}
    )
    none = await web.ask(
        UPDATE, administrator, input={**seen, "expectedVersion": 2, "warningLimit": None}
    )

    shown = own.data["updateAccount"]["account"]
    assert (shown["warningLimit"], shown["segment"]) == ("-1.000000", "CREDIT")
    shown = none.data["updateAccount"]["account"]
    assert (shown["warningLimit"], shown["segment"]) == (None, "WARNING_LIMIT")
    async with access.system() as connection:
        waiting = await connection.fetch("select account_id from attention")
    assert [row["account_id"] for row in waiting] == [account_id]


async def test_a_number_is_one_accounts(
    web: Web, place: Place, supply: Supply, administrator: User
) -> None:
    await web.ask(OPEN, administrator, input=account(place, supply))
    other = await add_supply(place)
    change = {"id": encode("Account", other.account_id or 0), "expectedVersion": 1, "number": "A1"}

    answer = await web.ask(UPDATE, administrator, input=change)

    assert answer.data["updateAccount"] == {
        "account": None,
        "userErrors": [{"code": "ALREADY_EXISTS", "path": ["input", "number"]}],
    }
