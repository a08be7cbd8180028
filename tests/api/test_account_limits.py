"""Limits of companies and accounts, and what follows from them, over GraphQL."""

import pytest

from api.global_ids import encode
from db import access
from tests.api.web import User, Web
from tests.factories import Place, add_supply, make_place

UPDATE = """
mutation ($input: UpdateAccountInput!) {
  updateAccount(input: $input) { account { reconnectLimit } userErrors { code path } }
}
"""
STANDING = """
query ($id: ID!) {
  node(id: $id) {
    ... on Account {
      segment cutPending smallestTopUp warningLimit cutOffLimit reconnectLimit
      forecast { dailyUse runsOutAt }
    }
  }
}
"""
COMPANY = """
mutation ($input: UpdateCompanyInput!) {
  updateCompany(input: $input) {
    company {
      warningLimit cutOffLimit reconnectLimit warningMargin messageChannels messageRetentionDays
      faultNoticeRoles
    }
    userErrors { code path }
  }
}
"""


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


async def test_an_account_shows_what_its_credit_needs(
    web: Web, place: Place, administrator: User
) -> None:
    supply = await add_supply(place)
    limits = {
        "expectedVersion": 1,
        "warningLimit": "50",
        "cutOffLimit": "0",
        "reconnectLimit": "10",
        "warningMargin": "2.5",
        "messageChannels": ["SMS", "MAIL"],
        "messageRetentionDays": 90,
        "faultNoticeRoles": ["OPERATOR", "ADMINISTRATOR"],
    }
    account_id = encode("Account", supply.account_id or 0)
    own = {"id": account_id, "expectedVersion": 1, "reconnectLimit": "20"}

    company = await web.ask(COMPANY, administrator, input=limits)
    updated = await web.ask(UPDATE, administrator, input=own)
    shown = await web.ask(STANDING, administrator, id=account_id)

    assert company.data["updateCompany"] == {
        "company": {
            "warningLimit": "50.000000",
            "cutOffLimit": "0.000000",
            "reconnectLimit": "10.000000",
            "warningMargin": "2.500000",
            "messageChannels": ["SMS", "MAIL"],
            "messageRetentionDays": 90,
            "faultNoticeRoles": ["OPERATOR", "ADMINISTRATOR"],
        },
        "userErrors": [],
    }
    assert updated.data["updateAccount"]["userErrors"] == []
    assert shown.data["node"] == {
        "segment": "WARNING_LIMIT",
        "cutPending": True,
        "smallestTopUp": "20.010000",
        "warningLimit": None,
        "cutOffLimit": None,
        "reconnectLimit": "20.000000",
        # Nothing was heard of its meter yet.
        "forecast": None,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("faultNoticeRoles", ["SUBSCRIBER"], id="a role that runs nothing"),
        pytest.param("warningLimit", "0.0000001", id="too fine"),
        pytest.param("cutOffLimit", "-10000000000000", id="too large"),
        pytest.param("warningMargin", "-1", id="a margin below zero"),
    ],
)
async def test_limits_that_cannot_be_are_refused(
    web: Web, place: Place, administrator: User, name: str, value: object
) -> None:
    answer = await web.ask(COMPANY, administrator, input={"expectedVersion": 1, name: value})

    assert answer.data["updateCompany"] == {
        "company": None,
        "userErrors": [{"code": "INVALID_VALUE", "path": ["input", name]}],
    }
    async with access.system() as connection:
        assert await connection.fetch("select from limits_moved") == []
        assert await connection.fetchval("select version from company") == 1
