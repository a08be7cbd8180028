"""Managing branches: what all mutations have in common, shown on the smallest object."""

from typing import Any

import asyncpg
import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from db.ids import CompanyId
from db.settings import Urls
from tests.api.web import Answer, User, Web
from tests.factories import Place, make_place

CREATE = """
mutation ($input: CreateBranchInput!) {
  createBranch(input: $input) { branch { id name version active } userErrors { code path message } }
}
"""
UPDATE = """
mutation ($input: UpdateBranchInput!) {
  updateBranch(input: $input) {
    branch { name version }
    userErrors { code path ... on StaleVersion { current { ... on Branch { name version } } } }
  }
}
"""
DEACTIVATE = """
mutation ($input: VersionInput!) {
  deactivateBranch(input: $input) { branch { active version } userErrors { code path } }
}
"""


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


async def names(company_id: CompanyId) -> list[str]:
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(
            "select name from branch where company_id = $1 order by name", company_id
        )
    return [row["name"] for row in rows]


async def test_a_branch_is_added(web: Web, place: Place, administrator: User) -> None:
    answer = await web.ask(CREATE, administrator, input={"name": "  South "})

    branch = answer.data["createBranch"]["branch"]
    assert (branch["name"], branch["version"], branch["active"]) == ("South", 1, True)
    assert await names(place.company_id) == ["North", "South"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("North", "ALREADY_EXISTS", id="the name is taken"),
        pytest.param(" ", "INVALID_VALUE", id="the name is empty"),
        pytest.param("a" * 201, "INVALID_VALUE", id="the name is too long"),
        pytest.param("a\0b", "INVALID_VALUE", id="the name does not print"),
    ],
)
async def test_a_bad_name_is_refused(
    web: Web, place: Place, administrator: User, name: str, code: str
) -> None:
    answer = await web.ask(CREATE, administrator, input={"name": name})

    payload = answer.data["createBranch"]
    assert payload["branch"] is None
    assert [(one["code"], one["path"]) for one in payload["userErrors"]] == [
        (code, ["input", "name"])
    ]
    assert await names(place.company_id) == ["North"]


async def test_a_branch_is_renamed(web: Web, place: Place, administrator: User) -> None:
    answer = await update(web, place, administrator, name="West")

    assert answer.data["updateBranch"]["branch"] == {"name": "West", "version": 2}


async def test_what_is_left_out_of_a_patch_stays(
    web: Web, place: Place, administrator: User
) -> None:
    answer = await update(web, place, administrator)

    assert answer.data["updateBranch"]["branch"] == {"name": "North", "version": 2}


async def test_an_older_version_is_refused_and_shows_the_newer(
    web: Web, place: Place, administrator: User
) -> None:
    await update(web, place, administrator, name="West")

    answer = await update(web, place, administrator, name="East")

    assert answer.data["updateBranch"] == {
        "branch": None,
        "userErrors": [
            {
                "code": "STALE_VERSION",
                "path": ["input", "expectedVersion"],
                "current": {"name": "West", "version": 2},
            }
        ],
    }
    assert await names(place.company_id) == ["West"]


async def test_a_branch_with_active_fields_stays_in_use(
    web: Web, place: Place, administrator: User
) -> None:
    seen = {"id": encode("Branch", place.branch_id), "expectedVersion": 1}

    answer = await web.ask(DEACTIVATE, administrator, input=seen)

    assert answer.data["deactivateBranch"] == {
        "branch": None,
        "userErrors": [{"code": "IN_USE", "path": ["input", "id"]}],
    }


async def test_an_empty_branch_is_retired(web: Web, administrator: User) -> None:
    made = await web.ask(CREATE, administrator, input={"name": "South"})
    seen = {"id": made.data["createBranch"]["branch"]["id"], "expectedVersion": 1}

    answer = await web.ask(DEACTIVATE, administrator, input=seen)

    assert answer.data["deactivateBranch"]["branch"] == {"active": False, "version": 2}


async def test_another_companys_branch_is_not_found(web: Web, place: Place) -> None:
    stranger = await web.user((await make_place(meters=0)).company_id)

    answer = await update(web, place, stranger, name="Mine")

    assert answer.errors == [("NOT_FOUND", ["updateBranch"])]
    assert await names(place.company_id) == ["North"]


async def test_without_the_scope_nothing_happens(web: Web, place: Place) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await web.ask(CREATE, operator, input={"name": "South"})

    assert answer.errors == [("FORBIDDEN", ["createBranch"])]
    assert await names(place.company_id) == ["North"]


async def test_who_is_confined_to_a_branch_adds_none(web: Web, place: Place) -> None:
    confined = await web.user(place.company_id, branch_id=place.branch_id)

    answer = await web.ask(CREATE, confined, input={"name": "South"})

    assert answer.errors == [("FORBIDDEN", ["createBranch"])]
    assert await names(place.company_id) == ["North"]


async def update(web: Web, place: Place, user: User, **changes: Any) -> Answer:
    patch = {"id": encode("Branch", place.branch_id), "expectedVersion": 1, **changes}
    return await web.ask(UPDATE, user, input=patch)


async def test_who_waits_for_somebody_else_too_long_is_told_to_try_again(
    web: Web, place: Place, administrator: User, database: Urls
) -> None:
    change = {"id": encode("Branch", place.branch_id), "expectedVersion": 1, "name": "South"}
    somebody = await asyncpg.connect(database.owner)

    async with somebody.transaction():
        await somebody.execute("select from branch for update")
        answer = await web.ask(UPDATE, administrator, input=change)
    await somebody.close()

    assert answer.errors == [("CONFLICT", ["updateBranch"])]
    assert await names(place.company_id) == ["North"]
