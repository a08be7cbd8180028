"""Sockets of the API's own process, as a client that others wrote knows them."""

import json
from datetime import timedelta

from httpx import AsyncClient

from api.global_ids import encode
from db import access
from domain.readings import operations as readings
from tests.acceptance.client import PASSWORD, READINGS, live_cursor, sign_in
from tests.factories import make_read, make_register_set
from tests.node.conftest import EMAIL, Server
from tests.node.programs import Programs

INDEX_WH = 1_234_567


async def store_reading(server: Server) -> None:
    register_set = await make_register_set(server.place.company_id)
    read_at = server.now - timedelta(hours=1)
    async with access.system() as connection:
        read = make_read(server.place, register_set, read_at, INDEX_WH)
        await readings.store(connection, [read], now=server.now)


async def test_the_client_is_told_of_a_reading_and_asks_on_the_same_socket(
    server: Server, programs: Programs
) -> None:
    async with AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        authorization = await sign_in(http, email=EMAIL, password=PASSWORD)
        cursor = await live_cursor(http, authorization)
    await store_reading(server)
    given = {"authorization": authorization, "query": READINGS, "variables": {"after": cursor}}

    told = await programs.run("client.mjs", server.socket_url, json.dumps(given))

    assert told["event"]["data"]["readingReceived"] == {
        "gap": False,
        "readings": [
            {
                "meterId": encode("Meter", server.place.supplies[0].meter_id),
                "reading": {
                    "readAt": (server.now - timedelta(hours=1)).isoformat(),
                    "quality": "ACTUAL",
                    "registers": [
                        {"obis": "1.8.0", "quantity": {"value": str(INDEX_WH), "unit": "Wh"}}
                    ],
                },
            }
        ],
    }
    assert [result["data"] for result in told["queried"]] == [{"viewer": {"name": "Deniz"}}]
    codes = [error["extensions"]["code"] for error in told["refused"]]
    assert codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert (told["connections"], told["closed"]) == (1, 1000)


async def test_whoever_breaks_the_protocol_is_told_how_by_the_code(
    server: Server, programs: Programs
) -> None:
    async with AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        authorization = await sign_in(http, email=EMAIL, password=PASSWORD)

    closings = await programs.run("closings.mjs", server.socket_url, authorization)

    assert closings == {
        "no JSON": [4400, "BadRequest"],
        "no message": [4400, "BadRequest"],
        "unknown type": [4400, "BadRequest"],
        "binary frame": [4400, "BadRequest"],
        "subscribe without a query": [4400, "BadRequest"],
        "subscribe without an id": [4400, "BadRequest"],
        "init with a list": [4400, "BadRequest"],
        "subscribe before init": [4401, "Unauthorized"],
        "init without a token": [4401, "Unauthorized"],
        "init with a forged token": [4401, "Unauthorized"],
        "init in another's company": [4403, "Forbidden"],
        "no protocol": [4406, "SubprotocolNotAcceptable"],
        "no init": [4408, "ConnectionInitialisationTimeout"],
        "an id twice": [4409, "SubscriberAlreadyExists"],
        "init twice": [4429, "TooManyInitialisationRequests"],
    }
