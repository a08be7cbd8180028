"""Managing premises and metering points over GraphQL."""

import asyncio
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import PointRole, Role
from db.ids import FieldId, PointId
from domain.hierarchy import branches, fields
from domain.metering import points, premises
from tests.api.web import User, Web
from tests.factories import NOW, Place, add_supply, make_place

CREATE = """
mutation ($input: CreatePremisesInput!) {
  createPremises(input: $input) {
    premises { name active version field { id } } userErrors { code path }
  }
}
"""
UPDATE = """
mutation ($input: UpdatePremisesInput!) {
  updatePremises(input: $input) { premises { name version } userErrors { code path } }
}
"""
MOVE = """
mutation ($input: MovePremisesInput!) {
  movePremises(input: $input) { premises { field { id } } userErrors { code path } }
}
"""
DEACTIVATE = """
mutation ($input: VersionInput!) {
  deactivatePremises(input: $input) { premises { active } userErrors { code path } }
}
"""
CREATE_POINT = """
mutation ($input: CreateMeteringPointInput!) {
  createMeteringPoint(input: $input) {
    meteringPoint { id code role active premises { id } parent { id } } userErrors { code path }
  }
}
"""
UPDATE_POINT = """
mutation ($input: UpdateMeteringPointInput!) {
  updateMeteringPoint(input: $input) {
    meteringPoint { code role parent { id } version } userErrors { code path }
  }
}
"""
MOVE_POINT = """
mutation ($input: MoveMeteringPointInput!) {
  moveMeteringPoint(input: $input) {
    meteringPoint { premises { id } } userErrors { code path }
  }
}
"""
DEACTIVATE_POINT = """
mutation ($input: VersionInput!) {
  deactivateMeteringPoint(input: $input) { meteringPoint { active } userErrors { code path } }
}
"""


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place()


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


async def other_field(place: Place) -> FieldId:
    branch_id = await branches.create(company_id=place.company_id, name="South")
    return await fields.create(company_id=place.company_id, branch_id=branch_id, name="Harbour")


async def count(table: str) -> int:
    async with access.system() as connection:
        return int(await connection.fetchval(f"select count(*) from {table}"))


def of_premises(place: Place, **changes: Any) -> dict[str, Any]:
    return {
        "id": encode("Premises", place.supplies[0].premises_id),
        "expectedVersion": 1,
        **changes,
    }


def of_point(place: Place, number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": encode("MeteringPoint", place.supplies[number].point_id),
        "expectedVersion": 1,
        **changes,
    }


async def test_premises_are_added_to_a_field(web: Web, place: Place, operator: User) -> None:
    field = encode("Field", place.field_id)

    answer = await web.ask(CREATE, operator, input={"fieldId": field, "name": "Kiosk"})

    assert answer.data["createPremises"] == {
        "premises": {"name": "Kiosk", "active": True, "version": 1, "field": {"id": field}},
        "userErrors": [],
    }


async def test_two_premises_of_a_field_have_two_names(
    web: Web, place: Place, operator: User
) -> None:
    given = {"fieldId": encode("Field", place.field_id), "name": "Kiosk"}
    await web.ask(CREATE, operator, input=given)

    answer = await web.ask(CREATE, operator, input=given)

    assert answer.data["createPremises"]["userErrors"] == [
        {"code": "ALREADY_EXISTS", "path": ["input", "name"]}
    ]


@pytest.mark.parametrize("role", [Role.SUBSCRIBER, Role.DEVELOPER])
async def test_without_the_scope_no_premises_are_added(web: Web, place: Place, role: Role) -> None:
    user = (
        (await web.developer()).acting_in(encode("Company", place.company_id))
        if role is Role.DEVELOPER
        else await web.user(place.company_id, role, subscriber_id=place.subscriber_id)
    )
    field = encode("Field", place.field_id)

    answer = await web.ask(CREATE, user, input={"fieldId": field, "name": "Kiosk"})

    assert answer.errors == [("FORBIDDEN", ["createPremises"])]
    assert await count("premises") == 1


