"""Every subscription, by those who may not be told of what they name."""

from collections.abc import AsyncIterator

import pytest

from db.enums import Role
from db.settings import Urls
from tests.api.live_events import codes
from tests.api.sockets import LiveApi, User, live_api
from tests.walls.conftest import FirstWall
from tests.walls.people import ROLES, holds
from tests.walls.requests import RootField, root_fields
from tests.walls.world import Belongings, World, make_world

SUBSCRIPTIONS = root_fields("Subscription")


@pytest.fixture
def first_wall() -> FirstWall:
    return FirstWall()


@pytest.fixture
async def api(database: Urls, first_wall: FirstWall) -> AsyncIterator[LiveApi]:
    async with live_api(database, confine=first_wall) as api:
        yield api


@pytest.fixture
async def world(database: Urls, api: LiveApi) -> AsyncIterator[World]:
    world = await make_world(database)
    yield world
    await world.rows.close()


async def follow(api: LiveApi, user: User, field: RootField, named: Belongings) -> list[str]:
    """Return the codes of the errors that a subscription meets which names somebody's objects."""
    async with api.socket(user) as socket:
        await socket.subscribe("1", field.document(named.id_for(field), named.serial))
        return codes(await socket.receive())


async def sign_in(api: LiveApi, role: Role, home: Belongings) -> User:
    """Make somebody who has a role, and sees as much of a place as the role may."""
    if role is Role.DEVELOPER:
        return await api.sign_in_staff(home.place.company_id)
    own = home.place.subscriber_id if role is Role.SUBSCRIBER else None
    return await api.sign_in(home.place.company_id, role, subscriber_id=own)


async def test_without_the_scope_nobody_is_told_anything(api: LiveApi, world: World) -> None:
    told = {}
    for role in ROLES:
        user = await sign_in(api, role, world.inside)
        for field in SUBSCRIPTIONS:
            if not holds(role, field.scope):
                told[role, field.name] = await follow(api, user, field, world.inside)

    assert told == {key: ["FORBIDDEN"] for key in told}
    assert (Role.DEVELOPER, "balanceChanged") in told
    assert api.feed.listeners == 0


@pytest.mark.parametrize("walls", ["both walls", "the second wall alone"])
async def test_nobody_follows_another_company(
    api: LiveApi, world: World, first_wall: FirstWall, walls: str
) -> None:
    user = await sign_in(api, Role.ADMINISTRATOR, world.inside)
    first_wall.open_to = None if walls == "both walls" else world.theirs.place.company_id

    told = {field.name: await follow(api, user, field, world.theirs) for field in SUBSCRIPTIONS}

    assert told == {field.name: ["NOT_FOUND"] for field in SUBSCRIPTIONS}
    assert api.feed.listeners == 0


async def test_nobody_follows_what_is_elsewhere_in_the_company(api: LiveApi, world: World) -> None:
    place = world.inside.place
    callers = {
        "field": await api.sign_in(place.company_id, field_id=place.field_id),
        "subscriber": await sign_in(api, Role.SUBSCRIBER, world.inside),
    }

    told = {
        (confined, field.name): await follow(api, user, field, world.outside)
        for confined, user in callers.items()
        for field in SUBSCRIPTIONS
    }

    assert told == {key: ["NOT_FOUND"] for key in told}
    assert api.feed.listeners == 0
