"""Fixtures for the tests of the walls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest

from api.caller import Caller
from api.permissions.confine import confine
from db.settings import Urls
from domain.listing import Wall
from tests.api.web import Web
from tests.api.web import web as running_web
from tests.walls.world import World, make_world

# Trying everything costs more than a caller has.
BUDGET = 1_000_000


@dataclass(slots=True)
class FirstWall:
    """The wall of every caller, until it is opened to some company: then it asks for that one's."""

    open_to: int | None = None

    def __call__(self, caller: Caller, *, now: datetime) -> Wall:
        if self.open_to is None:
            return confine(caller, now=now)
        values = {"company": self.open_to, "now": now}
        return Wall(lambda _: "true", dict.fromkeys(("branch", "field", "subscriber")) | values)


@dataclass(frozen=True, slots=True)
class Walled:
    """A running API, and a world behind it."""

    web: Web
    world: World
    first_wall: FirstWall


@pytest.fixture
async def walled(database: Urls, redis_url: str) -> AsyncIterator[Walled]:
    async with _walled(database, redis_url) as walled:
        yield walled


@pytest.fixture(params=["both walls", "the second wall alone"])
async def strangers(
    request: pytest.FixtureRequest, database: Urls, redis_url: str
) -> AsyncIterator[Walled]:
    """Lend a world for those of another company; the second time, `confine` lets all through."""
    async with _walled(database, redis_url) as walled:
        if request.param != "both walls":
            walled.first_wall.open_to = walled.world.theirs.place.company_id
        yield walled


@asynccontextmanager
async def _walled(database: Urls, redis_url: str) -> AsyncIterator[Walled]:
    first_wall = FirstWall()
    async with running_web(database, redis_url, confine=first_wall, cost_budget=BUDGET) as web:
        world = await make_world(database)
        yield Walled(web, world, first_wall)
        await world.rows.close()
