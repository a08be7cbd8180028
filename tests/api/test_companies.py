"""Managing companies: their own settings, and all of them for staff of the platform."""

from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from db.ids import CompanyId
from domain.ledger import operations as ledger
from tests.api.web import Answer, User, Web
from tests.factories import NOW, Place, account_of, make_place

CREATE = """
mutation ($input: CreateCompanyInput!) {
  done: createCompany(input: $input) {
    company { id name currency timeZone locale active apiAllowed version }
    userErrors { code path }
  }
}
"""
UPDATE = """
mutation ($input: UpdateCompanyInput!) {
  done: updateCompany(input: $input) {
    company { name currency timeZone address maxMetersPerRfModule clockDriftMaxSeconds version }
    userErrors { code path }
  }
}
"""
CHANGE = """
mutation ($input: VersionInput!) {{
  done: {name}(input: $input) {{ company {{ active version }} userErrors {{ code }} }}
}}
"""
ALLOW = """
mutation ($input: SetCompanyApiAllowedInput!) {
  done: setCompanyApiAllowed(input: $input) {
    company { apiAllowed version } userErrors { code ... on StaleVersion { current { id } } }
  }
}
"""
NEW = {"name": "Anadolu", "currency": "TRY", "timeZone": "Europe/Istanbul", "locale": "tr-TR"}


async def update(web: Web, user: User, **changes: Any) -> Answer:
    return await web.ask(UPDATE, user, input={"expectedVersion": 1, **changes})


async def company_row(company_id: CompanyId) -> dict[str, Any]:
    async with access.system() as connection:
        row = await connection.fetchrow("select * from company where id = $1", company_id)
    assert row is not None
    return dict(row)


async def company_count() -> int:
    async with access.system() as connection:
        return int(await connection.fetchval("select count(*) from company"))


async def test_staff_of_the_platform_found_the_first_company(web: Web) -> None:
    developer = await web.developer()

    answer = await web.ask(CREATE, developer, input=NEW)

    company = answer.data["done"]["company"]
    assert company.pop("id")
    assert company == NEW | {"active": True, "apiAllowed": True, "version": 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("name", " ", id="no name"),
        pytest.param("currency", "lira", id="no currency"),
        pytest.param("locale", "Turkish", id="no locale"),
    ],
)
async def test_no_company_is_founded_on_bad_values(web: Web, name: str, value: str) -> None:
    developer = await web.developer()

    answer = await web.ask(CREATE, developer, input=NEW | {name: value})

    assert answer.data["done"] == {
        "company": None,
        "userErrors": [{"code": "INVALID_VALUE", "path": ["input", name]}],
    }
    assert await company_count() == 0


async def test_a_company_founds_no_other(web: Web, place: Place, administrator: User) -> None:
    answer = await web.ask(CREATE, administrator, input=NEW)

    assert answer.errors == [("FORBIDDEN", ["done"])]
    assert await company_count() == 1


async def test_staff_of_the_platform_see_all_companies_by_name(web: Web) -> None:
    developer = await web.developer()
    places = [await make_place(meters=0) for _ in range(3)]
    ids = [encode("Company", place.company_id) for place in places]

    answer = await web.ask(
        "{ companies(first: 2) { nodes { id branches { totalCount } } totalCount"
        " pageInfo { hasNextPage } } }",
        developer.acting_in(ids[0]),
    )

    found = answer.data["companies"]
    assert {node["id"] for node in found["nodes"]} < set(ids)
    assert (found["totalCount"], found["pageInfo"]) == (3, {"hasNextPage": True})
    # Behind the wall of the company that the request acts in, others have nothing.
    assert {node["id"]: node["branches"]["totalCount"] for node in found["nodes"]} == {
        node["id"]: int(node["id"] == ids[0]) for node in found["nodes"]
    }


async def test_nobody_else_sees_all_companies(web: Web, administrator: User) -> None:
    answer = await web.ask("{ companies { totalCount } }", administrator)

    assert answer.errors == [("FORBIDDEN", ["companies"])]


