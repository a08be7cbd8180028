"""Sockets end with the token, the session and the rights that they rest on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import pytest

from api.context import Context
from api.live import WAITING_ROWS_MAX
from api.socket_session import INIT_TIMEOUT_S, SocketSession
from db import access
from db.enums import Role, Scope
from db.ids import UserId
from db.settings import Urls
from domain.identity import memberships, own_roles, users
from domain.identity.rules import GivenRole, Giver
from domain.identity.rules import Place as Confinement
from domain.identity.sessions import end_session
from domain.readings import operations as readings
from tests.api.sockets import TOKEN_TTL, Clock, LiveApi, Socket, User
from tests.factories import NOW, Place, make_place, make_read, make_register_set
from tests.outbox_rows import put_row
from tests.waiting import held, until

LISTEN = "subscription { readingReceived { cursor } }"
ASK = "{ viewer { name } }"
# What a caller has lost is lost on open sockets within this time, the last look included.
ENDED_WITHIN = timedelta(seconds=5)
LOOK_TAKES_AT_MOST = timedelta(seconds=1)
GIVER = Giver(user_id=UserId(1), scopes=frozenset(Scope), place=Confinement())


@pytest.fixture
async def place(api: LiveApi) -> Place:
    return await make_place()


@pytest.fixture
async def socket(api: LiveApi, place: Place) -> AsyncIterator[Socket]:
    """Lend an acknowledged socket of an administrator."""
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        yield socket


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
    role_id = await own_roles.create(
        company_id=place.company_id,
        name="Reader",
        description=None,
        scopes=[Scope.METERS_READ, Scope.READINGS_READ],
        giver=GIVER,
    )
    user = await api.sign_in(place.company_id, role_id=role_id)
    async with api.socket(user) as socket:
        await socket.subscribe("1", LISTEN)
        await own_roles.update(
            company_id=place.company_id,
            role_id=role_id,
            expected_version=1,
            changes={"scopes": [Scope.METERS_READ]},
            giver=GIVER,
        )

        assert await socket.close_code() == 4403


async def test_socket_ends_when_its_membership_is_suspended(api: LiveApi, place: Place) -> None:
    user = await api.sign_in(place.company_id, Role.OPERATOR)
    async with api.socket(user) as socket:
        await memberships.set_active(
            company_id=place.company_id,
            user_id=user.user_id,
            expected_version=1,
            active=False,
            giver=GIVER,
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


class Pauses:
    """Time that passes when the test says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[datetime, asyncio.Event]] = []

    async def __call__(self, seconds: float) -> None:
        ended = asyncio.Event()
        self._waiting.append((self._clock() + timedelta(seconds=seconds), ended))
        await ended.wait()

    @property
    def ends(self) -> list[datetime]:
        """Return when each pause that is being made will end."""
        return sorted(end for end, _ in self._waiting)

    def pass_until(self, moment: datetime) -> None:
        self._clock.now = moment
        for end, ended in self._waiting:
            if end <= moment:
                ended.set()
        self._waiting = [(end, ended) for end, ended in self._waiting if end > moment]


async def disable(place: Place, user: User) -> None:
    await users.set_active(user_id=user.user_id, active=False, now=NOW)


async def give_another_role(place: Place, user: User) -> None:
    await memberships.update(
        company_id=place.company_id,
        user_id=user.user_id,
        expected_version=1,
        given=GivenRole(role=Role.PARTNER),
        place=None,
        giver=GIVER,
    )


async def suspend(place: Place, user: User) -> None:
    await memberships.set_active(
        company_id=place.company_id,
        user_id=user.user_id,
        expected_version=1,
        active=False,
        giver=GIVER,
    )


async def looked(
    api: LiveApi, line: StuckLine, pauses: Pauses
) -> tuple[asyncio.Task[None], datetime]:
    """Serve a socket as in production until it has looked once; return when that was."""
    context = Context(equipment=api.equipment, caller=None, address="127.0.0.1")
    # How often it looks is not told.
    serving = asyncio.create_task(SocketSession(line, api.engine, context, pause=pauses).serve())
    await until(lambda: line.sent == ["connection_ack"] and len(pauses.ends) == 2)
    pauses.pass_until(NOW + timedelta(seconds=INIT_TIMEOUT_S))
    await until(lambda: len(pauses.ends) == 1)
    (looked_at,) = pauses.ends
    pauses.pass_until(looked_at)
    await until(lambda: len(pauses.ends) == 1)
    return serving, looked_at


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(disable, 4401, id="the user is disabled"),
        pytest.param(give_another_role, 4403, id="the role is another"),
        pytest.param(suspend, 4403, id="the membership is suspended"),
    ],
)
async def test_what_has_changed_since_a_look_ends_the_socket_within_5_s(
    api: LiveApi, place: Place, change: Callable[[Place, User], Awaitable[None]], code: int
) -> None:
    user = await api.sign_in(place.company_id, Role.OPERATOR)
    line, pauses = (
        StuckLine({"type": "connection_init", "payload": user.payload}),
        Pauses(api.clock),
    )
    serving, looked_at = await looked(api, line, pauses)

    # The worst moment: the last look has just found nothing.
    await change(place, user)
    (next_look_at,) = pauses.ends
    pauses.pass_until(next_look_at)
    await serving

    assert line.close_code == code
    assert next_look_at - looked_at <= ENDED_WITHIN - LOOK_TAKES_AT_MOST


async def test_where_the_database_does_not_answer_it_is_asked_again_at_once(
    api: LiveApi, place: Place, database: Urls
) -> None:
    user = await api.sign_in(place.company_id, Role.OPERATOR)
    line, pauses = (
        StuckLine({"type": "connection_init", "payload": user.payload}),
        Pauses(api.clock),
    )
    serving, _ = await looked(api, line, pauses)

    async with held(database, "lock table membership in access exclusive mode"):
        (unanswered_at,) = pauses.ends
        pauses.pass_until(unanswered_at)
        await until(lambda: len(pauses.ends) == 1)
    await disable(place, user)
    (next_look_at,) = pauses.ends
    pauses.pass_until(next_look_at)
    await serving

    assert line.close_code == 4401
    assert next_look_at - unanswered_at == timedelta(seconds=0.5)
