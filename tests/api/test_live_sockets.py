"""What may be said on a socket, and what closes it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.app import create_app
from api.global_ids import encode
from api.socket_session import OPERATIONS_MAX
from api.websocket import MESSAGE_BYTES_MAX
from db import access
from db.enums import Role
from db.settings import Settings, Urls
from domain.readings import operations as readings
from tests.api.sockets import BUDGET, PROTOCOL, SECRET, LiveApi, Socket, live_api, served
from tests.factories import DATA_KEY, NOW, Place, make_place, make_read, make_register_set
from tests.waiting import until

LISTEN = "subscription { readingReceived { cursor } }"
ASK = "{ viewer { name } }"
NAMELESS = 'mutation { createBranch(input: {name: " "}) { userErrors { message } } }'


@pytest.fixture
async def place(api: LiveApi) -> Place:
    return await make_place()


@pytest.fixture
async def socket(api: LiveApi, place: Place) -> AsyncIterator[Socket]:
    """Lend an acknowledged socket of an administrator."""
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        yield socket


async def test_query_is_answered_and_completed(socket: Socket) -> None:
    await socket.subscribe("1", ASK)

    assert await socket.event("1") == {"viewer": {"name": "Somebody"}}
    assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_an_answer_tells_what_it_cost(socket: Socket) -> None:
    await socket.subscribe("1", ASK)

    cost = (await socket.receive())["payload"]["extensions"]["cost"]

    assert (cost["requested"], cost["actual"]) == (1, 1)
    assert cost["throttle"]["maximum"] == BUDGET.size


async def test_in_production_the_schema_is_told_to_those_with_the_right(
    api: LiveApi, place: Place
) -> None:
    answers = []
    for role in (Role.ADMINISTRATOR, Role.OPERATOR):
        async with api.socket(await api.sign_in(place.company_id, role)) as socket:
            await socket.subscribe("1", "{ __schema { queryType { name } } }")
            answers.append(await socket.receive())

    told, refused = answers
    assert told["payload"]["data"] == {"__schema": {"queryType": {"name": "Query"}}}
    assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("wanted", "locale", "said"),
    [("tr-TR", "tr", "Geçersiz değer"), ("xx", "en", "This is not valid")],
)
async def test_the_handshake_may_ask_for_a_language(
    api: LiveApi, place: Place, wanted: str, locale: str, said: str
) -> None:
    user = await api.sign_in(place.company_id)
    async with api.socket() as socket:
        payload = {**user.payload, "locale": wanted}
        await socket.send({"type": "connection_init", "payload": payload})
        assert await socket.receive() == {"type": "connection_ack"}

        await socket.subscribe("1", "{ viewer { locale } }")
        viewer = await socket.event("1")
        await socket.receive()
        await socket.subscribe("2", NAMELESS)
        (error,) = (await socket.event("2"))["createBranch"]["userErrors"]

    assert viewer == {"viewer": {"locale": locale}}
    assert error["message"].startswith(said)


async def test_ping_is_answered(socket: Socket) -> None:
    await socket.send({"type": "ping"})

    assert await socket.receive() == {"type": "pong"}


async def test_completed_operation_stops_and_its_id_is_free(api: LiveApi, socket: Socket) -> None:
    await socket.subscribe("1", LISTEN)
    await until(lambda: api.feed.listeners == 1)

    await socket.send({"type": "complete", "id": "1"})
    await until(lambda: api.feed.listeners == 0)
    await socket.subscribe("1", ASK)

    assert await socket.event("1") == {"viewer": {"name": "Somebody"}}


async def test_faulty_document_costs_only_its_own_operation(socket: Socket) -> None:
    await socket.subscribe("1", "{ no such thing")
    refused = await socket.receive()
    await socket.subscribe("2", ASK)

    assert (refused["type"], refused["id"]) == ("error", "1")
    assert refused["payload"][0]["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}
    assert await socket.event("2") == {"viewer": {"name": "Somebody"}}


async def test_closing_the_socket_stops_everything_on_it(api: LiveApi, place: Place) -> None:
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", LISTEN)
        await socket.subscribe("2", LISTEN)
        await until(lambda: api.feed.listeners == 2)

    await until(lambda: api.feed.listeners == 0)
    assert api.feed.listeners == 0


async def test_other_protocol_is_refused(api: LiveApi) -> None:
    url = f"ws://127.0.0.1:{api.port}/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-ws")]) as connection:
        await connection.wait_closed()

    assert connection.close_code == 4406


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param(None, 4401, id="no payload"),
        pytest.param({}, 4401, id="no token"),
        pytest.param({"authorization": "Bearer forged"}, 4401, id="forged token"),
        pytest.param({"authorization": 5}, 4400, id="no text"),
        pytest.param([], 4400, id="no object"),
    ],
)
async def test_nobody_gets_in_without_a_token(api: LiveApi, payload: Any, code: int) -> None:
    async with api.socket() as socket:
        await socket.send({"type": "connection_init", "payload": payload})

        assert await socket.close_code() == code


async def test_nobody_acts_in_a_company_of_others(api: LiveApi, place: Place) -> None:
    theirs = await make_place()
    user = await api.sign_in(place.company_id)
    async with api.socket() as socket:
        payload = {**user.payload, "company": encode("Company", theirs.company_id)}
        await socket.send({"type": "connection_init", "payload": payload})

        assert await socket.close_code() == 4403


async def test_nothing_is_executed_before_the_acknowledgement(api: LiveApi) -> None:
    async with api.socket() as socket:
        await socket.subscribe("1", LISTEN)

        assert await socket.close_code() == 4401


async def test_silent_socket_is_closed(api: LiveApi) -> None:
    async with api.socket() as socket:
        assert await socket.close_code() == 4408


async def test_second_initialisation_is_too_many(api: LiveApi, place: Place) -> None:
    user = await api.sign_in(place.company_id)
    async with api.socket(user) as socket:
        await socket.send({"type": "connection_init", "payload": user.payload})

        assert await socket.close_code() == 4429


async def test_id_in_use_is_refused(api: LiveApi, socket: Socket) -> None:
    await socket.subscribe("1", LISTEN)
    await socket.subscribe("1", LISTEN)

    assert await socket.close_code() == 4409
    await until(lambda: api.feed.listeners == 0)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[]", id="no object"),
        pytest.param("null", id="nothing"),
        pytest.param("{", id="no JSON"),
        pytest.param("{}", id="no type"),
        pytest.param('{"type": "nonsense"}', id="unknown type"),
        pytest.param('{"type": "subscribe", "id": 1, "payload": {"query": ""}}', id="numeric id"),
        pytest.param('{"type": "subscribe", "id": "", "payload": {"query": ""}}', id="empty id"),
        pytest.param('{"type": "subscribe", "id": "1", "payload": []}', id="payload is no object"),
        pytest.param(
            '{"type": "subscribe", "id": "1", "payload": {"query": "", "variables": []}}',
            id="variables are no object",
        ),
        pytest.param("[" * 100_000, id="deeply nested"),
        pytest.param(b'{"type": "ping"}', id="binary frame"),
    ],
)
async def test_what_is_no_message_closes_the_socket(socket: Socket, text: str | bytes) -> None:
    await socket.connection.send(text)

    assert await socket.close_code() == 4400


async def test_message_that_is_too_large_closes_the_socket(socket: Socket) -> None:
    await socket.connection.send("x" * (MESSAGE_BYTES_MAX + 1))

    assert await socket.close_code() == 1009


async def test_messages_are_never_compressed(api: LiveApi) -> None:
    """Each compressed socket would keep a window of its own, and small messages open into large."""
    url = f"ws://127.0.0.1:{api.port}/graphql"

    async with connect(url, subprotocols=[PROTOCOL], compression="deflate") as connection:
        assert connection.response is not None
        assert "Sec-WebSocket-Extensions" not in connection.response.headers


async def test_operations_on_a_socket_are_limited(api: LiveApi, socket: Socket) -> None:
    for number in range(OPERATIONS_MAX):
        await socket.subscribe(str(number), LISTEN)
    await until(lambda: api.feed.listeners == OPERATIONS_MAX)

    await socket.subscribe("one more", LISTEN)

    refused = await socket.receive()
    assert (refused["type"], refused["id"]) == ("error", "one more")
    assert refused["payload"][0]["extensions"] == {"code": "BAD_REQUEST"}
    assert api.feed.listeners == OPERATIONS_MAX


async def test_application_serves_sockets(database: Urls, redis_url: str) -> None:
    async with live_api(database) as api:
        place = await make_place()
        user = await api.sign_in(place.company_id)
        registers = await make_register_set(place.company_id)
    settings = Settings(
        database_owner_url=database.owner,
        database_app_url=database.app,
        database_system_url=database.system,
        redis_url=redis_url,
        token_secret=SECRET,
        data_key=DATA_KEY,
    )
    app = create_app(settings, clock=api.clock)
    async with served(app) as port, replace(api, port=port).socket(user) as socket:
        await socket.subscribe("1", LISTEN)
        await socket.subscribe("2", ASK)
        assert await socket.event("2") == {"viewer": {"name": "Somebody"}}
        assert (await socket.receive())["type"] == "complete"
        async with access.system() as connection:
            await readings.store(connection, [make_read(place, registers, NOW, 1_000)], now=NOW)

        assert list(await socket.event("1")) == ["readingReceived"]


async def test_the_handshake_takes_what_headers_are_called_over_http(
    api: LiveApi, place: Place
) -> None:
    user = await api.sign_in(place.company_id)
    payload = {
        "Authorization": user.authorization,
        "X-Wattledger-Company": encode("Company", place.company_id),
    }

    async with api.socket() as socket:
        await socket.send({"type": "connection_init", "payload": payload})

        assert await socket.receive() == {"type": "connection_ack"}
