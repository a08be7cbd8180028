"""Netting over GraphQL: from the tariff that names it to the month's verdict and its invoice."""

from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from tests.api.monthly import make_factory
from tests.api.tariffs import FLAT, PROPOSE, proposal, versions
from tests.api.test_tariffs import APPROVE
from tests.api.web import User, Web
from tests.db.month_charges.exporting import read
from tests.db.month_charges.world import ENDS_AT, STARTS_AT, work
from tests.factories import NOW, Place, account_of, add_supply

BOUGHT = {"name": "Energy", "kind": "ENERGY", "register": "1.8.0", "price": "3"}
SOLD = {
    "name": "Sold",
    "kind": "ENERGY",
    "direction": "EXPORT",
    "register": "2.8.0",
    "price": "2",
}
NETTED: dict[str, Any] = {"components": [BOUGHT, SOLD], "netting": {"period": "MONTH"}}
TOLD = """
{ tariffs(first: 1) { nodes { versions(first: 2) { nodes { netting { period on } } } } } }
"""
LOOK = """
query ($point: ID!) {
  found: meteringPointMonth(meteringPointId: $point, month: "2026-02-01") {
    verdicts {
      netting { period imported exported netted untold notNetted }
      charges { component rate kind quantity unit price amount { amount } }
    }
  }
}
"""
ISSUE = """
mutation ($input: IssueInvoiceInput!) {
  done: issueInvoice(input: $input) {
    invoice { lines { kind amount { amount } priced { component rate quantity unit } } }
    userErrors { code }
  }
}
"""


async def test_netting_is_told_as_it_was_given(web: Web, place: Place, administrator: User) -> None:
    given = {"period": "HOUR", "on": ["ENERGY"]}
    await web.ask(PROPOSE, administrator, input=proposal(place, {**NETTED, "netting": given}))

    answer = await web.ask(TOLD, administrator)

    newest, flat = answer.data["tariffs"]["nodes"][0]["versions"]["nodes"]
    assert (newest["netting"], flat["netting"]) == (given, None)


@pytest.mark.parametrize(
    "prices",
    [
        pytest.param({**FLAT, "netting": {"period": "MONTH"}}, id="nothing is credited"),
        pytest.param({**NETTED, "netting": {"period": "DAY", "on": []}}, id="no kind"),
        pytest.param(
            {**NETTED, "netting": {"period": "DAY", "on": ["DISTRIBUTION"]}}, id="another kind"
        ),
        pytest.param(
            {**NETTED, "components": [BOUGHT, {**SOLD, "register": "2.8.1"}]},
            id="a part of the export",
        ),
    ],
)
async def test_netting_that_does_not_fit_is_refused(
    web: Web, place: Place, administrator: User, prices: dict[str, Any]
) -> None:
    answer = await web.ask(PROPOSE, administrator, input=proposal(place, prices))

    assert answer.data["proposeTariffVersion"] == {
        "tariffVersion": None,
        "userErrors": [{"code": "INVALID_VALUE", "path": ["input", "prices", "netting", "on"]}],
    }
    assert await versions(place) == ["ACTIVE"]


async def test_netting_is_not_approved_where_others_pay_below(
    web: Web, place: Place, administrator: User
) -> None:
    await add_supply(place, parent_id=place.supplies[0].point_id)
    made = await web.ask(PROPOSE, administrator, input=proposal(place, NETTED))
    version = made.data["proposeTariffVersion"]["tariffVersion"]

    answer = await web.ask(APPROVE, administrator, input={"id": version["id"]})

    errors = answer.data["approveTariffVersion"]["userErrors"]
    assert [one["code"] for one in errors] == ["NOT_DEDUCTIBLE"]
    assert await versions(place) == ["ACTIVE", "DRAFT"]


async def test_a_netted_month_goes_from_its_prices_to_its_invoice(web: Web, room: None) -> None:
    place = await make_factory(web, NETTED)
    administrator = await web.user(place.company_id, Role.ADMINISTRATOR)
    await read(place, {STARTS_AT: (0, 0), ENDS_AT: (1_000_000, 400_500)})
    await work(NOW)
    point = encode("MeteringPoint", place.supplies[0].point_id)

    looked = await web.ask(LOOK, administrator, point=point)
    issued = await web.ask(
        ISSUE,
        administrator,
        input={"accountId": encode("Account", account_of(place)), "month": "2026-02-01"},
    )

    (verdict,) = looked.data["found"]["verdicts"]
    assert verdict["netting"] == {
        "period": "MONTH",
        "imported": "1000.000",
        "exported": "400.500",
        "netted": "400.500",
        "untold": "0.000",
        "notNetted": None,
    }
    assert verdict["charges"] == [
        {
            "component": component,
            "rate": None,
            "kind": "ENERGY",
            "quantity": "-400.5",
            "unit": "KWH",
            "price": price,
            "amount": {"amount": amount},
        }
        for component, price, amount in (
            ("Energy", "3", "-1201.500000"),
            ("Sold", "2", "801.000000"),
        )
    ]
    lines = issued.data["done"]["invoice"]["lines"]
    assert [(line["kind"], line["amount"]["amount"]) for line in lines] == [
        ("ENERGY", "3000.000000"),
        ("ENERGY", "-801.000000"),
        ("NETTING", "-1201.500000"),
        ("NETTING", "801.000000"),
    ]
    assert lines[2]["priced"] == {
        "component": "Energy",
        "rate": None,
        "quantity": "-400.5",
        "unit": "KWH",
    }


async def test_who_may_not_see_money_sees_what_is_netted(web: Web, room: None) -> None:
    place = await make_factory(web, NETTED)
    await read(place, {STARTS_AT: (0, 0)})
    await work(NOW)
    partner = await web.user(place.company_id, Role.PARTNER)

    answer = await web.ask(LOOK, partner, point=encode("MeteringPoint", place.supplies[0].point_id))

    (verdict,) = answer.body["data"]["found"]["verdicts"]
    assert verdict["netting"]["notNetted"] == "READINGS_MISSING"
    assert verdict["charges"] is None
