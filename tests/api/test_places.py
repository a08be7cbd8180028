"""Fields on the map: near a place, in a part of it, and what is told of them."""

from typing import Any

import pytest

from api.global_ids import encode
from db import access
from domain.hierarchy import fields
from domain.hierarchy.geometry import Point
from domain.hierarchy.nearby import near
from domain.listing import Wall
from tests.api.web import User, Web
from tests.factories import NOW, Place, make_place

NEAR = """
    query ($latitude: Float!, $longitude: Float!, $radius: Float!, $first: Int! = 50) {
        fieldsNear(latitude: $latitude, longitude: $longitude, radiusMeters: $radius, first: $first)
        { distanceMeters field { name } } }
"""
WITHIN = """
    query ($box: BoxInput!) { fieldsWithin(box: $box, first: 2)
        { totalCount nodes { name } pageInfo { hasNextPage } } }
"""
UPDATE = """
    mutation ($input: UpdateFieldInput!) { updateField(input: $input)
        { field { location boundary } userErrors { code } } }
"""
SHAPE = {"type": "Polygon", "coordinates": [[[29, 41], [30, 41], [30, 42], [29, 41]]]}


@pytest.fixture
async def place(web: Web) -> Place:
    """Make a company with a field in Istanbul (the Mall), and two on either side of the line."""
    place = await make_place(meters=0)
    for name, longitude in (("East of the line", -179.9), ("West of the line", 179.9)):
        await fields.create(
            company_id=place.company_id,
            branch_id=place.branch_id,
            name=name,
            latitude=-17.0,
            longitude=longitude,
        )
    await fields.create(company_id=place.company_id, branch_id=place.branch_id, name="Nowhere")
    return place


async def test_fields_near_a_place_come_by_distance(
    web: Web, place: Place, administrator: User
) -> None:
    await make_place(meters=0)  # another company's, at the same place
    await fields.create(
        company_id=place.company_id,
        branch_id=place.branch_id,
        name="Harbour",
        latitude=41.0,
        longitude=29.01,
    )

    answer = await web.ask(NEAR, administrator, latitude=41.0, longitude=29.0, radius=1_000.0)
    nearest = await web.ask(
        NEAR, administrator, latitude=41.0, longitude=29.01, radius=1_000.0, first=1
    )

    found = answer.data["fieldsNear"]
    assert [(one["field"]["name"], round(one["distanceMeters"])) for one in found] == [
        ("Mall", 0),
        ("Harbour", 839),
    ]
    assert [one["field"]["name"] for one in nearest.data["fieldsNear"]] == ["Harbour"]


async def test_what_is_near_lies_on_both_sides_of_the_antimeridian(
    web: Web, administrator: User
) -> None:
    answer = await web.ask(NEAR, administrator, latitude=-17.0, longitude=179.95, radius=20_000.0)

    found = answer.data["fieldsNear"]
    assert [(one["field"]["name"], round(one["distanceMeters"], -2)) for one in found] == [
        ("West of the line", 5_300),
        ("East of the line", 16_000),
    ]


async def test_a_box_may_span_the_antimeridian(web: Web, administrator: User) -> None:
    box = {"south": -18, "west": 179, "north": -16, "east": -179}

    answer = await web.ask(WITHIN, administrator, box=box)
    around = await web.ask(WITHIN, administrator, box=box | {"west": -179, "east": 179})

    assert answer.data["fieldsWithin"] == {
        "totalCount": 2,
        "nodes": [{"name": "East of the line"}, {"name": "West of the line"}],
        "pageInfo": {"hasNextPage": False},
    }
    assert around.data["fieldsWithin"]["totalCount"] == 0


