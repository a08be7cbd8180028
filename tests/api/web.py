"""The API as its clients over HTTP know it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from argon2 import PasswordHasher
from asyncpg.connection import LoggedQuery
from httpx import ASGITransport, AsyncClient, Response

from api.app import create_app
from api.permissions.confine import Confine, confine
from api.tokens import Tokens
from db import access
from db.enums import Role
from db.ids import BranchId, CompanyId, FieldId, RoleId, SubscriberId, UserId
from db.settings import Settings, Urls
from domain.identity import operations as identity
from domain.identity.passwords import Passwords
from domain.topups.gateway import Gateways
from tests.factories import DATA_KEY, NOW
from tests.waiting import PATIENCE_S

SECRET = "a secret that is long enough for a test"  # noqa: S105
PASSWORD = "correct horse battery"  # noqa: S105

_numbers = count(1)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has signed in."""

    id: UserId
    email: str
    tokens: dict[str, str]
    company: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.tokens['accessToken']}"}
        return headers if self.company is None else headers | {"X-Wattledger-Company": self.company}

    def acting_in(self, company: str) -> "User":
        return replace(self, company=company)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        """Return the data of an answer without errors."""
        assert "errors" not in self.body, self.body
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]

    @property
    def errors(self) -> list[tuple[str, list[Any] | None]]:
        """Return the code and path of each error."""
        return [
            (error["extensions"]["code"], error.get("path"))
            for error in self.body.get("errors", [])
        ]


@dataclass(slots=True)
class Web:
    """An API that runs in this process."""

    http: AsyncClient
    clock: Clock
    passwords: Passwords
    tokens: Tokens = field(default_factory=lambda: Tokens(SECRET))

    async def ask(self, text: str, user: User | None = None, **variables: Any) -> Answer:
        headers = {} if user is None else user.headers
        response = await self.post({"query": text, "variables": variables}, headers)
        return Answer(response.status_code, response.json())

    async def post(self, body: object, headers: dict[str, str] | None = None) -> Response:
        return await self.http.post("/graphql", json=body, headers=headers)

    async def ask_with(self, token: str, text: str) -> Answer:
        return await self.ask(text, User(UserId(0), "", {"accessToken": token}))

    async def sign_in(self, email: str, password: str = PASSWORD) -> Answer:
        return await self.ask(SIGN_IN, input={"email": email, "password": password})

    async def refresh(self, refresh_token: str) -> Answer:
        return await self.ask(REFRESH, input={"refreshToken": refresh_token})

    async def create_user(self, *, platform_role: Any = None) -> tuple[UserId, str]:
        email = f"User{next(_numbers)}@example.com"
        user_id = await identity.create_user(
            email=email,
            name="Deniz",
            password=PASSWORD,
            passwords=self.passwords,
            now=self.clock(),
            platform_role=platform_role,
        )
        return user_id, email

    async def user(
        self,
        company_id: CompanyId,
        role: Role | None = Role.ADMINISTRATOR,
        *,
        role_id: RoleId | None = None,
        branch_id: BranchId | None = None,
        field_id: FieldId | None = None,
        subscriber_id: SubscriberId | None = None,
    ) -> User:
        """Make a member of a company, and sign it in."""
        user_id, email = await self.create_user()
        await identity.add_membership(
            company_id=company_id,
            user_id=user_id,
            role=None if role_id else role,
            role_id=role_id,
            branch_id=branch_id,
            field_id=field_id,
            subscriber_id=subscriber_id,
        )
        return await self._signed_in(user_id, email)

    async def developer(self) -> User:
        """Make staff of the platform, and sign it in; it acts nowhere yet."""
        user_id, email = await self.create_user(platform_role=Role.DEVELOPER)
        return await self._signed_in(user_id, email)

    async def _signed_in(self, user_id: UserId, email: str) -> User:
        answer = await self.sign_in(email)
        return User(user_id, email, answer.data["signIn"]["tokens"])


TOKENS = "tokens { accessToken accessTokenExpiresAt refreshToken } userErrors { code path }"
SIGN_IN = f"mutation ($input: SignInInput!) {{ signIn(input: $input) {{ {TOKENS} }} }}"
REFRESH = (
    f"mutation ($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ {TOKENS} }} }}"
)


@asynccontextmanager
async def web(
    database: Urls,
    redis_url: str,
    *,
    confine: Confine = confine,
    gateways: Gateways | None = None,
    **others: Any,
) -> AsyncIterator[Web]:
    """Run an API in this process. others: settings, by their fields."""
    clock, passwords = Clock(), Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    settings = Settings(
        database_owner_url=database.owner,
        database_app_url=database.app,
        database_system_url=database.system,
        redis_url=redis_url,
        token_secret=SECRET,
        data_key=DATA_KEY,
        **others,
    )
    app = create_app(
        settings,
        clock=clock,
        passwords=passwords,
        confine=confine,
        gateways=gateways,
        redis_timeout_s=PATIENCE_S,
    )
    async with AsyncExitStack() as running:
        await running.enter_async_context(app.router.lifespan_context(app))
        transport = ASGITransport(app, raise_app_exceptions=True)
        client = AsyncClient(transport=transport, base_url="http://wattledger.test")
        yield Web(await running.enter_async_context(client), clock, passwords)


async def listen_to_queries(company_id: CompanyId, queries: list[str]) -> None:
    """Write every query that the API reads a company's rows with from now on into `queries`."""

    def record(query: LoggedQuery) -> None:
        if "set_config" not in query.query and "select" in query.query:
            queries.append(query.query)

    everybody_has_one = asyncio.Barrier(access.POOL_SIZE)

    async def listen() -> None:
        async with access.reading(company_id) as connection:
            connection.add_query_logger(record)
            await everybody_has_one.wait()

    await asyncio.gather(*(listen() for _ in range(access.POOL_SIZE)))
