"""Whom a provider lets in, and with which role."""

import pytest

from db import access
from db.enums import Role, Scope
from db.ids import CompanyId
from domain.identity import invitations, memberships, users
from domain.identity.keys import Keys
from domain.identity.rules import GivenRole, Giver, Place
from tests.api.oidc.outcomes import VIEWER, answer_of, as_user, count
from tests.api.openid import ADMINISTRATORS, OPERATORS, configure, exchange, whole_way
from tests.api.web import SECRET, User, Web
from tests.factories import make_place

# The ready-made provider runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")


async def members(company_id: CompanyId) -> dict[str, str]:
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch("select email, role from member order by email")
    return {row["email"]: row["role"] for row in rows}


async def test_a_group_gives_its_role_to_somebody_new(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    configured = await configure(web, administrator, issuer)

    ayse = await as_user(web, administrator, await whole_way(web, company_id, "ayse"))

    assert configured.data["setOidcProvider"]["userErrors"] == []
    viewer = (await web.ask(VIEWER, ayse)).data["viewer"]
    assert (viewer["email"], viewer["role"]) == ("ayse@example.com", "OPERATOR")
    assert (await members(company_id))["ayse@example.com"] == "OPERATOR"


async def test_the_first_group_counts_and_is_looked_at_each_time(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    await whole_way(web, company_id, "boss")
    first = (await members(company_id))["boss@example.com"]

    await configure(
        web, administrator, issuer, expectedVersion=1, groups=[OPERATORS, ADMINISTRATORS]
    )
    await whole_way(web, company_id, "boss")

    assert first == "ADMINISTRATOR"
    assert (await members(company_id))["boss@example.com"] == "OPERATOR"
    assert await count("oidc_identity") == 1


async def test_the_last_administrator_stays_one(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    async with access.system() as connection:
        await connection.execute(
            "update app_user set email = 'ayse@example.com' where id = $1", administrator.id
        )

    response = await whole_way(web, company_id, "ayse")

    assert "code" in answer_of(response)
    assert await members(company_id) == {"ayse@example.com": "ADMINISTRATOR"}


@pytest.mark.parametrize("subject", ["can", "deniz"], ids=["in no group", "not verified"])
async def test_a_stranger_is_not_let_in(
    web: Web, company_id: CompanyId, administrator: User, issuer: str, subject: str
) -> None:
    await configure(web, administrator, issuer)
    before = await count("app_user")

    response = await whole_way(web, company_id, subject)

    assert answer_of(response) == {"error": "sign_in_failed"}
    assert await count("app_user") == before
    assert await count("sign_in_code") == 0


async def test_a_member_in_no_group_keeps_the_role(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    auditor = await web.user(company_id, Role.AUDITOR)
    async with access.system() as connection:
        await connection.execute(
            "update app_user set email = 'Can@Example.com' where id = $1", auditor.id
        )

    response = await whole_way(web, company_id, "can")

    assert "code" in answer_of(response)
    assert (await members(company_id))["Can@Example.com"] == "AUDITOR"


async def test_who_is_in_no_group_any_more_is_a_member_no_more(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    ayse = await as_user(web, administrator, await whole_way(web, company_id, "ayse"))
    await configure(web, administrator, issuer, expectedVersion=1, groups=[ADMINISTRATORS])

    response = await whole_way(web, company_id, "ayse")

    assert answer_of(response) == {"error": "sign_in_failed"}
    assert "ayse@example.com" not in await members(company_id)
    assert await count("sign_in_code") == 0
    # The session of before is good for nothing here.
    assert (await web.ask("{ meters { totalCount } }", ayse)).codes == ["FORBIDDEN"]

    await configure(web, administrator, issuer, expectedVersion=2, groups=[OPERATORS])
    assert "code" in answer_of(await whole_way(web, company_id, "ayse"))
    assert (await members(company_id))["ayse@example.com"] == "OPERATOR"


async def test_a_role_that_somebody_gave_since_does_not_end_with_the_group(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    await whole_way(web, company_id, "ayse")
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "select id from app_user where email = 'ayse@example.com'"
        )
    await memberships.update(
        company_id=company_id,
        user_id=user_id,
        expected_version=1,
        given=GivenRole(role=Role.AUDITOR),
        place=None,
        giver=Giver(user_id=administrator.id, scopes=frozenset(Scope), place=Place()),
    )
    await configure(web, administrator, issuer, expectedVersion=1, groups=[ADMINISTRATORS])

    response = await whole_way(web, company_id, "ayse")

    assert "code" in answer_of(response)
    assert (await members(company_id))["ayse@example.com"] == "AUDITOR"


async def test_a_disabled_user_is_not_let_in(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    code = answer_of(await whole_way(web, company_id, "ayse"))["code"]
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "select id from app_user where email = 'ayse@example.com'"
        )
    await users.set_active(user_id=user_id, active=False, now=web.clock())

    response = await whole_way(web, company_id, "ayse")

    assert answer_of(response) == {"error": "sign_in_failed"}
    assert (await exchange(web, code))["userErrors"] == [{"code": "INVALID_CREDENTIALS"}]


async def test_a_suspended_member_is_not_let_in(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    await whole_way(web, company_id, "ayse")
    async with access.system() as connection:
        await connection.execute("update membership set active = false where role = 'OPERATOR'")

    response = await whole_way(web, company_id, "ayse")

    assert answer_of(response) == {"error": "sign_in_failed"}


async def test_the_provider_of_another_company_opens_nothing_here(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    other = (await make_place(meters=1)).company_id
    await configure(web, await web.user(other), issuer)
    await configure(web, administrator, issuer)
    await whole_way(web, company_id, "ayse")

    response = await whole_way(web, other, "ayse")

    assert answer_of(response) == {"error": "sign_in_failed"}
    assert "ayse@example.com" not in await members(other)


async def test_who_is_invited_joins_with_the_role_of_the_invitation(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    await invitations.invite(
        company_id=company_id,
        email="can@example.com",
        name="Can",
        given=GivenRole(role=Role.PARTNER),
        place=Place(),
        giver=Giver(user_id=administrator.id, scopes=frozenset(Scope), place=Place()),
        keys=Keys(SECRET),
        now=web.clock(),
    )

    response = await whole_way(web, company_id, "can")

    assert "code" in answer_of(response)
    assert (await members(company_id))["can@example.com"] == "PARTNER"
