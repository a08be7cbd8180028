"""Events of subscriptions: executed in a limited time, paid for, and refused in one way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest
from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
)

from api.auth import Authenticator
from api.context import Context
from api.engine import JUDGING_COST, Engine
from api.equipment import Equipment
from api.errors import NotFound
from api.file_tokens import FileTokens
from api.live import LiveFeed
from api.outcomes import Outcome
from api.rate_limits import EVENT_OBJECTS_PER_COST, RateLimits
from api.requests import Request
from db.buckets import Buckets
from db.budgets import Budget
from tests.api.sockets import NO_REDIS
from tests.api.web import SECRET, Clock
from tests.factories import KEYRING
from tests.waiting import PATIENCE_S

SIZE, PER_S = 30, 1
EVERY_THING = Request("subscription { told { number } }")
# Of the text, which is new, and of the subscription itself.
COST = JUDGING_COST + 1


@pytest.fixture
async def context() -> AsyncIterator[Context]:
    """Lend the context of nobody, with a small budget that never comes back."""
    async with Buckets(NO_REDIS, "nowhere") as buckets:
        equipment = Equipment(
            clock=Clock(),
            live=cast("LiveFeed", None),
            auth=cast("Authenticator", None),
            limits=RateLimits(buckets, Budget(SIZE, PER_S)),
            files=FileTokens(SECRET),
            keyring=KEYRING,
        )
        yield Context(equipment=equipment, caller=None, address="192.0.2.1")


def engine(source: Any, *, number: Any = None, **limits: float) -> Engine:
    """Return an engine whose one subscription tells lists of things from a source."""
    thing = GraphQLObjectType("Thing", {"number": GraphQLField(GraphQLInt, resolve=number)})
    told = GraphQLField(
        GraphQLList(thing),
        subscribe=lambda *_: source(),
        resolve=lambda things, _: things,
    )
    schema = GraphQLSchema(
        query=GraphQLObjectType("Query", {"nothing": GraphQLField(GraphQLInt)}),
        subscription=GraphQLObjectType("Subscription", {"told": told}),
    )
    return Engine(schema, production=False, **limits)


async def outcomes(engine: Engine, context: Context) -> list[Outcome]:
    return [outcome async for outcome in engine.stream(EVERY_THING, context)]


def codes(outcome: Outcome) -> list[tuple[Any, Any]]:
    return [((error.extensions or {})["code"], error.path) for error in outcome.errors]


async def test_event_that_takes_too_long_is_an_error_and_the_next_one_comes(
    context: Context,
) -> None:
    async def source() -> AsyncIterator[list[int]]:
        yield [1]
        yield [2]

    async def number(thing: int, _info: object) -> int:
        if thing == 1:
            await asyncio.Event().wait()
        return thing

    found = await outcomes(engine(source, number=number, execution_s_max=0.05), context)

    late, next_one = found
    assert (late.data, late.is_refused) == (None, False)
    assert codes(late) == [("QUERY_TOO_COMPLEX", None)]
    assert (next_one.data, next_one.errors) == ({"told": [{"number": 2}]}, [])


async def test_events_are_paid_by_their_objects_until_the_budget_has_ended(
    context: Context,
) -> None:
    things = [1] * EVENT_OBJECTS_PER_COST * 8
    told = 0

    async def source() -> AsyncIterator[list[int]]:
        nonlocal told
        while True:
            told += 1
            yield things

    found = await outcomes(engine(source, number=lambda thing, _: thing, paying_s_max=0.5), context)

    # Each event costs 8 of the 19 that the subscription itself leaves.
    *events, last = found
    assert [event.objects for event in events] == [len(things)] * 2
    assert (last.is_refused, codes(last)) == (True, [("RATE_LIMITED", None)])
    assert told == 3


async def test_event_waits_for_a_budget_that_is_short_for_a_moment(context: Context) -> None:
    clock, limits = cast("Clock", context.equipment.clock), context.equipment.limits

    async def source() -> AsyncIterator[list[int]]:
        await limits.draw(SIZE - COST, None, address=context.address, now=clock())
        yield [1] * EVENT_OBJECTS_PER_COST

    async def move_on() -> None:
        await asyncio.sleep(0.2)
        clock.move(timedelta(seconds=2))

    moving = asyncio.create_task(move_on())
    found = await outcomes(
        engine(source, number=lambda thing, _: thing, paying_s_max=PATIENCE_S), context
    )
    await moving

    assert [outcome.is_refused for outcome in found] == [False]


async def test_refusal_by_the_source_of_events_ends_as_one_by_a_guard_does(
    context: Context,
) -> None:
    async def source() -> AsyncIterator[list[int]]:
        raise NotFound
        yield [1]

    (found,) = await outcomes(engine(source), context)

    assert (found.is_refused, codes(found)) == (True, [("NOT_FOUND", ["told"])])
