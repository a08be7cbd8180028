"""A live API on a real server, and clients that speak graphql-transport-ws to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import uvicorn
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.attempts import Attempts
from api.auth import Authenticator
from api.engine import Engine
from api.equipment import Equipment
from api.file_tokens import FileTokens
from api.live import LiveFeed
from api.permissions.confine import Confine, confine
from api.rate_limits import RateLimits
from api.root import api_schema
from api.throttle import Throttle
from api.tokens import AccessToken, Tokens
from api.websocket import SERVER_OPTIONS, Sockets
from db import access
from db.bell import Bell
from db.buckets import Buckets
from db.budgets import Budget
from db.enums import Role
from db.ids import CompanyId, FieldId, RoleId, SessionId, SubscriberId, UserId
from db.settings import Urls
from domain.identity.keys import Keys
from domain.identity.operations import add_membership
from domain.identity.passwords import Passwords
from tests.factories import KEYRING, NOW
from tests.waiting import PATIENCE_S, until

NO_REDIS = "redis://127.0.0.1:1/0"
PROTOCOL = Subprotocol("graphql-transport-ws")
QUIET_S = 0.4
CHECK_EVERY_S = 0.1
BUDGET = Budget(size=10_000, per_s=100)
SECRET = "a secret that is long enough for a test"  # noqa: S105
TOKEN_TTL = timedelta(minutes=15)
SESSION_TTL = timedelta(days=30)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class LiveApi:
    """A running API: where it is, and what it is made of."""

    port: int
    tokens: Tokens
    clock: Clock
    engine: Engine
    equipment: Equipment

    @property
    def feed(self) -> LiveFeed:
        return self.equipment.live

    async def sign_in(
        self,
        company_id: CompanyId,
        role: Role = Role.ADMINISTRATOR,
        *,
        role_id: RoleId | None = None,
        field_id: FieldId | None = None,
        subscriber_id: SubscriberId | None = None,
    ) -> "User":
        """Make a user with a role, and a session."""
        user = await self._make_user(company_id)
        await add_membership(
            company_id=company_id,
            user_id=user.user_id,
            role=None if role_id else role,
            role_id=role_id,
            field_id=field_id,
            subscriber_id=subscriber_id,
        )
        return user

    async def sign_in_staff(self, company_id: CompanyId) -> "User":
        """Make a developer of the platform, and a session in a company."""
        return await self._make_user(company_id, platform_role=Role.DEVELOPER)

    async def _make_user(
        self, company_id: CompanyId, *, platform_role: Role | None = None
    ) -> "User":
        now = self.clock()
        async with access.system() as connection:
            user_id = await connection.fetchval(
                "insert into app_user (email, name, password_hash, platform_role, created_at)"
                " values (gen_random_uuid()::text, 'Somebody', '-', $1, $2) returning id",
                platform_role,
                now,
            )
            session_id = await connection.fetchval(
                "insert into session (user_id, company_id, refresh_hash, created_at, expires_at)"
                " values ($1, $2, uuid_send(gen_random_uuid()), $3, $4) returning id",
                user_id,
                company_id,
                now,
                now + SESSION_TTL,
            )
        token = AccessToken(user_id, session_id, company_id, now + TOKEN_TTL)
        return User(user_id, session_id, f"Bearer {self.tokens.sign_access(token, now=now)}")

    @asynccontextmanager
    async def socket(self, user: "User | None" = None) -> AsyncIterator["Socket"]:
        """Lend a socket; with a user, one that is acknowledged."""
        url = f"ws://127.0.0.1:{self.port}/graphql"
        async with connect(url, subprotocols=[PROTOCOL], compression=None) as connection:
            socket = Socket(connection)
            if user is not None:
                await socket.send({"type": "connection_init", "payload": user.payload})
                assert await socket.receive() == {"type": "connection_ack"}
            yield socket


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a session."""

    user_id: UserId
    session_id: SessionId
    authorization: str

    @property
    def payload(self) -> dict[str, str]:
        return {"authorization": self.authorization}


class Socket:
    """One client."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: object) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, id: str, query: str, **variables: object) -> None:
        payload = {"query": query, "variables": variables}
        await self.send({"type": "subscribe", "id": id, "payload": payload})

    async def receive(self) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            received = await self.connection.recv()
        assert isinstance(received, str), "frames have to be text"
        return json.loads(received)

    async def event(self, id: str) -> Any:
        """Return the data of the next message, which has to be an event of that operation."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("next", id), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def is_quiet(self) -> bool:
        try:
            async with asyncio.timeout(QUIET_S):
                await self.connection.recv()
        except TimeoutError:
            return True
        return False

    async def close_code(self) -> int | None:
        """Wait for the server to close, whatever it still sends, and return its code."""
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        return self.connection.close_code


@asynccontextmanager
async def live_api(database: Urls, *, confine: Confine = confine) -> AsyncIterator[LiveApi]:
    """Run an API on a free port and without Redis: what comes, comes by polling."""
    await access.connect(database)
    async with (
        Bell(NO_REDIS, "nowhere") as bell,
        Buckets(NO_REDIS, "nowhere") as buckets,
        _served(bell, buckets, confine) as api,
    ):
        yield api
    await access.close()


@asynccontextmanager
async def _served(bell: Bell, buckets: Buckets, confine: Confine) -> AsyncIterator[LiveApi]:
    clock, tokens = Clock(), Tokens(SECRET)
    feed = LiveFeed(clock=clock, bell=bell)
    auth = Authenticator(
        tokens=tokens,
        passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        keys=Keys(SECRET),
        attempts=Attempts(Throttle(buckets, clock=clock), clock=clock),
        access_ttl=TOKEN_TTL,
        refresh_ttl=SESSION_TTL,
        clock=clock,
    )
    engine = api_schema().engine(production=True)
    equipment = Equipment(
        clock=clock,
        live=feed,
        auth=auth,
        limits=RateLimits(buckets, BUDGET),
        files=FileTokens(SECRET),
        keyring=KEYRING,
        confine=confine,
    )
    sockets = Sockets(engine, equipment, check_every_s=CHECK_EVERY_S)
    app = Starlette(routes=[WebSocketRoute("/graphql", sockets)])
    following = asyncio.create_task(feed.run())
    try:
        await until(lambda: feed.delivered is not None)
        async with served(app) as port:
            yield LiveApi(port, tokens, clock, engine, equipment)
    finally:
        following.cancel()
        await asyncio.wait([following])
        auth.close()


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[int]:
    """Serve an application as in production, and lend its port."""
    options = uvicorn.Config(app, port=0, log_config=None, **SERVER_OPTIONS)
    server = uvicorn.Server(options)
    serving = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving
