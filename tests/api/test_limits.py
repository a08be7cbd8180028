"""Each limit accepts what is at it, and refuses what is beyond."""

import asyncio
from typing import cast

import pytest
from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_introspection_query,
    get_nullable_type,
    is_list_type,
    is_object_type,
    parse,
)

from api.context import Context
from api.documents import (
    CACHED_CHARACTERS_MAX,
    CACHED_CHARACTERS_TOTAL_MAX,
    TEXT_CHARACTERS_MAX,
    Document,
    InvalidDocument,
)
from api.engine import JUDGING_COST, Engine
from api.errors import TooComplex
from api.limits import (
    ALIASES_MAX,
    BODY_BYTES_MAX,
    COST_MAX,
    DEFINITIONS_MAX,
    DEPTH_MAX,
    DIRECTIVES_MAX,
    FIELDS_MAX,
    LISTS,
    NESTING_MAX,
    TOKENS_MAX,
    VALUES_MAX,
    VALUES_NESTING_MAX,
    check_variables,
)
from api.repeats import PAIRS_MAX
from api.requests import Request
from api.root import api_schema
from api.sdl import sdl
from tests.api.web import Web


def nested(levels: int) -> object:
    return [nested(levels - 1)] if levels else {"x": 0}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return api_schema().engine(production=False)


def refusals(engine: Engine, text: str, **variables: object) -> list[str]:
    """Return the codes of the errors that keep a text from being executed."""
    try:
        engine.prepare(Request(text, variables))
    except InvalidDocument as invalid:
        return sorted({code_of(error) for error in invalid.errors})
    return []


def code_of(error: GraphQLError) -> str:
    assert error.extensions is not None
    return str(error.extensions["code"])


def points(depth: int) -> str:
    """Return a query whose deepest field is `depth` deep."""
    return (
        "{ meteringPoints(first: 1) { nodes { "
        + "parent { " * (depth - 3)
        + "id"
        + " }" * (depth - 3)
        + " } } }"
    )


def aliases(count: int) -> str:
    return "{ viewer { " + " ".join(f"a{number}: name" for number in range(count)) + " } }"


def directives(count: int) -> str:
    return "{ viewer { " + " ".join("locale @skip(if: false)" for _ in range(count)) + " } }"


def fields(count: int) -> str:
    """Return a query of so many fields, no more than a few of one name in one place."""
    names = ("name", "locale", "timeZone", "role")
    leaves = [" ".join(names[n % 4] for n in range(one, count - 30, 30)) for one in range(30)]
    return "{ " + " ".join(f"a{n}: viewer {{ {one} }}" for n, one in enumerate(leaves)) + " }"


def definitions(count: int) -> str:
    names = ("name", "locale", "timeZone", "role")
    spreads = " ".join(f"...F{n}" for n in range(count - 1))
    fragments = (f"fragment F{n} on Viewer {{ {names[n % 4]} }}" for n in range(count - 1))
    return f"{{ viewer {{ {spreads} }} }} {' '.join(fragments)}"


def repeats(count: int) -> str:
    return "{ viewer { " + "name " * count + "} }"


# So many fields of one name make as many pairs as are allowed.
REPEATS_MAX = 63
assert REPEATS_MAX * (REPEATS_MAX - 1) // 2 <= PAIRS_MAX < (REPEATS_MAX + 1) * REPEATS_MAX // 2


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        pytest.param(points(DEPTH_MAX), points(DEPTH_MAX + 1), id="depth"),
        pytest.param(aliases(ALIASES_MAX), aliases(ALIASES_MAX + 1), id="aliases"),
        pytest.param(directives(DIRECTIVES_MAX), directives(DIRECTIVES_MAX + 1), id="directives"),
        pytest.param(fields(FIELDS_MAX), fields(FIELDS_MAX + 1), id="fields"),
        pytest.param(
            definitions(DEFINITIONS_MAX), definitions(DEFINITIONS_MAX + 1), id="definitions"
        ),
        pytest.param(
            "{ viewer { name } }".ljust(TEXT_CHARACTERS_MAX),
            "{ viewer { name } }".ljust(TEXT_CHARACTERS_MAX + 1),
            id="characters",
        ),
        pytest.param(repeats(REPEATS_MAX), repeats(REPEATS_MAX + 1), id="pairs of fields"),
    ],
)
def test_a_document_at_a_limit_is_executed_and_one_beyond_is_not(
    engine: Engine, text: str, beyond: str
) -> None:
    assert refusals(engine, text) == []
    assert refusals(engine, beyond) == ["QUERY_TOO_COMPLEX"]


