"""A company keeps an administrator."""

import asyncio
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role, Scope
from db.ids import UserId
from domain.identity import memberships
from domain.identity.rules import GivenRole, Giver, LastAdministrator
from domain.identity.rules import Place as Confinement
from tests.api.memberships import REMOVE, SUSPEND, change, codes, roles, seen
from tests.api.web import User, Web
from tests.factories import Place, make_place


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


@pytest.mark.parametrize("mutation", [SUSPEND, REMOVE])
async def test_the_last_administrator_stays(
    web: Web, place: Place, administrator: User, mutation: str
) -> None:
    # Neither of these can do what an administrator of the whole company does.
    await web.user(place.company_id, branch_id=place.branch_id)
    disabled = await web.user(place.company_id)
    async with access.system() as connection:
        await connection.execute("update app_user set active = false where id = $1", disabled.id)

    answer = await web.ask(mutation, administrator, input=seen(administrator))

    assert codes(answer) == ["LAST_ADMINISTRATOR"]
    assert (await roles(place.company_id))[administrator.id] == "ADMINISTRATOR"


@pytest.mark.parametrize(
    "changes", [{"role": {"builtIn": "OPERATOR"}}, {"place": "branch"}], ids=["role", "place"]
)
async def test_the_last_administrator_is_not_made_less(
    web: Web, place: Place, administrator: User, changes: dict[str, Any]
) -> None:
    if "place" in changes:
        changes = {"place": {"branchId": encode("Branch", place.branch_id)}}

    answer = await change(web, administrator, administrator, **changes)

    assert codes(answer) == ["LAST_ADMINISTRATOR"]
    assert (await web.ask("{ viewer { role } }", administrator)).data == {
        "viewer": {"role": "ADMINISTRATOR"}
    }


async def test_two_administrators_who_demote_each_other_leave_one(web: Web, place: Place) -> None:
    users = [await web.user(place.company_id) for _ in range(4)]

    async def demote(user_id: UserId) -> str:
        giver = Giver(user_id=user_id, scopes=frozenset(Scope), place=Confinement())
        try:
            await memberships.update(
                company_id=place.company_id,
                user_id=user_id,
                expected_version=1,
                given=GivenRole(role=Role.OPERATOR),
                place=None,
                giver=giver,
            )
        except LastAdministrator:
            return "last"
        return "demoted"

    endings = await asyncio.gather(*(demote(user.id) for user in users))

    assert sorted(endings) == ["demoted", "demoted", "demoted", "last"]
    assert sorted((await roles(place.company_id)).values()) == [
        "ADMINISTRATOR",
        "OPERATOR",
        "OPERATOR",
        "OPERATOR",
    ]
