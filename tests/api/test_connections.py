"""What a metering point's connection was built for, over GraphQL: limits of energy go by it."""

from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from tests.api.premises import count, of_point
from tests.api.web import User, Web
from tests.factories import Place

FACTS = "installedKva connectionKw phases"
CREATE = f"""
mutation ($input: CreateMeteringPointInput!) {{
  done: createMeteringPoint(input: $input) {{
    meteringPoint {{ {FACTS} }} userErrors {{ code path }}
  }}
}}
"""
UPDATE = CREATE.replace("Create", "Update").replace("create", "update")
NOTHING: dict[str, Any] = {"installedKva": None, "connectionKw": None, "phases": None}
FACTORY = {"installedKva": "160", "connectionKw": "120.5", "phases": 3}


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


def new_point(place: Place, **facts: Any) -> dict[str, Any]:
    premises_id = encode("Premises", place.supplies[0].premises_id)
    return {"premisesId": premises_id, "code": "T1", **facts}


@pytest.mark.parametrize(
    ("given", "known"),
    [
        pytest.param(FACTORY, FACTORY, id="all is known"),
        pytest.param({}, NOTHING, id="nothing is known"),
    ],
)
async def test_a_point_is_added_with_what_is_known(
    web: Web, place: Place, operator: User, given: dict[str, Any], known: dict[str, Any]
) -> None:
    answer = await web.ask(CREATE, operator, input=new_point(place, **given))

    assert answer.data["done"] == {"meteringPoint": known, "userErrors": []}


async def test_what_is_known_changes_and_is_forgotten(
    web: Web, place: Place, operator: User
) -> None:
    point = of_point(place)

    told = await web.ask(UPDATE, operator, input={**point, **FACTORY})
    version = point["expectedVersion"] + 1
    forgotten = await web.ask(
        UPDATE,
        operator,
        input={**point, "expectedVersion": version, "installedKva": None, "phases": 1},
    )

    assert told.data["done"]["meteringPoint"] == FACTORY
    assert forgotten.data["done"]["meteringPoint"] == {
        "installedKva": None,
        "connectionKw": "120.5",
        "phases": 1,
    }


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        pytest.param({"installedKva": "0"}, "installedKva", id="no power"),
        pytest.param({"connectionKw": "-9"}, "connectionKw", id="less than none"),
        pytest.param({"connectionKw": "0.0001"}, "connectionKw", id="finer than a watt"),
        pytest.param({"phases": 2}, "phases", id="two phases"),
    ],
)
async def test_what_no_connection_can_have_is_refused(
    web: Web, place: Place, operator: User, facts: dict[str, Any], path: str
) -> None:
    added = await web.ask(CREATE, operator, input=new_point(place, **facts))
    changed = await web.ask(UPDATE, operator, input={**of_point(place), **facts})

    errors = [{"code": "INVALID_VALUE", "path": ["input", path]}]
    assert added.data["done"] == {"meteringPoint": None, "userErrors": errors}
    assert changed.data["done"] == {"meteringPoint": None, "userErrors": errors}
    assert await count("metering_point") == 1
    assert await count("metering_point where num_nonnulls(installed_kva, phases) > 0") == 0