async def test_an_administrator_changes_the_own_company(
    web: Web, place: Place, administrator: User
) -> None:
    other = await make_place(meters=0)
    changes = {
        "name": "Trakya",
        "timeZone": "Europe/Berlin",
        "address": "Main Street 1\nEdirne",
        "maxMetersPerRfModule": 64,
        "clockDriftMaxSeconds": 60,
    }

    answer = await update(web, administrator, **changes)

    assert answer.data["done"] == {
        "company": changes | {"currency": "TRY", "version": 2},
        "userErrors": [],
    }
    assert (await company_row(other.company_id))["version"] == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("maxMetersPerRfModule", 0, id="no meters"),
        pytest.param("maxMetersPerRfModule", 1_001, id="too many meters"),
        pytest.param("clockDriftMaxSeconds", 86_401, id="a day of drift"),
        pytest.param("rawFrameRetentionDays", 91, id="frames kept for long"),
        pytest.param("readingRetentionDays", 364, id="readings dropped within a year"),
        pytest.param("profileRetentionDays", 89, id="profiles dropped at once"),
        pytest.param("contactReadRetentionDays", 29, id="looks forgotten"),
        pytest.param("messageRetentionDays", 29, id="messages forgotten"),
        pytest.param("synchronisationRetentionDays", 3_651, id="records kept for long"),
        pytest.param("email", "nobody", id="no e-mail"),
        pytest.param("email", "some\0body@example.com", id="a zero in an e-mail"),
        pytest.param("address", "a\tb", id="no address"),
    ],
)
async def test_a_bad_setting_is_refused(
    web: Web, place: Place, administrator: User, name: str, value: object
) -> None:
    before = await company_row(place.company_id)

    answer = await update(web, administrator, **{name: value})

    assert answer.data["done"] == {
        "company": None,
        "userErrors": [{"code": "INVALID_VALUE", "path": ["input", name]}],
    }
    assert await company_row(place.company_id) == before


async def test_the_currency_changes_while_nothing_is_charged(
    web: Web, place: Place, administrator: User
) -> None:
    answer = await update(web, administrator, currency="EUR")

    assert answer.data["done"]["company"]["currency"] == "EUR"


async def test_the_currency_stays_once_money_is_posted(
    web: Web, place: Place, administrator: User
) -> None:
    account_id = account_of(place)
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(1),
        idempotency_key="first",
        occurred_at=NOW,
    )
    before = await company_row(place.company_id)

    answer = await update(web, administrator, currency="EUR")

    assert answer.data["done"]["userErrors"] == [
        {"code": "CURRENCY_FIXED", "path": ["input", "currency"]}
    ]
    assert await company_row(place.company_id) == before


async def test_an_older_version_is_refused(web: Web, place: Place, administrator: User) -> None:
    await update(web, administrator, name="Trakya")

    answer = await update(web, administrator, name="Marmara")

    assert [one["code"] for one in answer.data["done"]["userErrors"]] == ["STALE_VERSION"]
    assert (await company_row(place.company_id))["name"] == "Trakya"


@pytest.mark.parametrize("confined", [True, False])
async def test_who_may_not_change_the_company_does_not(
    web: Web, place: Place, confined: bool
) -> None:
    user = (
        await web.user(place.company_id, branch_id=place.branch_id)
        if confined
        else await web.user(place.company_id, Role.OPERATOR)
    )
    before = await company_row(place.company_id)

    answer = await update(web, user, name="Mine")

    assert answer.errors == [("FORBIDDEN", ["done"])]
    assert await company_row(place.company_id) == before


async def test_a_company_is_shut_out_and_let_in_again(
    web: Web, place: Place, administrator: User
) -> None:
    developer = await web.developer()
    seen = {"id": encode("Company", place.company_id)}

    out = await web.ask(
        CHANGE.format(name="deactivateCompany"), developer, input=seen | {"expectedVersion": 1}
    )
    shut_out = await web.ask("{ branches { totalCount } }", administrator)
    back = await web.ask(
        CHANGE.format(name="reactivateCompany"), developer, input=seen | {"expectedVersion": 2}
    )
    let_in = await web.ask("{ branches { totalCount } }", administrator)

    assert out.data["done"]["company"] == {"active": False, "version": 2}
    assert shut_out.errors == [("FORBIDDEN", ["branches"])]
    assert back.data["done"]["company"] == {"active": True, "version": 3}
    assert let_in.data["branches"]["totalCount"] == 1


async def test_only_the_platform_ends_the_use_of_keys(
    web: Web, place: Place, administrator: User
) -> None:
    given = {"id": encode("Company", place.company_id), "expectedVersion": 1, "allowed": False}

    own = await web.ask(ALLOW, administrator, input=given)
    platforms = await web.ask(ALLOW, await web.developer(), input=given)
    again = await web.ask(ALLOW, await web.developer(), input=given)

    assert own.errors == [("FORBIDDEN", ["done"])]
    assert platforms.data["done"]["company"] == {"apiAllowed": False, "version": 2}
    assert again.data["done"]["userErrors"] == [
        {"code": "STALE_VERSION", "current": {"id": given["id"]}}
    ]
