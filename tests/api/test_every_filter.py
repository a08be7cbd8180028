"""Whatever a list may be filtered by, PostgreSQL understands it with every comparison."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, get_named_type, is_enum_type

from api.global_ids import encode
from api.schema.node import NODES
from db.settings import Urls
from tests.api.web import Answer, User, Web
from tests.api.web import web as running_web
from tests.factories import make_place
from tests.walls.requests import SCHEMA

# All of them cost more than a caller has.
BUDGET = 1_000_000
COMBINING = frozenset({"and", "or", "not"})
OF_THE_PLATFORM = frozenset({"companies", "platformDailyEntries"})
NEEDED = {
    "collectorsByHealth": "health: [SILENT],",
    "fieldsWithin": "box: {south: 40, west: 28, north: 42, east: 30},",
    "rawFrames": 'range: {from: "2026-03-18T00:00:00Z", to: "2026-03-19T00:00:00Z"},',
    "rfModulesByHealth": "health: [SILENT],",
}
VALUES: dict[str, Any] = {
    "Boolean": True,
    "Date": "2026-03-18",
    "DateTime": "2026-03-18T11:00:00Z",
    "ExactNumber": "1.5",
    "Int": 3,
    "MoneyAmount": "1.000000",
    "String": "ş%",
}


@pytest.fixture
async def web(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    async with running_web(database, redis_url, cost_budget=BUDGET) as web:
        yield web


def filters() -> Iterator[tuple[str, str, str, GraphQLInputObjectType]]:
    """Yield each list, the type of its filter, and each name in it with its comparisons."""
    assert SCHEMA.query_type is not None
    for name, field in SCHEMA.query_type.fields.items():
        if "where" in field.args:
            where = get_named_type(field.args["where"].type)
            assert isinstance(where, GraphQLInputObjectType)
            for facet, slot in where.fields.items():
                compared = get_named_type(slot.type)
                assert isinstance(compared, GraphQLInputObjectType)
                if facet not in COMBINING:
                    yield name, where.name, facet, compared


def comparisons(compared: GraphQLInputObjectType, row_id: str) -> dict[str, Any]:
    """Return every comparison at once."""
    given = {}
    for name, slot in compared.fields.items():
        leaf = get_named_type(slot.type)
        if is_enum_type(leaf):
            value: Any = next(iter(leaf.values))
        else:
            value = row_id if leaf.name == "ID" else VALUES[leaf.name]
        given[name] = [value] if isinstance(slot.type, GraphQLList) else value
    return given


async def filtered(
    web: Web, user: User, name: str, where: str, facet: str, given: object
) -> Answer:
    return await web.ask(
        f"query ($where: {where}!) {{ {name}({NEEDED.get(name, '')} first: 1, where: $where)"
        " { totalCount nodes { id } } }",
        user,
        where={facet: given},
    )


async def test_every_list_is_filtered_by_each_name_and_comparison(web: Web) -> None:
    place = await make_place()
    member = await web.user(place.company_id)
    staff = await web.developer()
    row_ids = [encode(name, 1) for name in NODES]

    refused = {}
    for name, where, facet, compared in filters():
        user = staff if name in OF_THE_PLATFORM else member
        # The id has to be of one type: of which, the schema does not say.
        tried = row_ids if compared.name == "IdFilterInput" else row_ids[:1]
        answers = [
            await filtered(web, user, name, where, facet, comparisons(compared, row_id))
            for row_id in tried
        ]
        if not any("errors" not in answer.body for answer in answers):
            refused[name, facet] = answers[0].body

    assert refused == {}