def tokens(count: int) -> str:
    """Return a query of so many tokens."""

    def text(ids: int) -> str:
        return f"query ($ids: [ID!] = [{' 1' * ids}]) {{ nodes(ids: $ids) {{ id }} }}"

    return text(count - (parse(text(0)).token_count or 0))


def test_a_document_at_the_limit_of_tokens_is_executed_and_one_beyond_is_not(
    engine: Engine,
) -> None:
    assert refusals(engine, tokens(TOKENS_MAX), ids=[]) == []
    assert refusals(engine, tokens(TOKENS_MAX + 1), ids=[]) == ["QUERY_TOO_COMPLEX"]


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


def test_documents_are_kept_up_to_a_total_of_characters() -> None:
    documents = api_schema().review.documents
    texts = [
        f"{{ viewer {{ name }} }} #{number}".ljust(CACHED_CHARACTERS_MAX)
        for number in range(CACHED_CHARACTERS_TOTAL_MAX // CACHED_CHARACTERS_MAX + 1)
    ]
    first = documents.get(texts[0])
    kept_first = documents.get(texts[0]) is first

    *_, last = [documents.get(text) for text in texts]

    assert kept_first
    assert documents.get(texts[-1]) is last
    assert documents.get(texts[0]) is not first


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


def test_introspection_is_within_the_limits(engine: Engine) -> None:
    assert refusals(engine, get_introspection_query()) == []


def test_a_fragment_within_itself_is_invalid(engine: Engine) -> None:
    text = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A viewer { name } }"

    assert refusals(engine, text) == ["GRAPHQL_VALIDATION_FAILED"]


def test_a_fragment_that_nobody_uses_counts_too(engine: Engine) -> None:
    unused = " fragment A on Viewer { " + " ".join(f"a{n}: name" for n in range(31)) + " }"

    assert refusals(engine, "{ viewer { name } }" + unused) == ["QUERY_TOO_COMPLEX"]


def test_nesting_is_limited_where_depth_is_not(engine: Engine) -> None:
    inline = NESTING_MAX - 3

    def text(count: int) -> str:
        return "{ viewer {" + "... {" * count + "name" + "}" * (count + 2)

    assert refusals(engine, text(inline // 2)) == []
    assert refusals(engine, text(NESTING_MAX)) == ["QUERY_TOO_COMPLEX"]


@pytest.mark.parametrize(
    ("at_the_limit", "beyond"),
    [
        pytest.param([0] * (VALUES_MAX - 1), [0] * VALUES_MAX, id="number of values"),
        pytest.param(nested(VALUES_NESTING_MAX - 2), nested(VALUES_NESTING_MAX - 1), id="nesting"),
    ],
)
def test_variables_at_a_limit_are_taken_and_those_beyond_are_not(
    at_the_limit: object, beyond: object
) -> None:
    check_variables({"x": at_the_limit})

    with pytest.raises(TooComplex):
        check_variables({"x": beyond})


def test_a_document_is_validated_once(engine: Engine) -> None:
    text = "{ viewer { locale } }"

    documents: list[Document] = [engine.prepare(Request(text))[0].document for _ in range(2)]

    assert documents[0] is documents[1]


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


async def test_an_operation_that_takes_too_long_is_stopped() -> None:
    stopped = asyncio.Event()

    async def wait_for_ever(_source: object, _info: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    slow = GraphQLObjectType("Query", {"slow": GraphQLField(GraphQLInt, resolve=wait_for_ever)})
    engine = Engine(GraphQLSchema(slow), production=False, execution_s_max=0.05)
    nobody = cast("Context", None)
    request = Request("{ slow }")
    operation, _ = engine.prepare(request)

    outcome = await engine.run(operation, request, nobody)

    assert [code_of(error) for error in outcome.errors] == ["QUERY_TOO_COMPLEX"]
    assert outcome.data is None
    assert stopped.is_set()


async def test_a_body_at_the_limit_is_read_and_one_beyond_is_not(web: Web) -> None:
    head, tail = b'{"query": "{ viewer { name } }"', b"}"
    space = BODY_BYTES_MAX - len(head) - len(tail)
    headers = {"Content-Type": "application/json"}

    at_most = await web.http.post("/graphql", content=head + b" " * space + tail, headers=headers)
    beyond = await web.http.post(
        "/graphql", content=head + b" " * (space + 1) + tail, headers=headers
    )

    assert at_most.status_code == 200
    assert beyond.status_code == 413
    assert beyond.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
