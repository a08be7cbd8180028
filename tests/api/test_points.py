"""Managing metering points over GraphQL."""

import asyncio
from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from db.ids import PointId
from domain.metering import points, premises
from tests.api.premises import CREATE_POINT, UPDATE_POINT, count, of_point, other_field
from tests.api.web import User, Web
from tests.factories import NOW, Place, add_supply

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
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


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
            now=NOW,
        )

    results = await asyncio.gather(
        put_below(first, second), put_below(second, first), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in results) == ["NoneType", "PointsInCircle"]
