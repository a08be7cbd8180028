"""Roles of a company's own: nobody hands out more than they hold."""

from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Scope
from db.ids import CompanyId, RoleId
from domain.identity import own_roles
from domain.identity.rules import Giver, Place
from tests.api.web import Answer, User, Web
from tests.factories import Place as Ground
from tests.factories import make_place

ROLE = "role { name scopes version active } userErrors { code path ... on ScopeNotHeld { scopes } }"
CREATE = f"mutation ($input: CreateRoleInput!) {{ createRole(input: $input) {{ {ROLE} }} }}"
UPDATE = f"mutation ($input: UpdateRoleInput!) {{ updateRole(input: $input) {{ {ROLE} }} }}"
DEACTIVATE = f"mutation ($input: VersionInput!) {{ deactivateRole(input: $input) {{ {ROLE} }} }}"
REACTIVATE = f"mutation ($input: VersionInput!) {{ reactivateRole(input: $input) {{ {ROLE} }} }}"
MANAGER = [Scope.USERS_READ, Scope.USERS_WRITE, Scope.METERS_READ]


@pytest.fixture
async def ground(web: Web) -> Ground:
    return await make_place(meters=1)


@pytest.fixture
async def administrator(web: Web, ground: Ground) -> User:
    return await web.user(ground.company_id)


async def make_role(
    company_id: CompanyId, administrator: User, *scopes: Scope, name: str = "Own"
) -> RoleId:
    giver = Giver(user_id=administrator.id, scopes=frozenset(Scope), place=Place())
    return await own_roles.create(
        company_id=company_id, name=name, description=None, scopes=scopes, giver=giver
    )


async def manager(web: Web, ground: Ground, administrator: User) -> User:
    """Make somebody who manages users, and sees meters."""
    role_id = await make_role(ground.company_id, administrator, *MANAGER, name="Manager")
    return await web.user(ground.company_id, role_id=role_id)


async def stored(company_id: CompanyId) -> dict[str, list[str]]:
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(
            "select name, scopes from role where company_id = $1 order by name", company_id
        )
    return {row["name"]: row["scopes"] for row in rows}


async def test_a_company_defines_a_role(web: Web, ground: Ground, administrator: User) -> None:
    answer = await web.ask(
        CREATE,
        administrator,
        input={"name": "Reader", "scopes": ["READINGS_READ", "METERS_READ", "METERS_READ"]},
    )

    assert answer.data["createRole"]["role"] == {
        "name": "Reader",
        "scopes": ["METERS_READ", "READINGS_READ"],
        "version": 1,
        "active": True,
    }
    assert await stored(ground.company_id) == {"Reader": ["meters:read", "readings:read"]}


async def test_a_role_allows_what_it_says_and_no_more(
    web: Web, ground: Ground, administrator: User
) -> None:
    role_id = await make_role(ground.company_id, administrator, Scope.METERS_READ)
    user = await web.user(ground.company_id, role_id=role_id)

    answer = await web.ask(
        "{ meters { nodes { serial } } accounts { nodes { number } }"
        " viewer { role roleName scopes memberships { role roleName } } }",
        user,
    )

    assert answer.errors == [("FORBIDDEN", ["accounts"])]
    assert answer.body["data"] == {
        "meters": {"nodes": [{"serial": ground.supplies[0].serial}]},
        "accounts": None,
        "viewer": {
            "role": None,
            "roleName": "Own",
            "scopes": ["METERS_READ"],
            "memberships": [{"role": None, "roleName": "Own"}],
        },
    }


@pytest.mark.parametrize(
    ("scopes", "error"),
    [
        pytest.param(
            ["PLATFORM_WRITE", "METERS_READ"],
            {
                "code": "SCOPE_NOT_HELD",
                "path": ["input", "scopes"],
                "scopes": ["PLATFORM_WRITE"],
            },
            id="more than the maker holds",
        ),
        pytest.param([], {"code": "INVALID_VALUE", "path": ["input", "scopes"]}, id="nothing"),
    ],
)
async def test_a_role_that_nobody_may_define_is_not(
    web: Web, ground: Ground, administrator: User, scopes: list[str], error: dict[str, Any]
) -> None:
    answer = await web.ask(CREATE, administrator, input={"name": "All", "scopes": scopes})

    assert answer.data["createRole"] == {"role": None, "userErrors": [error]}
    assert await stored(ground.company_id) == {}