async def test_who_is_confined_to_a_field_adds_premises_there_alone(web: Web, place: Place) -> None:
    elsewhere = await other_field(place)
    confined = await web.user(place.company_id, Role.OPERATOR, field_id=place.field_id)

    inside, outside = [
        await web.ask(
            CREATE, confined, input={"fieldId": encode("Field", field_id), "name": "Kiosk"}
        )
        for field_id in (place.field_id, elsewhere)
    ]

    assert inside.data["createPremises"]["premises"]["name"] == "Kiosk"
    assert outside.errors == [("NOT_FOUND", ["createPremises"])]
    assert await count("premises") == 2


async def test_premises_are_renamed(web: Web, place: Place, operator: User) -> None:
    answer = await web.ask(UPDATE, operator, input=of_premises(place, name="Corner shop"))

    assert answer.data["updatePremises"]["premises"] == {"name": "Corner shop", "version": 2}


async def test_another_companys_premises_are_not_found(web: Web, operator: User) -> None:
    other = await make_place()

    answer = await web.ask(UPDATE, operator, input=of_premises(other, name="Mine"))

    assert answer.errors == [("NOT_FOUND", ["updatePremises"])]


async def test_premises_move_with_their_history(web: Web, place: Place, operator: User) -> None:
    field = encode("Field", await other_field(place))

    answer = await web.ask(MOVE, operator, input=of_premises(place, fieldId=field))

    assert answer.data["movePremises"]["premises"]["field"]["id"] == field
    found = await web.ask(
        "query ($id: ID!) { node(id: $id) { ... on Premises"
        " { accounts { totalCount } meteringPoints { nodes { mountings { totalCount } } } } } }",
        operator,
        id=of_premises(place)["id"],
    )
    assert found.data["node"] == {
        "accounts": {"totalCount": 1},
        "meteringPoints": {"nodes": [{"mountings": {"totalCount": 1}}]},
    }


async def test_premises_whose_point_hangs_on_others_stay_in_the_field(
    web: Web, place: Place, operator: User
) -> None:
    feeder = await add_supply(place, role=PointRole.FEEDER, with_account=False)
    parent = encode("MeteringPoint", feeder.point_id)
    await web.ask(UPDATE_POINT, operator, input=of_point(place, parentId=parent))
    field = encode("Field", await other_field(place))

    answer = await web.ask(MOVE, operator, input=of_premises(place, fieldId=field))

    assert answer.data["movePremises"] == {
        "premises": None,
        "userErrors": [{"code": "IN_USE", "path": ["input", "fieldId"]}],
    }


async def test_premises_in_use_are_not_retired(web: Web, place: Place, operator: User) -> None:
    answer = await web.ask(DEACTIVATE, operator, input=of_premises(place))

    assert answer.data["deactivatePremises"]["userErrors"] == [
        {"code": "IN_USE", "path": ["input", "id"]}
    ]


async def test_retired_premises_get_no_points(web: Web, place: Place, operator: User) -> None:
    premises_id = await premises.create(
        company_id=place.company_id, field_id=place.field_id, name="Kiosk"
    )
    kiosk = encode("Premises", premises_id)

    retired = await web.ask(DEACTIVATE, operator, input={"id": kiosk, "expectedVersion": 1})
    answer = await web.ask(CREATE_POINT, operator, input={"premisesId": kiosk, "code": "T1"})

    assert retired.data["deactivatePremises"]["premises"] == {"active": False}
    assert answer.data["createMeteringPoint"]["userErrors"] == [
        {"code": "PARENT_INACTIVE", "path": ["input", "premisesId"]}
    ]


async def test_a_point_is_added_below_another(web: Web, place: Place, operator: User) -> None:
    supply = place.supplies[0]
    given = {
        "premisesId": encode("Premises", supply.premises_id),
        "code": "T1",
        "role": "CHECK",
        "parentId": encode("MeteringPoint", supply.point_id),
    }

    answer = await web.ask(CREATE_POINT, operator, input=given)

    point = answer.data["createMeteringPoint"]["meteringPoint"]
    assert point.pop("id")
    assert point == {
        "code": "T1",
        "role": "CHECK",
        "active": True,
        "premises": {"id": given["premisesId"]},
        "parent": {"id": given["parentId"]},
    }


