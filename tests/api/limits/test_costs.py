"""What an operation may cost, and what it did."""

import pytest
from graphql import build_schema, get_nullable_type, is_list_type, is_object_type

from api.costs import LISTS
from api.engine import JUDGING_COST, Engine
from api.limits import COST_MAX
from api.requests import Request
from api.sdl import sdl
from tests.api.limits.refusing import refusals
from tests.api.web import Web


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        pytest.param("{ viewer { name } }", 1, id="an object"),
        pytest.param("{ meters(first: 10) { nodes { id } } }", 11, id="a page"),
        pytest.param("{ meters { nodes { id } } }", 51, id="a page of the default size"),
        pytest.param("{ meters(last: 7) { edges { node { id } } } }", 15, id="edges"),
        pytest.param("{ meters(first: 9) { totalCount } }", 6, id="a count"),
        pytest.param(
            "{ meters(first: 10) { nodes { ...M } } } fragment M on Meter { account { id } }",
            21,
            id="a fragment",
        ),
        pytest.param(
            "{ meters(first: 10) { ...P } } fragment P on MeterConnection { nodes { id } }",
            11,
            id="a fragment around a page",
        ),
        pytest.param(
            "query ($n: Int = 20) { meters(first: $n) { nodes { id } } }", 21, id="default"
        ),
        pytest.param(
            "{ reviewFrames(first: 5) { nodes { body { size } } } }", 1 + 5 * (1 + 10), id="bytes"
        ),
        pytest.param('{ nodes(ids: ["a", "b", "c"]) { id } }', 3, id="ids"),
        pytest.param(
            "{ fields(first: 5) { nodes { collectors(first: 4) { nodes { serial } } } } }",
            1 + 5 * (1 + 1 + 4),
            id="pages of pages",
        ),
        pytest.param(
            "{ fieldsNear(latitude: 41, longitude: 29, radiusMeters: 9, first: 10)"
            " { field { collectors(first: 4) { nodes { serial } } } } }",
            10 * (1 + 1 + 1 + 4),
            id="pages of a list",
        ),
    ],
)
def test_cost_counts_the_objects_that_may_come(engine: Engine, text: str, cost: int) -> None:
    assert engine.prepare(Request(text))[1] == cost


def test_every_list_that_says_how_long_it_is_counts_its_items() -> None:
    fields = [
        (name, field)
        for kind in build_schema(sdl()).type_map.values()
        if is_object_type(kind)
        for name, field in kind.fields.items()
    ]

    lists = {
        name
        for name, field in fields
        if "first" in field.args and is_list_type(get_nullable_type(field.type))
    }

    assert lists == LISTS


def test_cost_follows_the_variables(engine: Engine) -> None:
    text = (
        "query ($n: Int, $ids: [ID!]!)"
        " { meters(first: $n) { nodes { id } } nodes(ids: $ids) { id } }"
    )

    costs = [
        engine.prepare(Request(text, {"n": n, "ids": ["a"] * ids}))[1]
        for n, ids in ((1, 1), (100, 100), (10**9, 0), (None, 0), (-5, 0), ("x", 0))
    ]

    assert costs == [3, 201, 101, 51, 1, 101]


def test_an_operation_at_the_cost_limit_is_executed_and_one_beyond_is_not(engine: Engine) -> None:
    pages = "query ($n: Int) { " + " ".join(
        f"m{number}: meters(first: 99) {{ nodes {{ id }} }}" for number in range(9)
    )
    text = pages + " last: meters(first: $n) { nodes { id } } }"

    assert engine.prepare(Request(text, {"n": 99}))[1] == COST_MAX
    assert refusals(engine, text, n=100) == ["QUERY_TOO_COMPLEX"]


async def test_an_answer_tells_what_it_cost(web: Web) -> None:
    answer = await web.ask("{ viewer { name } }")

    assert answer.body["extensions"]["cost"] == {
        "requested": 1,
        "actual": 1,
        "throttle": {
            "maximum": 20_000,
            "available": 19_999 - JUDGING_COST,
            "restoreRate": 500,
        },
    }
