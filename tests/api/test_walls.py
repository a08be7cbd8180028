"""Two walls between companies: what is behind them does not exist."""

from datetime import timedelta
from typing import Any

import pytest

from api.caller import Caller
from api.global_ids import encode
from api.permissions.confine import confine
from db import access
from db.enums import Role
from db.ids import CompanyId, SessionId, UserId
from domain import listing
from domain.accounts.queries import ACCOUNTS, SUBSCRIBERS, standings
from domain.hierarchy.queries import BRANCHES, COLLECTORS, FIELDS, METERS, RF_MODULES
from domain.identity.roles import scopes_of
from domain.listing import Listing, Wall, Window
from domain.metering.queries import MOUNTINGS, POINTS, PREMISES, places_of_meters
from domain.readings.queries import energy, latest, of_span
from tests.api.own_objects import ALL_LISTS, LISTS, ids_of
from tests.api.web import Web
from tests.factories import NOW, make_place

TABLES = [
    BRANCHES,
    FIELDS,
    COLLECTORS,
    RF_MODULES,
    METERS,
    PREMISES,
    POINTS,
    MOUNTINGS,
    SUBSCRIBERS,
    ACCOUNTS,
]


async def test_an_own_object_is_found_by_its_id(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    ids = ids_of(place)

    answer = await web.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", user, ids=ids)

    assert answer.data["nodes"] == [{"id": one} for one in ids]


async def test_another_companys_objects_are_not_found(web: Web) -> None:
    own, other = await make_place(), await make_place()
    user = await web.user(own.company_id)
    ids = ids_of(other)

    answer = await web.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", user, ids=ids)

    assert answer.body["data"]["nodes"] == [None] * len(ids)
    assert answer.errors == [("NOT_FOUND", ["nodes", number]) for number in range(len(ids))]


async def test_one_object_of_another_company_is_not_found(web: Web) -> None:
    own, other = await make_place(), await make_place()
    user = await web.user(own.company_id)
    meter_id = encode("Meter", other.supplies[0].meter_id)

    answer = await web.ask("query ($id: ID!) { node(id: $id) { id } }", user, id=meter_id)

    assert answer.body["data"] == {"node": None}
    assert answer.errors == [("NOT_FOUND", ["node"])]


@pytest.mark.parametrize(
    "id",
    [
        pytest.param("nonsense", id="no id"),
        pytest.param("TWV0ZXI6MA", id="zero"),
        pytest.param("TWV0ZXI6MDAx", id="another spelling of a number"),
        pytest.param("TWV0ZXI6OTk5OTk5OTk5OTk5OTk5OTk5OTk5", id="too large"),
        pytest.param("R2hvc3Q6MQ", id="no type of ours"),
        pytest.param("TWV0ZXI6MQ==", id="padded"),
    ],
)
async def test_an_id_that_was_never_given_out_is_bad_input(web: Web, id: str) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask("query ($id: ID!) { node(id: $id) { id } }", user, id=id)

    assert answer.errors == [("BAD_USER_INPUT", ["node"])]
    assert answer.body["errors"][0]["extensions"]["argument"] == "id"


async def test_more_than_a_hundred_ids_are_refused(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", user, ids=["TWV0ZXI6MQ"] * 101
    )

    assert answer.errors == [("BAD_USER_INPUT", ["nodes"])]


async def test_a_node_needs_the_scope_of_its_type(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id)

    answer = await web.ask(
        "query ($id: ID!) { node(id: $id) { id } }", user, id=encode("Field", place.field_id)
    )

    assert answer.errors == [("FORBIDDEN", ["node"])]


async def test_lists_have_only_the_own_companys_objects(web: Web) -> None:
    own, other = await make_place(), await make_place(meters=3)
    user = await web.user(own.company_id)
    theirs = set(ids_of(other))

    answer = await web.ask(f"{{ {ALL_LISTS} }}", user)

    for name in LISTS:
        found = {node["id"] for node in answer.data[name]["nodes"]}
        assert len(found) == answer.data[name]["totalCount"] == 1, name
        assert not found & theirs, name


@pytest.mark.parametrize("table", [pytest.param(table, id=table.table) for table in TABLES])
async def test_without_the_first_wall_the_second_shows_nothing(web: Web, table: Listing) -> None:
    own, other = await make_place(), await make_place()
    no_wall = Wall(lambda _: "true", {"company": other.company_id, "now": NOW})

    async with access.tenant(own.company_id) as connection:
        page = await listing.page(connection, table, window=Window(100), wall=no_wall)
        count = await listing.count(connection, table, wall=no_wall)

    assert page.rows == []
    assert count == 0


async def test_without_the_first_wall_no_values_are_shown(web: Web) -> None:
    own, other = await make_place(), await make_place()
    supply = other.supplies[0]
    no_wall = Wall(lambda _: "true", {"company": other.company_id, "now": NOW})
    meters, day = [supply.meter_id], timedelta(days=1)

    async with access.tenant(own.company_id) as connection:
        found: list[Any] = [
            await standings(connection, [supply.account_id or 0], wall=no_wall),
            await latest(connection, meters, wall=no_wall),
            await places_of_meters(connection, meters, wall=no_wall),
        ]
        readings = await of_span(
            connection, meters, start=NOW - day, end=NOW, limit=10, wall=no_wall
        )
        buckets = await energy(connection, meters, [NOW - day, NOW], wall=no_wall)

    assert found == [{}, {}, {}]
    assert readings == {supply.meter_id: []}
    assert [bucket.energy_wh for bucket in buckets[supply.meter_id]] == [None]


def test_a_table_without_a_condition_cannot_be_asked() -> None:
    caller = Caller(
        user_id=UserId(1),
        session_id=SessionId(1),
        name="Deniz",
        company_id=CompanyId(1),
        role=Role.ADMINISTRATOR,
        scopes=scopes_of(Role.ADMINISTRATOR),
        locale="en",
        time_zone="UTC",
        expires_at=NOW,
    )

    with pytest.raises(KeyError):
        confine(caller, now=NOW).condition("membership")
