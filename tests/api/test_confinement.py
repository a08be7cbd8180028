"""Places within one company: who is confined to one sees what is there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from tests.api.own_objects import ALL_LISTS, LISTS, ids_of
from tests.api.web import Web
from tests.factories import NOW, Place, make_place
from tests.walls.outside import make_outside


@dataclass(frozen=True, slots=True)
class TwoFields:
    """A company with a field that somebody is confined to, and one elsewhere."""

    inside: Place
    outside: Place


async def make_two_fields() -> TwoFields:
    inside = await make_place()
    return TwoFields(inside, await make_outside(inside))


@pytest.mark.parametrize("place", ["branch", "field"])
async def test_who_is_confined_to_a_place_sees_what_is_there_and_no_more(
    web: Web, place: str
) -> None:
    fields = await make_two_fields()
    inside = fields.inside
    user = await web.user(
        inside.company_id,
        Role.OPERATOR,
        branch_id=inside.branch_id if place == "branch" else None,
        field_id=inside.field_id if place == "field" else None,
    )

    answer = await web.ask(f"{{ {ALL_LISTS} }}", user)

    found = [node["id"] for name in LISTS for node in answer.data[name]["nodes"]]
    assert sorted(found) == sorted(ids_of(inside)[1:])


async def test_a_subscriber_sees_the_own_account_and_what_supplies_it(web: Web) -> None:
    fields = await make_two_fields()
    inside, supply = fields.inside, fields.inside.supplies[0]
    user = await web.user(inside.company_id, Role.SUBSCRIBER, subscriber_id=inside.subscriber_id)
    lists = ["meters", "premises", "meteringPoints", "subscribers", "accounts"]

    answer = await web.ask(
        "{" + " ".join(f"{name} {{ nodes {{ id }} totalCount }}" for name in lists) + "}", user
    )

    assert {name: answer.data[name]["nodes"] for name in lists} == {
        "meters": [{"id": encode("Meter", supply.meter_id)}],
        "premises": [{"id": encode("Premises", supply.premises_id)}],
        "meteringPoints": [{"id": encode("MeteringPoint", supply.point_id)}],
        "subscribers": [{"id": encode("Subscriber", inside.subscriber_id)}],
        "accounts": [{"id": encode("Account", supply.account_id or 0)}],
    }
    assert {answer.data[name]["totalCount"] for name in lists} == {1}


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        pytest.param(None, 1, id="still there"),
        pytest.param(NOW, 1, id="left with the meter"),
        pytest.param(NOW - timedelta(hours=1), 0, id="left before"),
    ],
)
async def test_a_subscriber_learns_no_final_index_of_whoever_came_after(
    web: Web, left: datetime | None, shown: int
) -> None:
    place = await make_place(meters=1)
    user = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id)
    async with access.system() as connection:
        await connection.execute("update account_point set ended_at = $1", left)
        await connection.execute(
            "update mounting set ended_at = $1, final_index_wh = initial_index_wh + 1000", NOW
        )
    text = "{ meteringPoints { nodes { mountings(first: 9) { nodes { finalIndex } } } } }"

    answer = await web.ask(text, user)

    (point,) = answer.data["meteringPoints"]["nodes"]
    assert len(point["mountings"]["nodes"]) == shown


async def test_a_subscriber_does_not_find_a_neighbours_meter(web: Web) -> None:
    fields = await make_two_fields()
    inside, outside = fields.inside, fields.outside
    user = await web.user(inside.company_id, Role.SUBSCRIBER, subscriber_id=inside.subscriber_id)
    meter_id = encode("Meter", outside.supplies[0].meter_id)

    answer = await web.ask("query ($id: ID!) { node(id: $id) { id } }", user, id=meter_id)

    assert answer.errors == [("NOT_FOUND", ["node"])]


async def test_a_subscriber_who_moved_out_sees_the_meter_no_more(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id)
    await end_tenancy(place, NOW - timedelta(hours=1))

    answer = await web.ask("{ meters { nodes { id } } accounts { nodes { id } } }", user)

    assert answer.data["meters"]["nodes"] == []
    assert len(answer.data["accounts"]["nodes"]) == 1


async def end_tenancy(place: Place, at: datetime) -> None:
    async with access.tenant(place.company_id) as connection:
        await connection.execute(
            "update account_point set ended_at = $2 where company_id = $1", place.company_id, at
        )
