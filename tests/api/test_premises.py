"""Managing premises over GraphQL."""

from typing import Any

import pytest

from api.global_ids import encode
from db.enums import PointRole, Role
from domain.metering import premises
from tests.api.premises import CREATE_POINT, UPDATE_POINT, count, of_point, other_field
from tests.api.web import User, Web
from tests.factories import Place, add_supply, make_place

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


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


def of_premises(place: Place, **changes: Any) -> dict[str, Any]:
    return {
        "id": encode("Premises", place.supplies[0].premises_id),
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