async def test_a_role_is_not_widened_beyond_what_its_changer_holds(
    web: Web, ground: Ground, administrator: User
) -> None:
    user = await manager(web, ground, administrator)
    (name,) = await stored(ground.company_id)

    answer = await update(web, user, scopes=["USERS_READ", "USERS_WRITE", "BALANCES_READ"])

    assert name == "Manager"
    error = answer.data["updateRole"]["userErrors"][0]
    assert (error["code"], error["scopes"]) == ("SCOPE_NOT_HELD", ["BALANCES_READ"])
    assert await stored(ground.company_id) == {"Manager": sorted(MANAGER)}


async def test_a_role_that_allows_more_is_not_for_lesser_hands(
    web: Web, ground: Ground, administrator: User
) -> None:
    user = await manager(web, ground, administrator)
    await make_role(ground.company_id, administrator, Scope.BALANCES_READ, name="Cashier")

    answers = [
        await update(web, user, name="Mine", role="Cashier"),
        await update(web, user, scopes=["METERS_READ"], role="Cashier"),
        await web.ask(DEACTIVATE, user, input=await seen(ground.company_id, "Cashier")),
    ]

    codes = [next(iter(one.data.values()))["userErrors"][0]["code"] for one in answers]
    assert codes == ["SCOPE_NOT_HELD"] * 3
    assert (await stored(ground.company_id))["Cashier"] == ["balances:read"]


async def test_a_changed_role_counts_with_the_next_request(
    web: Web, ground: Ground, administrator: User
) -> None:
    role_id = await make_role(ground.company_id, administrator, Scope.METERS_READ)
    user = await web.user(ground.company_id, role_id=role_id)

    answer = await update(web, administrator, scopes=["ACCOUNTS_READ"], role="Own")

    assert answer.data["updateRole"]["role"]["version"] == 2
    assert (await web.ask("{ meters { nodes { serial } } }", user)).codes == ["FORBIDDEN"]
    assert (await web.ask("{ accounts { nodes { number } } }", user)).codes == []


async def test_a_role_that_somebody_has_stays_in_use(
    web: Web, ground: Ground, administrator: User
) -> None:
    await manager(web, ground, administrator)

    answer = await web.ask(
        DEACTIVATE, administrator, input=await seen(ground.company_id, "Manager")
    )

    assert answer.data["deactivateRole"]["userErrors"] == [
        {"code": "IN_USE", "path": ["input", "id"]}
    ]


async def test_a_role_that_nobody_has_is_retired_and_taken_into_use_again(
    web: Web, ground: Ground, administrator: User
) -> None:
    await make_role(ground.company_id, administrator, Scope.METERS_READ)

    retired = await web.ask(DEACTIVATE, administrator, input=await seen(ground.company_id, "Own"))
    again = await web.ask(REACTIVATE, administrator, input=await seen(ground.company_id, "Own"))

    assert retired.data["deactivateRole"]["role"]["active"] is False
    assert again.data["reactivateRole"]["role"]["active"] is True


async def test_who_is_confined_defines_no_roles(web: Web, ground: Ground) -> None:
    user = await web.user(ground.company_id, branch_id=ground.branch_id)

    answer = await web.ask(CREATE, user, input={"name": "Mine", "scopes": ["METERS_READ"]})

    assert answer.errors == [("FORBIDDEN", ["createRole"])]
    assert await stored(ground.company_id) == {}


async def test_another_companys_role_is_not_found(
    web: Web, ground: Ground, administrator: User
) -> None:
    other = await make_place(meters=0)
    stranger = await web.user(other.company_id)
    await make_role(ground.company_id, administrator, Scope.METERS_READ)

    answer = await update(web, stranger, name="Mine", role="Own", company_id=ground.company_id)

    assert answer.errors == [("NOT_FOUND", ["updateRole"])]
    assert list(await stored(ground.company_id)) == ["Own"]


async def update(
    web: Web,
    user: User,
    *,
    role: str = "Manager",
    company_id: CompanyId | None = None,
    **changes: Any,
) -> Answer:
    if company_id is None:
        company_id = CompanyId(await own_company(user))
    return await web.ask(UPDATE, user, input={**await seen(company_id, role), **changes})


async def own_company(user: User) -> int:
    async with access.system() as connection:
        return int(
            await connection.fetchval(
                "select company_id from membership where user_id = $1", user.id
            )
        )


async def seen(company_id: CompanyId, name: str) -> dict[str, Any]:
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(
            "select id, version from role where company_id = $1 and name = $2", company_id, name
        )
    assert row is not None
    return {"id": encode("CompanyRole", row["id"]), "expectedVersion": row["version"]}