async def test_a_point_and_its_parent_are_in_one_field(
    web: Web, place: Place, operator: User
) -> None:
    premises_id = await premises.create(
        company_id=place.company_id, field_id=await other_field(place), name="Kiosk"
    )
    given = {
        "premisesId": encode("Premises", premises_id),
        "code": "T1",
        "parentId": of_point(place)["id"],
    }

    answer = await web.ask(CREATE_POINT, operator, input=given)

    assert answer.data["createMeteringPoint"]["userErrors"] == [
        {"code": "OTHER_FIELD", "path": ["input", "parentId"]}
    ]
    assert await count("metering_point") == 1


async def test_points_do_not_close_a_circle(web: Web, place: Place, operator: User) -> None:
    below = await points.create(
        company_id=place.company_id,
        premises_id=place.supplies[0].premises_id,
        code="below",
        parent_id=place.supplies[0].point_id,
    )
    change = of_point(place, parentId=encode("MeteringPoint", below))

    answer = await web.ask(UPDATE_POINT, operator, input=change)

    assert answer.data["updateMeteringPoint"] == {
        "meteringPoint": None,
        "userErrors": [{"code": "POINTS_IN_CIRCLE", "path": ["input", "parentId"]}],
    }


async def test_a_points_parent_is_taken_away_by_null(
    web: Web, place: Place, operator: User
) -> None:
    await add_supply(place)
    parent = of_point(place, 1)["id"]

    with_parent = await web.ask(UPDATE_POINT, operator, input=of_point(place, parentId=parent))
    without = await web.ask(
        UPDATE_POINT, operator, input={**of_point(place, parentId=None), "expectedVersion": 2}
    )

    assert with_parent.data["updateMeteringPoint"]["meteringPoint"]["parent"] == {"id": parent}
    assert without.data["updateMeteringPoint"]["meteringPoint"]["parent"] is None


async def test_the_role_stays_once_an_account_pays(web: Web, place: Place, operator: User) -> None:
    answer = await web.ask(UPDATE_POINT, operator, input=of_point(place, role="CHECK"))

    assert answer.data["updateMeteringPoint"] == {
        "meteringPoint": None,
        "userErrors": [{"code": "IN_USE", "path": ["input", "role"]}],
    }


async def test_a_point_that_nobody_pays_for_moves(web: Web, place: Place, operator: User) -> None:
    await add_supply(place, with_account=False)
    target = encode("Premises", place.supplies[0].premises_id)

    moved, stayed = [
        await web.ask(MOVE_POINT, operator, input=of_point(place, number, premisesId=target))
        for number in (1, 0)
    ]

    assert moved.data["moveMeteringPoint"]["meteringPoint"] == {"premises": {"id": target}}
    assert stayed.data["moveMeteringPoint"]["userErrors"] == [
        {"code": "IN_USE", "path": ["input", "id"]}
    ]


@pytest.mark.parametrize(
    ("mounted", "expected"),
    [
        pytest.param(True, [{"code": "IN_USE", "path": ["input", "id"]}], id="a meter is there"),
        pytest.param(False, [], id="nothing is there"),
    ],
)
async def test_a_point_is_retired_when_nothing_is_there(
    web: Web, place: Place, operator: User, mounted: bool, expected: list[Any]
) -> None:
    await add_supply(place, with_account=False, mounted=mounted)

    answer = await web.ask(DEACTIVATE_POINT, operator, input=of_point(place, 1))

    assert answer.data["deactivateMeteringPoint"]["userErrors"] == expected


async def test_two_changes_at_once_close_no_circle(web: Web, place: Place) -> None:
    first = place.supplies[0].point_id
    second = (await add_supply(place, opened_at=NOW)).point_id

    async def put_below(point_id: PointId, parent_id: PointId) -> None:
        await points.update(
            company_id=place.company_id,
            point_id=point_id,
            expected_version=1,
            changes={"parent_id": parent_id},
        )

    results = await asyncio.gather(
        put_below(first, second), put_below(second, first), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in results) == ["NoneType", "PointsInCircle"]
