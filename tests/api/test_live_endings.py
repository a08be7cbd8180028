"""Sockets end with the token, the session and the rights that they rest on."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from api.context import Context
from api.live import WAITING_ROWS_MAX
from api.socket_session import CHECK_EVERY_S, SocketSession
from db import access
from db.enums import Role, Scope
from db.ids import UserId
from domain.identity import memberships, own_roles, users
from domain.identity.rules import Giver
from domain.identity.rules import Place as Confinement
from domain.identity.sessions import end_session
from domain.readings import operations as readings
from tests.api.sockets import TOKEN_TTL, LiveApi, Socket
from tests.factories import NOW, Place, make_place, make_read, make_register_set
from tests.outbox_rows import put_row
from tests.waiting import until

LISTEN = "subscription { readingReceived { cursor } }"
ASK = "{ viewer { name } }"


@pytest.fixture
async def place(api: LiveApi) -> Place:
    return await make_place()


@pytest.fixture
async def socket(api: LiveApi, place: Place) -> AsyncIterator[Socket]:
    """Lend an acknowledged socket of an administrator."""
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        yield socket


def test_what_a_socket_rests_on_is_looked_at_often_enough_to_end_it_within_5_s() -> None:
    assert CHECK_EVERY_S + 1 <= 5


async def test_socket_ends_with_its_token(api: LiveApi, socket: Socket) -> None:
    api.clock.now += TOKEN_TTL

    assert await socket.close_code() == 4401


async def test_socket_ends_with_its_session(api: LiveApi, place: Place) -> None:
    user = await api.sign_in(place.company_id)
    async with api.socket(user) as socket:
        await end_session(session_id=user.session_id, now=api.clock.now)

        assert await socket.close_code() == 4401


async def test_socket_ends_when_rights_change(api: LiveApi, place: Place) -> None:
    user = await api.sign_in(place.company_id)
    async with api.socket(user) as socket:
        await socket.subscribe("1", LISTEN)
        async with access.system() as connection:
            await connection.execute(
                "update membership set role = 'OPERATOR' where user_id = $1", user.user_id
            )

        assert await socket.close_code() == 4403
    assert api.feed.listeners == 0


async def test_socket_ends_when_its_role_changes(api: LiveApi, place: Place) -> None:
    giver = Giver(user_id=UserId(1), scopes=frozenset(Scope), place=Confinement())
    role_id = await own_roles.create(
        company_id=place.company_id,
        name="Reader",
        description=None,
        scopes=[Scope.METERS_READ, Scope.READINGS_READ],
        giver=giver,
    )
    user = await api.sign_in(place.company_id, role_id=role_id)
    async with api.socket(user) as socket:
        await socket.subscribe("1", LISTEN)
        await own_roles.update(
            company_id=place.company_id,
            role_id=role_id,
            expected_version=1,
            changes={"scopes": [Scope.METERS_READ]},
            giver=giver,
        )

        assert await socket.close_code() == 4403


async def test_socket_ends_when_its_membership_is_suspended(api: LiveApi, place: Place) -> None:
    giver = Giver(user_id=UserId(1), scopes=frozenset(Scope), place=Confinement())
    user = await api.sign_in(place.company_id, Role.OPERATOR)
    async with api.socket(user) as socket:
        await memberships.set_active(
            company_id=place.company_id,
            user_id=user.user_id,
            expected_version=1,
            active=False,
            giver=giver,
        )

        assert await socket.close_code() == 4403


async def test_socket_ends_when_its_user_is_disabled(api: LiveApi, place: Place) -> None:
    user = await api.sign_in(place.company_id)
    async with api.socket(user) as socket:
        await users.set_active(user_id=user.user_id, active=False, now=NOW)

        assert await socket.close_code() == 4401


class StuckLine:
    """A client that says what it wants and then takes nothing until it is let go."""

    def __init__(self, *messages: object) -> None:
        self._messages = list(messages)
        self.sent: list[str] = []
        self.is_let_go = asyncio.Event()
        self.close_code: int | None = None

    async def receive(self) -> object:
        if not self._messages:
            await asyncio.Event().wait()
        return self._messages.pop(0)

    async def send(self, message: Mapping[str, object]) -> None:
        self.sent.append(str(message["type"]))
        if message["type"] == "next":
            await self.is_let_go.wait()

    async def close(self, code: int, reason: str) -> None:
        self.close_code = code


async def test_client_that_takes_no_events_is_closed(api: LiveApi, place: Place) -> None:
    registers = await make_register_set(place.company_id)
    user = await api.sign_in(place.company_id)
    line = StuckLine(
        {"type": "connection_init", "payload": user.payload},
        {"type": "subscribe", "id": "1", "payload": {"query": LISTEN}},
    )
    context = Context(equipment=api.equipment, caller=None, address="127.0.0.1")
    session = asyncio.create_task(SocketSession(line, api.engine, context).serve())
    await until(lambda: api.feed.listeners == 1)
    async with access.system() as connection:
        await readings.store(connection, [make_read(place, registers, NOW, 1_000)], now=NOW)
    await until(lambda: line.sent == ["connection_ack", "next"])

    async with access.system() as connection:
        for _ in range(WAITING_ROWS_MAX + 1):
            last = await put_row(connection, place.company_id)
    await until(lambda: api.feed.delivered is not None and api.feed.delivered.id == last)
    line.is_let_go.set()
    await session

    assert line.close_code == 4408
    assert api.feed.listeners == 0
