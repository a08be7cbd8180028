"""Changing what members are: within one's own rights and place."""

from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from domain.hierarchy import branches
from tests.api.memberships import REMOVE, SUSPEND, UPDATE, USER, change, codes, roles, seen
from tests.api.test_own_roles import manager
from tests.api.web import User, Web
from tests.factories import Place, make_place

RESUME = f"mutation ($input: VersionInput!) {{ reactivateMembership(input: $input) {{ {USER} }} }}"
USERS = "{ users { nodes { name email role enabled branch { name } secondFactorEnabled } } }"


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


async def test_members_are_listed_with_their_addresses(
    web: Web, place: Place, administrator: User
) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR, branch_id=place.branch_id)
    await web.user((await make_place(meters=0)).company_id)

    answer = await web.ask(USERS, administrator)

    nodes = sorted(answer.data["users"]["nodes"], key=lambda one: str(one["role"]))
    assert [(one["email"], one["role"], one["branch"]) for one in nodes] == [
        (administrator.email, "ADMINISTRATOR", None),
        (operator.email, "OPERATOR", {"name": "North"}),
    ]


async def test_an_operator_does_not_see_users(web: Web, place: Place) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await web.ask(USERS, operator)

    assert answer.errors == [("FORBIDDEN", ["users"])]
    assert answer.body["data"] == {"users": None}


async def test_who_is_confined_sees_the_users_of_that_place_alone(
    web: Web, place: Place, administrator: User
) -> None:
    other_id = await branches.create(company_id=place.company_id, name="South")
    confined = await web.user(place.company_id, branch_id=place.branch_id)
    in_field = await web.user(place.company_id, Role.OPERATOR, field_id=place.field_id)
    await web.user(place.company_id, Role.OPERATOR, branch_id=other_id)

    answer = await web.ask(USERS, confined)

    assert {one["email"] for one in answer.data["users"]["nodes"]} == {
        confined.email,
        in_field.email,
    }


async def test_a_changed_membership_counts_with_the_next_request(
    web: Web, place: Place, administrator: User
) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await change(
        web,
        administrator,
        operator,
        role={"builtIn": "PARTNER"},
        place={"fieldId": encode("Field", place.field_id)},
    )

    assert answer.data["updateMembership"]["user"] == {
        "role": "PARTNER",
        "version": 2,
        "active": True,
        "field": {"name": "Mall"},
    }
    after = await web.ask("{ viewer { role } rfModules { nodes { ipAddress } } }", operator)
    assert after.errors == [("FORBIDDEN", ["rfModules", "nodes", 0, "ipAddress"])]
    assert after.body["data"]["viewer"]["role"] == "PARTNER"


async def test_a_suspended_member_may_do_nothing_until_it_counts_again(
    web: Web, place: Place, administrator: User
) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    suspended = await web.ask(SUSPEND, administrator, input=seen(operator))
    during = await web.ask("{ meters { nodes { serial } } }", operator)
    await web.ask(RESUME, administrator, input=seen(operator, 2))
    after = await web.ask("{ meters { nodes { serial } } }", operator)

    assert suspended.data["deactivateMembership"]["user"]["active"] is False
    assert during.codes == ["FORBIDDEN"]
    assert after.codes == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"role": {"builtIn": "OPERATOR"}}, "SCOPE_NOT_HELD", id="more than held"),
        pytest.param({"role": {"builtIn": "DEVELOPER"}}, "INVALID_VALUE", id="the platform's"),
        pytest.param({"role": {}}, "INVALID_VALUE", id="no role"),
        pytest.param({"role": {"builtIn": "SUBSCRIBER"}}, "INVALID_VALUE", id="of no subscriber"),
    ],
)
async def test_nobody_gives_more_than_they_hold(
    web: Web, place: Place, administrator: User, changes: dict[str, Any], code: str
) -> None:
    user = await manager(web, place, administrator)
    before = await roles(place.company_id)

    answer = await change(web, user, user, **changes)

    assert codes(answer) == [code]
    assert await roles(place.company_id) == before


@pytest.mark.parametrize("mutation", [SUSPEND, REMOVE])
async def test_nobody_takes_from_those_who_may_do_more(
    web: Web, place: Place, administrator: User, mutation: str
) -> None:
    user = await manager(web, place, administrator)
    other = await web.user(place.company_id)
    before = await roles(place.company_id)

    answer = await web.ask(mutation, user, input=seen(other))

    assert codes(answer) == ["SCOPE_NOT_HELD"]
    assert await roles(place.company_id) == before


async def test_who_is_confined_gives_no_place_beyond_it(
    web: Web, place: Place, administrator: User
) -> None:
    confined = await web.user(place.company_id, branch_id=place.branch_id)
    member = await web.user(place.company_id, Role.OPERATOR, field_id=place.field_id)
    other_id = await branches.create(company_id=place.company_id, name="South")

    widened = await change(web, confined, confined, place={})
    moved = await change(
        web, confined, member, place={"branchId": encode("Branch", place.branch_id)}
    )
    away = await web.ask(
        UPDATE,
        confined,
        input={**seen(member, 2), "place": {"branchId": encode("Branch", other_id)}},
    )

    assert codes(widened) == ["PLACE_NOT_HELD"]
    assert moved.data["updateMembership"]["user"]["version"] == 2
    assert away.errors == [("NOT_FOUND", ["updateMembership"])]


async def test_who_is_confined_to_a_field_does_not_give_its_branch(
    web: Web, place: Place, administrator: User
) -> None:
    confined = await web.user(place.company_id, field_id=place.field_id)
    member = await web.user(place.company_id, Role.OPERATOR, field_id=place.field_id)

    answer = await change(
        web, confined, member, place={"branchId": encode("Branch", place.branch_id)}
    )

    assert answer.errors == [("FORBIDDEN", ["updateMembership"])]


async def test_a_member_of_the_whole_company_is_out_of_reach_from_a_branch(
    web: Web, place: Place, administrator: User
) -> None:
    confined = await web.user(place.company_id, branch_id=place.branch_id)
    before = await roles(place.company_id)

    answer = await web.ask(SUSPEND, confined, input=seen(administrator))

    assert answer.errors == [("NOT_FOUND", ["deactivateMembership"])]
    assert await roles(place.company_id) == before


async def test_an_older_version_is_refused(web: Web, place: Place, administrator: User) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)
    await change(web, administrator, operator, role={"builtIn": "AUDITOR"})

    answer = await change(web, administrator, operator, role={"builtIn": "PARTNER"})

    assert codes(answer) == ["STALE_VERSION"]
    assert (await roles(place.company_id))[operator.id] == "AUDITOR"


async def test_another_companys_user_is_not_found(
    web: Web, place: Place, administrator: User
) -> None:
    stranger = await web.user((await make_place(meters=0)).company_id)

    answers = [
        await change(web, administrator, stranger, role={"builtIn": "OPERATOR"}),
        await web.ask(SUSPEND, administrator, input=seen(stranger)),
        await web.ask(REMOVE, administrator, input=seen(stranger)),
    ]

    assert [answer.codes for answer in answers] == [["NOT_FOUND"]] * 3
    assert (await web.ask("{ viewer { role } }", stranger)).data["viewer"]["role"] is not None
