"""Limits of what is sent along, kept and waited for."""

import asyncio
from typing import cast

import pytest
from graphql import GraphQLField, GraphQLInt, GraphQLObjectType, GraphQLSchema

from api import conditions
from api.context import Context
from api.documents import CACHED_CHARACTERS_MAX, CACHED_CHARACTERS_TOTAL_MAX, Document
from api.engine import Engine
from api.errors import TooComplex
from api.limits import (
    ALIASES_MAX,
    BODY_BYTES_MAX,
    COST_MAX,
    DEPTH_MAX,
    DIRECTIVES_MAX,
    EXECUTION_S_MAX,
    TOKENS_MAX,
    VALUES_MAX,
    VALUES_NESTING_MAX,
    check_variables,
)
from api.requests import Request
from api.root import api_schema
from api.schema.paging import PAGE_SIZE, PAGE_SIZE_MAX
from tests.api.limits.refusing import code_of
from tests.api.web import Web


def test_the_limits_are_those_that_clients_were_told() -> None:
    assert (BODY_BYTES_MAX, TOKENS_MAX, EXECUTION_S_MAX) == (256 * 1024, 2_000, 10)
    assert (DEPTH_MAX, ALIASES_MAX, DIRECTIVES_MAX, COST_MAX) == (12, 30, 20, 1_000)
    assert (PAGE_SIZE, PAGE_SIZE_MAX) == (50, 100)
    assert (conditions.VALUES_MAX, conditions.NESTING_MAX) == (500, 4)


def nested(levels: int) -> object:
    return [nested(levels - 1)] if levels else {"x": 0}


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
