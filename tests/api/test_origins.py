"""Pages of other origins: those that are named may use the API, and none that looks like them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from httpx import AsyncClient, Response
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.app import create_app
from db.settings import Settings, Urls
from tests.api.sockets import PROTOCOL, SECRET, Clock, served
from tests.factories import DATA_KEY

APP = "https://app.example.com"
LOCAL = "http://localhost:5173"
LOOK_ALIKES = {
    "below it": "https://evil.app.example.com",
    "above it": "https://example.com",
    "with a suffix": "https://app.example.com.evil.com",
    "with a prefix": "https://evilapp.example.com",
    "a hyphen for a dot": "https://app-example.com",
    "any character for a dot": "https://appxexample.com",
    "cut short": "https://app.example.co",
    "another port": "https://app.example.com:8443",
    "the usual port, written out": "https://app.example.com:443",
    "another scheme": "http://app.example.com",
    "a socket's scheme": "wss://app.example.com",
    "upper case": "HTTPS://APP.EXAMPLE.COM",
    "punycode of another letter": "https://xn--pp-7ka.example.com",
    "as a user's name": "https://app.example.com@evil.com",
    "as a path": "https://evil.com/https://app.example.com",
    "a dot behind it": "https://app.example.com.",
    "a slash behind it": "https://app.example.com/",
    "an escaped dot behind it": "https://app.example.com%2eevil.com",
    "two at once": "https://app.example.com https://evil.com",
    "the setting itself": "https://app.example.com,http://localhost:5173",
    "without its port": "http://localhost",
    "another name of the host": "http://127.0.0.1:5173",
    "a sandbox": "null",
    "a star": "*",
    "empty": "",
}


@dataclass(frozen=True, slots=True)
class Served:
    """An API on a port."""

    port: int

    async def preflight(self, origin: str, *, method: str = "POST", headers: str = "") -> Response:
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        if headers:
            asked["Access-Control-Request-Headers"] = headers
        async with AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as http:
            return await http.options("/graphql", headers=asked)

    async def post(self, origin: str) -> Response:
        async with AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as http:
            body = {"query": "{ __typename }"}
            return await http.post("/graphql", json=body, headers={"Origin": origin})

    async def handshake(self, *origins: str) -> int:
        """Return the status of the answer to a socket's handshake."""
        url = f"ws://127.0.0.1:{self.port}/graphql"
        headers = [("Origin", origin) for origin in origins]
        try:
            async with connect(url, subprotocols=[PROTOCOL], additional_headers=headers):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


@pytest.fixture
async def api(database: Urls, redis_url: str) -> AsyncIterator[Served]:
    settings = Settings(
        database_owner_url=database.owner,
        database_app_url=database.app,
        database_system_url=database.system,
        redis_url=redis_url,
        token_secret=SECRET,
        data_key=DATA_KEY,
        allowed_origins=(APP, LOCAL),
    )
    async with served(create_app(settings, clock=Clock())) as port:
        yield Served(port)


@pytest.mark.parametrize("origin", [APP, LOCAL])
async def test_a_named_origin_may_ask_and_read(api: Served, origin: str) -> None:
    sent = "authorization,content-type,x-wattledger-company,x-request-id"
    preflight = await api.preflight(origin, headers=sent)
    answer = await api.post(origin)

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == origin
    assert answer.json()["data"] == {"__typename": "Query"}
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-expose-headers"] == "Retry-After, X-Request-Id"
    # Tokens come in headers: no cookie has to go along.
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_look_alike_may_neither_ask_nor_read(api: Served) -> None:
    for name, origin in LOOK_ALIKES.items():
        preflight = await api.preflight(origin)
        answer = await api.post(origin)

        assert preflight.status_code == 400, name
        assert "access-control-allow-origin" not in preflight.headers, name
        assert "access-control-allow-origin" not in answer.headers, name


async def test_a_look_alike_may_not_open_a_socket(api: Served) -> None:
    statuses = {name: await api.handshake(origin) for name, origin in LOOK_ALIKES.items()}

    assert statuses == dict.fromkeys(LOOK_ALIKES, 403)


@pytest.mark.parametrize(
    ("method", "headers"), [("DELETE", ""), ("PATCH", ""), ("POST", "x-anything")]
)
async def test_a_named_origin_may_send_what_the_api_takes_alone(
    api: Served, method: str, headers: str
) -> None:
    preflight = await api.preflight(APP, method=method, headers=headers)

    assert preflight.status_code == 400


@pytest.mark.parametrize("origin", [APP, LOCAL])
async def test_a_named_origin_may_open_a_socket(api: Served, origin: str) -> None:
    assert await api.handshake(origin) == 101


async def test_the_own_origin_and_programs_may_open_a_socket(api: Served) -> None:
    assert await api.handshake(f"http://127.0.0.1:{api.port}") == 101
    assert await api.handshake() == 101


async def test_what_looks_like_the_own_origin_may_not_open_a_socket(api: Served) -> None:
    origins = [
        f"https://127.0.0.1:{api.port}",
        f"http://127.0.0.1:{api.port + 1}",
        f"http://localhost:{api.port}",
        "http://127.0.0.1",
    ]

    assert [await api.handshake(origin) for origin in origins] == [403] * len(origins)


async def test_two_origins_at_once_open_no_socket(api: Served) -> None:
    # The library refuses such a handshake before it comes to us.
    assert await api.handshake(APP, "https://evil.com") == 400