async def test_the_map_shows_no_more_than_the_caller_may_see(web: Web, place: Place) -> None:
    confined = await web.user(place.company_id, field_id=place.field_id)
    world = {"south": -90, "west": -180, "north": 90, "east": 180}

    within = await web.ask(WITHIN, confined, box=world)
    nearby = await web.ask(NEAR, confined, latitude=-17.0, longitude=179.9, radius=1_000.0)

    assert within.data["fieldsWithin"]["nodes"] == [{"name": "Mall"}]
    assert nearby.data["fieldsNear"] == []


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        pytest.param({"latitude": 91.0}, "latitude", id="beyond the pole"),
        pytest.param({"longitude": 181.0}, "longitude", id="beyond the antimeridian"),
        pytest.param({"radius": 1_000_001.0}, "radiusMeters", id="too far"),
        pytest.param({"first": 101}, "first", id="too many"),
    ],
)
async def test_what_is_not_on_the_map_is_refused(
    web: Web, administrator: User, changes: dict[str, Any], argument: str
) -> None:
    asked = {"latitude": 41.0, "longitude": 29.0, "radius": 1.0} | changes

    answer = await web.ask(NEAR, administrator, **asked)

    assert answer.errors == [("BAD_USER_INPUT", ["fieldsNear"])]
    assert answer.body["errors"][0]["extensions"]["argument"] == argument


async def test_a_field_is_put_on_the_map_and_taken_off(
    web: Web, place: Place, administrator: User
) -> None:
    spot = {"type": "Point", "coordinates": [28.5, 40.5]}
    field = {"id": encode("Field", place.field_id)}

    put = await web.ask(
        UPDATE,
        administrator,
        input=field | {"expectedVersion": 1, "location": spot, "boundary": SHAPE},
    )
    kept = await web.ask(
        UPDATE, administrator, input=field | {"expectedVersion": 2, "name": "Market"}
    )
    taken = await web.ask(
        UPDATE,
        administrator,
        input=field | {"expectedVersion": 3, "location": None, "boundary": None},
    )

    assert put.data["updateField"]["field"] == {"location": spot, "boundary": SHAPE}
    assert kept.data["updateField"]["field"] == {"location": spot, "boundary": SHAPE}
    assert taken.data["updateField"]["field"] == {"location": None, "boundary": None}


async def test_a_boundary_of_the_finest_numbers_is_kept(
    web: Web, place: Place, administrator: User
) -> None:
    # PostgreSQL writes every zero of them.
    ring = [[0, 0], *([1e-300, 1e-300] for _ in range(200)), [0, 0]]
    boundary = {"type": "Polygon", "coordinates": [ring]}

    put = await web.ask(
        UPDATE,
        administrator,
        input={
            "id": encode("Field", place.field_id),
            "expectedVersion": 1,
            "boundary": boundary,
        },
    )

    assert put.data["updateField"]["userErrors"] == []


async def test_what_is_no_geometry_never_arrives(
    web: Web, place: Place, administrator: User
) -> None:
    open_ring = {"type": "Polygon", "coordinates": [SHAPE["coordinates"][0][:3]]}

    answer = await web.ask(
        UPDATE,
        administrator,
        input={
            "id": encode("Field", place.field_id),
            "expectedVersion": 1,
            "boundary": open_ring,
        },
    )

    assert answer.codes == ["BAD_USER_INPUT"]
    async with access.tenant(place.company_id) as connection:
        query = "select version, boundary from field where company_id = $1 and id = $2"
        row = await connection.fetchrow(query, place.company_id, place.field_id)
    assert row is not None
    assert tuple(row) == (1, None)


async def test_an_index_finds_what_is_near(web: Web, place: Place) -> None:
    async with access.system() as connection:
        await connection.execute(
            "insert into field (company_id, branch_id, name, latitude, longitude)"
            " select $1, $2, 'F' || n, n % 160 - 80, n % 359 - 179"
            " from generate_series(1, 10000) n",
            place.company_id,
            place.branch_id,
        )
        await connection.execute("analyze field")
    wall = Wall(lambda _: "true", {"company": place.company_id, "now": NOW})
    plans: list[str] = []

    async with access.tenant(place.company_id) as connection:

        class Explained:
            async def fetch(self, text: str, *arguments: object) -> list[Any]:
                rows = await connection.fetch(f"explain {text}", *arguments)
                plans.extend(row[0] for row in rows)
                return []

        explained: Any = Explained()
        await near(explained, Point(41.0, 29.0), radius_m=5_000, limit=10, wall=wall)

    assert any("field_by_location" in line for line in plans), plans
