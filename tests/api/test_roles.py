"""What each role sees, and that a refusal costs only the field that was refused."""

from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from domain.identity.operations import add_membership
from tests.api.web import PASSWORD, SIGN_IN, User, Web
from tests.factories import Place, make_place

SEEN = """
    {
        company { name }
        collectors { nodes { serial ipv4 } }
        meters { nodes { serial registers { obis } } }
        accounts { nodes { number balance { amount } segment } }
        subscribers { nodes { reference name email phone } }
    }
"""
BALANCES = [["accounts", "nodes", 0, "balance"], ["accounts", "nodes", 0, "segment"]]
CONTACTS = [["subscribers", "nodes", 0, name] for name in ("name", "email", "phone")]


async def user_of(role: Role, web: Web, place: Place) -> User:
    match role:
        case Role.DEVELOPER:
            return (await web.developer()).acting_in(encode("Company", place.company_id))
        case Role.SUBSCRIBER:
            return await web.user(place.company_id, role, subscriber_id=place.subscriber_id)
        case _:
            return await web.user(place.company_id, role)


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        pytest.param(Role.ADMINISTRATOR, [], id="an administrator sees everything"),
        pytest.param(Role.OPERATOR, CONTACTS, id="an operator sees no contacts"),
        pytest.param(
            Role.SUBSCRIBER, [["company"], ["collectors"]], id="a subscriber sees no devices"
        ),
        pytest.param(Role.DEVELOPER, BALANCES + CONTACTS, id="a developer sees no money"),
    ],
)
async def test_each_role_is_refused_only_what_it_may_not_see(
    web: Web, role: Role, refused: list[list[Any]]
) -> None:
    place = await make_place()
    user = await user_of(role, web, place)

    answer = await web.ask(SEEN, user)

    assert answer.status == 200
    assert sorted(answer.errors, key=str) == sorted(
        (("FORBIDDEN", path) for path in refused), key=str
    )
    assert answer.body["data"]["meters"]["nodes"][0]["serial"] == place.supplies[0].serial


async def test_nobody_sees_anything_without_signing_in(web: Web) -> None:
    await make_place()

    answer = await web.ask(SEEN)

    assert answer.status == 200
    assert set(answer.codes) == {"UNAUTHENTICATED"}
    assert set(answer.body["data"].values()) == {None}


async def test_an_administrator_sees_the_account_as_it_stands(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(SEEN, user)

    assert answer.data["accounts"]["nodes"][0]["balance"] == {"amount": "0.000000"}
    assert answer.data["accounts"]["nodes"][0]["segment"] == "WARNING_LIMIT"
    assert answer.data["subscribers"]["nodes"][0]["name"] == "Ayşe Işık"


async def test_a_developer_acts_in_no_company_until_one_is_chosen(web: Web) -> None:
    place = await make_place()
    user = await web.developer()

    answer = await web.ask(
        "{ meters { nodes { serial } } viewer { role scopes memberships { companyId } } }", user
    )

    assert answer.errors == [("FORBIDDEN", ["meters"])]
    company = encode("Company", place.company_id)
    assert answer.body["data"] == {
        "meters": None,
        "viewer": {
            "role": None,
            # Somebody has to found the first company.
            "scopes": ["PLATFORM_WRITE"],
            "memberships": [{"companyId": company}],
        },
    }


async def test_a_company_that_one_does_not_belong_to_cannot_be_chosen(web: Web) -> None:
    own, other = await make_place(), await make_place()
    user = (await web.user(own.company_id)).acting_in(encode("Company", other.company_id))

    answer = await web.ask("{ company { name } }", user)

    assert answer.codes == ["FORBIDDEN"]
    assert "data" not in answer.body


async def test_a_member_of_two_companies_acts_in_the_one_that_is_named(web: Web) -> None:
    own, other = await make_place(), await make_place()
    user = await web.user(own.company_id)
    await add_membership(company_id=other.company_id, user_id=user.id, role=Role.OPERATOR)

    first = await web.ask("{ company { id } viewer { role } }", user)
    second = await web.ask(
        "{ company { id } viewer { role } }", user.acting_in(encode("Company", other.company_id))
    )

    assert first.data == {
        "company": {"id": encode("Company", own.company_id)},
        "viewer": {"role": "ADMINISTRATOR"},
    }
    assert second.data == {
        "company": {"id": encode("Company", other.company_id)},
        "viewer": {"role": "OPERATOR"},
    }


async def test_signing_in_may_name_the_company_to_act_in(web: Web) -> None:
    first, second = await make_place(), await make_place()
    user = await web.user(first.company_id)
    await add_membership(company_id=second.company_id, user_id=user.id, role=Role.OPERATOR)
    named = encode("Company", second.company_id)

    answer = await web.ask(
        SIGN_IN, input={"email": user.email, "password": PASSWORD, "companyId": named}
    )

    token = answer.data["signIn"]["tokens"]["accessToken"]
    assert (await web.ask_with(token, "{ company { id } }")).data == {"company": {"id": named}}


async def test_what_is_no_company_cannot_be_chosen(web: Web) -> None:
    place = await make_place()
    user = (await web.user(place.company_id)).acting_in("nonsense")

    answer = await web.ask("{ company { name } }", user)

    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.body["errors"][0]["extensions"]["argument"] == "X-Wattledger-Company"
