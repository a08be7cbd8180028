"""Tariffs through GraphQL: prices in full, proposed, approved and assigned."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role, Scope
from tests.api.documents import id_of, register
from tests.api.keys import KEY, holder, make_key
from tests.api.tariffs import BANDS, FLAT, PROPOSE, proposal, versions
from tests.api.web import User, Web
from tests.factories import NOW, Place

CREATE = """
mutation ($input: CreateTariffInput!) {
  createTariff(input: $input) { tariff { id name } userErrors { code path } }
}
"""
APPROVE = """
mutation ($input: TariffVersionInput!) {
  approveTariffVersion(input: $input) {
    tariffVersion { state pricePerKwh } userErrors { code path message }
  }
}
"""
ASSIGN = """
mutation ($input: AssignTariffInput!) {
  assignTariff(input: $input) {
    tariffAssignment { level billingBasis startsAt tariff { name } } userErrors { code path }
  }
}
"""
IN_FULL = """
{ tariffs(first: 1) { nodes { name versions(first: 2) { nodes {
  state taxPoint specialDays
  components { name kind direction register price pricePerDay slabPeriod
    bands { name price register windows { days fromMinute untilMinute } }
    slabs { upToKwh price } }
  taxes { name rate on onTaxes exempt }
} } } } }
"""
PRICES: dict[str, Any] = {
    "components": [
        {"name": "Energy", "kind": "ENERGY", "register": "1.8.0", "bands": BANDS},
        {
            "name": "Grid",
            "kind": "DISTRIBUTION",
            "register": "1.8.0",
            "slabs": [{"upToKwh": "240", "price": "0.5"}, {"price": "0.75"}],
        },
        {"name": "Standing", "kind": "FEE", "pricePerDay": "1.25"},
    ],
    "taxes": [
        {"name": "BTV", "rate": "0.05", "on": ["ENERGY"]},
        {"name": "VAT", "rate": "0.2", "on": ["ENERGY", "FEE"], "onTaxes": ["BTV"]},
    ],
    "specialDays": ["2026-10-29"],
}


HOURS: dict[str, Any] = {
    "components": [
        {
            "name": "Energy",
            "kind": "ENERGY",
            "register": "1.8.0",
            "bands": [{**band, "register": None} for band in BANDS],
        }
    ]
}


async def test_a_tariff_is_added(web: Web, administrator: User) -> None:
    answer = await web.ask(CREATE, administrator, input={"name": "Night"})

    assert answer.data["createTariff"]["tariff"]["name"] == "Night"


async def test_prices_are_told_in_full_as_they_were_given(
    web: Web, place: Place, administrator: User
) -> None:
    made = await web.ask(PROPOSE, administrator, input=proposal(place, PRICES))

    answer = await web.ask(IN_FULL, administrator)

    assert made.data["proposeTariffVersion"]["tariffVersion"]["state"] == "DRAFT"
    newest, flat = answer.data["tariffs"]["nodes"][0]["versions"]["nodes"]
    energy, grid, standing = newest["components"]
    assert (energy["direction"], energy["register"], energy["bands"]) == ("IMPORT", "1.8.0", BANDS)
    assert (grid["slabPeriod"], grid["slabs"]) == (
        "MONTH",
        [{"upToKwh": "240", "price": "0.5"}, {"upToKwh": None, "price": "0.75"}],
    )
    assert (standing["register"], standing["pricePerDay"]) == (None, "1.25")
    assert newest["taxes"] == [
        {"name": "BTV", "rate": "0.05", "on": ["ENERGY"], "onTaxes": [], "exempt": []},
        {"name": "VAT", "rate": "0.2", "on": ["ENERGY", "FEE"], "onTaxes": ["BTV"], "exempt": []},
    ]
    assert (newest["taxPoint"], newest["specialDays"]) == ("CONSUMPTION", ["2026-10-29"])
    assert [one["kind"] for one in flat["components"]] == ["ENERGY"]


@pytest.mark.parametrize(
    ("prices", "path"),
    [
        pytest.param({"components": []}, ["components"], id="nothing"),
        pytest.param(
            {"components": [{**PRICES["components"][0], "bands": BANDS[:2]}]},
            ["components", "0", "bands"],
            id="hours without a price",
        ),
        pytest.param(
            {**FLAT, "taxes": [{"name": "VAT", "rate": "-1", "on": ["ENERGY"]}]},
            ["taxes", "0", "rate"],
            id="a negative tax",
        ),
    ],
)
async def test_prices_that_do_not_fit_are_refused(
    web: Web, place: Place, administrator: User, prices: dict[str, Any], path: list[str]
) -> None:
    answer = await web.ask(PROPOSE, administrator, input=proposal(place, prices))

    payload = answer.data["proposeTariffVersion"]
    assert payload["userErrors"] == [{"code": "INVALID_VALUE", "path": ["input", "prices", *path]}]
    assert await versions(place) == ["ACTIVE"]


async def test_a_component_has_one_kind_of_price(
    web: Web, place: Place, administrator: User
) -> None:
    component = {**FLAT["components"][0], "pricePerDay": "1"}

    answer = await web.ask(
        PROPOSE, administrator, input=proposal(place, {"components": [component]})
    )

    assert answer.codes == ["BAD_USER_INPUT"]
    assert await versions(place) == ["ACTIVE"]


async def test_approved_prices_take_effect(web: Web, place: Place, administrator: User) -> None:
    made = await web.ask(PROPOSE, administrator, input=proposal(place, FLAT))
    version_id = made.data["proposeTariffVersion"]["tariffVersion"]["id"]

    answer = await web.ask(APPROVE, administrator, input={"id": version_id})
    again = await web.ask(APPROVE, administrator, input={"id": version_id})

    assert answer.data["approveTariffVersion"]["tariffVersion"] == {
        "state": "ACTIVE",
        "pricePerKwh": "2.75",
    }
    assert [one["code"] for one in again.data["approveTariffVersion"]["userErrors"]] == [
        "ALREADY_DECIDED"
    ]
    assert await versions(place) == ["ACTIVE", "ACTIVE"]


async def test_a_second_person_approves_where_the_company_wants_it(
    web: Web, place: Place, administrator: User
) -> None:
    async with access.system() as connection:
        await connection.execute("update company set second_person_for_tariffs = true")
    made = await web.ask(PROPOSE, administrator, input=proposal(place, FLAT))
    version_id = made.data["proposeTariffVersion"]["tariffVersion"]["id"]
    second = await web.user(place.company_id)

    refused = await web.ask(APPROVE, administrator, input={"id": version_id})
    approved = await web.ask(APPROVE, second, input={"id": version_id})

    assert [one["code"] for one in refused.data["approveTariffVersion"]["userErrors"]] == [
        "ANOTHER_PERSON_NEEDED"
    ]
    assert approved.data["approveTariffVersion"]["tariffVersion"]["state"] == "ACTIVE"


async def test_nobody_approves_what_their_own_program_proposed(
    web: Web, place: Place, administrator: User
) -> None:
    async with access.system() as connection:
        await connection.execute("update company set second_person_for_tariffs = true")
    await register(place.company_id, PROPOSE)
    scopes = frozenset({Scope.TARIFFS_READ, Scope.TARIFFS_WRITE})
    own = replace(KEY, scopes=scopes, user_id=administrator.id)
    _, key = await make_key(place.company_id, own)
    body = {"documentId": id_of(PROPOSE), "variables": {"input": proposal(place, FLAT)}}
    response = await web.post(body, holder(key).headers)
    made = response.json()["data"]["proposeTariffVersion"]["tariffVersion"]
    second = await web.user(place.company_id)

    refused, approved = [
        (await web.ask(APPROVE, user, input={"id": made["id"]})).data["approveTariffVersion"]
        for user in (administrator, second)
    ]

    assert made["state"] == "PROPOSED"
    assert [one["code"] for one in refused["userErrors"]] == ["ANOTHER_PERSON_NEEDED"]
    assert approved["tariffVersion"]["state"] == "ACTIVE"


async def test_a_tariff_is_assigned_to_a_branch(
    web: Web, place: Place, administrator: User
) -> None:
    starts_at = (NOW + timedelta(days=1)).isoformat()

    answer = await web.ask(
        ASSIGN,
        administrator,
        input={
            "tariffId": encode("Tariff", place.tariff_id),
            "branchId": encode("Branch", place.branch_id),
            "startsAt": starts_at,
        },
    )

    assert answer.data["assignTariff"] == {
        "tariffAssignment": {
            "level": "BRANCH",
            "billingBasis": "TOTAL_REGISTER",
            "startsAt": starts_at,
            "tariff": {"name": "Standard"},
        },
        "userErrors": [],
    }


async def test_a_basis_that_meters_cannot_be_charged_on_is_not_assigned(
    web: Web, place: Place, administrator: User
) -> None:
    # Its bands name no registers of their own.
    made = await web.ask(PROPOSE, administrator, input=proposal(place, HOURS))
    version_id = made.data["proposeTariffVersion"]["tariffVersion"]["id"]
    await web.ask(APPROVE, administrator, input={"id": version_id})

    answer = await web.ask(
        ASSIGN,
        administrator,
        input={
            "tariffId": encode("Tariff", place.tariff_id),
            "startsAt": (NOW + timedelta(days=2)).isoformat(),
            "billingBasis": "TOU_REGISTERS",
        },
    )

    assert answer.data["assignTariff"]["tariffAssignment"] is None
    assert [one["code"] for one in answer.data["assignTariff"]["userErrors"]] == ["NOT_CHARGEABLE"]
    async with access.system() as connection:
        assert await connection.fetchval("select count(*) from tariff_assignment") == 0


async def test_who_is_confined_proposes_nothing(web: Web, place: Place) -> None:
    confined = await web.user(place.company_id, field_id=place.field_id)

    answer = await web.ask(PROPOSE, confined, input=proposal(place, FLAT))

    assert answer.codes == ["FORBIDDEN"]
    assert await versions(place) == ["ACTIVE"]


async def test_operators_see_prices_and_change_none(web: Web, place: Place) -> None:
    operator = await web.user(place.company_id, role=Role.OPERATOR)

    seen = await web.ask(IN_FULL, operator)
    refused = await web.ask(PROPOSE, operator, input=proposal(place, FLAT))

    assert len(seen.data["tariffs"]["nodes"][0]["versions"]["nodes"]) == 1
    assert refused.codes == ["FORBIDDEN"]
    assert await versions(place) == ["ACTIVE"]
