"""Whatever is asked for, plans answer as graphql-core does."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import orjson
import pytest
from graphql import GraphQLSchema, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.caller import Caller
from api.context import Context
from api.equipment import Equipment
from api.execution.plans import Plans
from api.global_ids import encode
from api.root import api_schema
from db import access
from db.enums import Role, Scope
from db.ids import CompanyId, SessionId, UserId
from domain.identity.roles import scopes_of
from domain.readings import operations as readings
from tests.api.executions import Said, by_graphql_core, by_plans
from tests.api.own_objects import ids_of
from tests.api.random_documents import RandomDocument, documents
from tests.api.web import Web
from tests.factories import KEYRING, NOW, make_place, make_read, make_register_set

SCHEMA: GraphQLSchema = api_schema()._schema
# Where events stand changes between two executions.
# What the first execution changes, the second sees: that people were looked at is on record.
CHANGING = {"dailyEntries", "liveCursor", "rateLimit"}
ROOT_FIELDS = sorted(set(SCHEMA.query_type.fields if SCHEMA.query_type else ()) - CHANGING)
NUMBERS = range(1, 4)
IDS = [encode(kind, number) for kind in ("Meter", "Account", "Field") for number in NUMBERS]
CALLER = Caller(
    user_id=UserId(1),
    session_id=SessionId(1),
    name="Deniz",
    company_id=CompanyId(1),
    role=Role.ADMINISTRATOR,
    scopes=scopes_of(Role.ADMINISTRATOR),
    locale="en",
    time_zone="Europe/Istanbul",
    expires_at=NOW + timedelta(minutes=15),
)
CALLERS = [
    None,
    *(replace(CALLER, role=role, scopes=scopes_of(role)) for role in (*Role, None)),
]
EVERYTHING = """
    query ($ids: [ID!]!, $with: Boolean! = true) {
        __typename
        viewer { name role scopes timeZone sessionExpiresAt }
        meters(first: 2) {
            nodes { ...ofMeter account { ...ofAccount balance { amount asOf currency } segment } }
            pageInfo { hasNextPage endCursor }
            totalCount
        }
        again: meters { edges { cursor node { __typename again: serial serial ...ofMeter } } }
        subscribers { nodes { reference name email phone @include(if: $with) version } }
        accounts { nodes { ...ofAccount meters { nodes { id serial } } } }
        fields { nodes { name latitude premises { edges { cursor node { id name } } } } }
        nodes(ids: $ids) { __typename id ...ofMeter ...ofAccount }
    }
    fragment ofMeter on Meter {
        __typename id serial make active supply version supplyConfirmedAt relay @skip(if: $with)
        registers { obis quantity { value unit } readAt }
    }
    fragment ofAccount on Account { number billingMode openedAt closedAt subscriber { name email } }
"""


@dataclass(frozen=True, slots=True)
class World:
    ids: list[str]


@pytest.fixture
async def world(web: Web) -> World:
    place = await make_place(meters=3)
    other = await make_place()
    register_set_id = await make_register_set(place.company_id)
    async with access.system() as connection:
        await readings.store(connection, [make_read(place, register_set_id, NOW, 1234)], now=NOW)
    assert place.company_id == CALLER.company_id
    return World([*ids_of(place), *ids_of(other), "no id"])


EQUIPMENT = Equipment(
    clock=lambda: NOW,
    live=cast("Any", None),
    auth=cast("Any", None),
    limits=cast("Any", None),
    files=cast("Any", None),
    keyring=KEYRING,
)


def context_of(caller: Caller | None) -> Context:
    return Context(equipment=EQUIPMENT, caller=caller, address="127.0.0.1")


async def both(text: str, variables: dict[str, Any], caller: Caller | None) -> tuple[Said, Said]:
    """Return what a plan answers, and what is right."""
    planned = await by_plans(SCHEMA, text, context_of(caller), variables)
    return planned, await by_graphql_core(SCHEMA, text, context_of(caller), variables)


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: str(caller and caller.role))
async def test_each_role_gets_the_same_answer_with_and_without_plans(
    world: World, caller: Caller | None
) -> None:
    for conditions in ({}, {"with": True}, {"with": False}):
        variables = {"ids": world.ids[:-1], **conditions}

        planned, right = await both(EVERYTHING, variables, caller)

        assert planned == right


async def test_a_plan_that_served_one_caller_refuses_the_next(world: World) -> None:
    document = parse("{ subscribers { nodes { reference name } } }")
    plans = Plans()
    partner = replace(CALLER, scopes=CALLER.scopes - {Scope.SUBSCRIBERS_CONTACT})

    allowed = await by_plans(SCHEMA, document, context_of(CALLER), plans=plans)
    refused = await by_plans(SCHEMA, document, context_of(partner), plans=plans)
    allowed_again = await by_plans(SCHEMA, document, context_of(CALLER), plans=plans)

    assert orjson.loads(allowed[0])["subscribers"]["nodes"][0]["name"] == "Ayşe Işık"
    assert orjson.loads(refused[0])["subscribers"]["nodes"][0]["name"] is None
    assert refused[1][0]["extensions"] == {"code": "FORBIDDEN"}
    assert refused[1][0]["path"] == ["subscribers", "nodes", 0, "name"]
    assert allowed_again == allowed


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(
    document=documents(SCHEMA, fields=ROOT_FIELDS, ids=IDS),
    caller=st.sampled_from(CALLERS),
)
async def test_random_documents_have_the_same_answer_with_and_without_plans(
    world: World, document: RandomDocument, caller: Caller | None
) -> None:
    planned, right = await both(document.text, document.variables, caller)

    assert planned == right
