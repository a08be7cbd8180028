"""A front end: signed in over HTTP, subscribed over a WebSocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from httpx import AsyncClient
from websockets.asyncio.client import connect

from db.enums import Role
from db.ids import CompanyId
from domain.identity import operations as identity
from domain.identity.passwords import Passwords
from tests.api.sockets import PROTOCOL, Socket

PASSWORD = "correct horse battery"  # noqa: S105 - a test's own

SIGN_IN = """
    mutation ($input: SignInInput!) {
        signIn(input: $input) { tokens { accessToken } userErrors { code } }
    }
"""
LIVE_CURSOR = "{ liveCursor }"
BALANCE = "query ($id: ID!) { node(id: $id) { ... on Account { balance { amount currency } } } }"
READINGS = """
    subscription ($after: String) {
        readingReceived(after: $after) {
            gap readings { meterId reading { readAt quality
                registers { obis quantity { value unit } } } }
        }
    }
"""
BALANCES = """
    subscription ($after: String) {
        balanceChanged(after: $after) {
            gap balances { accountId balance { amount currency } }
        }
    }
"""


async def add_administrator(company_id: CompanyId, email: str, now: datetime) -> None:
    user_id = await identity.create_user(
        email=email,
        name="Deniz",
        password=PASSWORD,
        passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        now=now,
    )
    await identity.add_membership(company_id=company_id, user_id=user_id, role=Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who is signed in and follows readings and balances on a socket."""

    http: AsyncClient
    authorization: str
    socket: Socket

    async def balance(self, account: str) -> Any:
        body = await _post(self.http, self.authorization, BALANCE, id=account)
        return _data(body)["node"]["balance"]

    async def refusals(self, account: str) -> list[str]:
        """Return the codes of the errors that asking for an account's balance meets."""
        body = await _post(self.http, self.authorization, BALANCE, id=account)
        return [error["extensions"]["code"] for error in body["errors"]]


@asynccontextmanager
async def following(port: int, *, email: str, password: str) -> AsyncIterator[Client]:
    """Sign in, and lend a client whose subscriptions tell of all that comes from now on."""
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        authorization = await sign_in(http, email=email, password=password)
        cursor = await live_cursor(http, authorization)
        url = f"ws://127.0.0.1:{port}/graphql"
        async with connect(url, subprotocols=[PROTOCOL], compression=None) as connection:
            socket = Socket(connection)
            await socket.send(
                {"type": "connection_init", "payload": {"authorization": authorization}}
            )
            assert await socket.receive() == {"type": "connection_ack"}
            await socket.subscribe("readings", READINGS, after=cursor)
            await socket.subscribe("balances", BALANCES, after=cursor)
            yield Client(http, authorization, socket)


async def sign_in(http: AsyncClient, *, email: str, password: str) -> str:
    """Return the authorization of a new session."""
    given = {"email": email, "password": password}
    answer = _data(await _post(http, "", SIGN_IN, input=given))
    return f"Bearer {answer['signIn']['tokens']['accessToken']}"


async def live_cursor(http: AsyncClient, authorization: str) -> str:
    cursor: str = _data(await _post(http, authorization, LIVE_CURSOR))["liveCursor"]
    return cursor


async def _post(http: AsyncClient, authorization: str, query: str, **variables: object) -> Any:
    headers = {"Authorization": authorization} if authorization else {}
    response = await http.post(
        "/graphql", json={"query": query, "variables": variables}, headers=headers
    )
    return response.json()


def _data(body: Any) -> Any:
    assert "errors" not in body, body
    return body["data"]
