"""Registered documents are run by their id, over every way in, and by nobody else's company."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from httpx import Response

from api.caller import Caller
from api.documents import Documents
from api.documents_registered import FRESH_FOR, KEPT_CHARACTERS_MAX, RegisteredDocuments
from api.root import api_schema
from db.enums import Role
from db.ids import CompanyId, SessionId, UserId
from db.settings import Urls
from domain.documents import operations
from domain.documents.rules import Registration, hash_of
from tests.api.documents import id_of, register
from tests.api.live_events import reads, store
from tests.api.sockets import LiveApi
from tests.api.web import User, Web
from tests.api.web import web as running_web
from tests.factories import NOW, make_place, make_register_set
from tests.waiting import until

WHO = "query Who { viewer { name } }"
SIGN_OUT = "mutation { signOut { signedOut } }"
SCHEMA = "{ __schema { queryType { name } } }"
LISTEN = "subscription { readingReceived { cursor } }"
NAME = {"viewer": {"name": "Deniz"}}
GRAPHQL_TYPE = "application/graphql-response+json"


@pytest.fixture
async def production(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    async with running_web(database, redis_url, production=True) as web:
        yield web


def apollo(text: str, version: object = 1) -> dict[str, Any]:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": sha256}}}


def code(response: Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


async def get(web: Web, user: User, **parameters: str) -> Response:
    return await web.http.get("/graphql", params=parameters, headers=user.headers)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"documentId": id_of(WHO)}, id="by its id"),
        pytest.param({"documentId": id_of(WHO), "query": ""}, id="with an empty text"),
        pytest.param({"documentId": id_of(WHO), "query": None}, id="with null for a text"),
        pytest.param({"documentId": id_of(WHO), "query": WHO}, id="with its text"),
        pytest.param(apollo(WHO), id="in Apollo's form"),
        pytest.param({**apollo(WHO), "query": WHO}, id="in Apollo's form with its text"),
        pytest.param({**apollo(SCHEMA), "documentId": id_of(WHO)}, id="the id before Apollo's"),
    ],
)
async def test_a_document_is_run_by_post_and_get(web: Web, body: dict[str, Any]) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await register(place.company_id, WHO)

    posted = await web.post(body, user.headers)
    texts = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in body.items()
        if value is not None
    }
    got = await get(web, user, **texts)

    assert posted.json()["data"] == got.json()["data"] == NAME


async def test_variables_and_the_operations_name_go_with_it(web: Web) -> None:
    text = "query A { viewer { locale } } query B($n: Int) { meters(first: $n) { totalCount } }"
    place = await make_place(meters=2)
    user = await web.user(place.company_id)
    await register(place.company_id, text)

    response = await web.post(
        {"documentId": id_of(text), "operationName": "B", "variables": {"n": 1}}, user.headers
    )

    assert response.json()["data"] == {"meters": {"totalCount": 2}}


@pytest.mark.parametrize("body", [{"documentId": id_of(WHO)}, apollo(WHO)], ids=["id", "Apollo"])
async def test_an_unknown_document_is_not_found(web: Web, body: dict[str, Any]) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    response = await web.post(body, {**user.headers, "Accept": GRAPHQL_TYPE})

    assert response.status_code == 400
    assert code(response) == "PERSISTED_QUERY_NOT_FOUND"
    assert "data" not in response.json()


async def test_sending_the_text_along_registers_nothing(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    with_text = await web.post({**apollo(WHO), "query": WHO}, user.headers)
    without = await web.post(apollo(WHO), user.headers)

    assert with_text.json()["data"] == NAME
    assert code(without) == "PERSISTED_QUERY_NOT_FOUND"
    assert "sending the text along does not" in without.json()["errors"][0]["message"]


async def test_another_companys_document_is_not_found_nor_anybodys_without_a_company(
    web: Web,
) -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    user, staff = await web.user(mine.company_id), await web.developer()
    await register(other.company_id, WHO)

    answers = [
        await web.post({"documentId": id_of(WHO)}, headers)
        for headers in ({}, user.headers, staff.headers)
    ]

    assert [code(answer) for answer in answers] == ["PERSISTED_QUERY_NOT_FOUND"] * 3


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"documentId": id_of(WHO), "query": SCHEMA}, id="text of another id"),
        pytest.param({**apollo(WHO), "query": SCHEMA}, id="text of another hash"),
        pytest.param({"documentId": "md5:0123"}, id="another algorithm"),
        pytest.param({"documentId": id_of(WHO).upper()}, id="upper case"),
        pytest.param({"documentId": id_of(WHO).removeprefix("sha256:")}, id="no prefix"),
        pytest.param({"documentId": ""}, id="nothing"),
        pytest.param({"documentId": 7}, id="a number"),
        pytest.param(apollo(WHO, version=2), id="Apollo's form of another version"),
        pytest.param({"extensions": {"persistedQuery": {"version": 1}}}, id="Apollo without hash"),
        pytest.param({"extensions": {"persistedQuery": 1}}, id="Apollo's form a number"),
    ],
)
async def test_an_id_that_cannot_be_meant_is_refused(web: Web, body: dict[str, Any]) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await register(place.company_id, WHO)

    response = await web.post(body, user.headers)

    assert code(response) == "BAD_REQUEST"
    assert "data" not in response.json()


async def test_a_registered_mutation_is_not_run_by_get(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await register(place.company_id, SIGN_OUT)

    response = await get(web, user, documentId=id_of(SIGN_OUT))

    assert response.status_code == 405
    assert (await web.ask(WHO, user)).data == NAME


async def test_a_retired_document_is_refused_within_seconds(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    document_id = await register(place.company_id, WHO)
    assert (await web.post({"documentId": id_of(WHO)}, user.headers)).json()["data"] == NAME

    await operations.retire(company_id=place.company_id, document_ids=[document_id], now=NOW)
    web.clock.move(FRESH_FOR)
    response = await web.post({"documentId": id_of(WHO)}, user.headers)

    assert timedelta(0) < FRESH_FOR < timedelta(seconds=5)
    assert code(response) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_document_that_the_schema_has_outgrown_says_so(web: Web) -> None:
    text = "{ ghost }"
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    old = [Registration("Ghost", text, ["Ghost"], 0)]
    await operations.register(
        company_id=place.company_id, partner="console", documents=old, now=NOW
    )

    response = await web.post({"documentId": id_of(text)}, user.headers)

    assert code(response) == "GRAPHQL_VALIDATION_FAILED"


async def test_in_production_a_document_asks_for_the_schema_only_with_the_right(
    production: Web,
) -> None:
    place = await make_place(meters=0)
    administrator = await production.user(place.company_id)
    operator = await production.user(place.company_id, Role.OPERATOR)
    await register(place.company_id, SCHEMA)
    body = {"documentId": id_of(SCHEMA)}

    allowed = await production.post(body, administrator.headers)
    refused = await production.post(body, operator.headers)

    assert allowed.json()["data"] == {"__schema": {"queryType": {"name": "Query"}}}
    assert code(refused) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("query", [{}, {"query": ""}, {"query": WHO}], ids=["no", "empty", "text"])
async def test_a_document_is_run_on_a_socket(api: LiveApi, query: dict[str, str]) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, WHO)

    async with api.socket(await api.sign_in(place.company_id)) as socket:
        payload = {"documentId": id_of(WHO), **query}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        await socket.send({"type": "subscribe", "id": "2", "payload": {**apollo(WHO), **query}})
        messages = [await socket.receive() for _ in range(4)]

    answers = {one["id"]: one["payload"]["data"] for one in messages if one["type"] == "next"}
    assert answers == {"1": {"viewer": {"name": "Somebody"}}, "2": {"viewer": {"name": "Somebody"}}}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param({"documentId": id_of(LISTEN)}, "PERSISTED_QUERY_NOT_FOUND", id="unknown"),
        pytest.param({"documentId": id_of(LISTEN), "query": WHO}, "BAD_REQUEST", id="mismatch"),
        pytest.param({"documentId": "x", "query": ""}, "BAD_REQUEST", id="no id"),
    ],
)
async def test_what_cannot_be_run_on_a_socket_ends_its_operation_alone(
    api: LiveApi, payload: dict[str, str], expected: str
) -> None:
    place = await make_place(meters=0)

    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        message = await socket.receive()
        await socket.send({"type": "ping"})

        assert (message["type"], message["id"]) == ("error", "1")
        assert message["payload"][0]["extensions"]["code"] == expected
        assert await socket.receive() == {"type": "pong"}


async def test_a_subscription_ends_when_its_document_is_retired(api: LiveApi) -> None:
    place = await make_place(meters=1)
    registers = await make_register_set(place.company_id)
    document_id = await register(place.company_id, LISTEN)

    async with api.socket(await api.sign_in(place.company_id)) as socket:
        payload = {"documentId": id_of(LISTEN)}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        await until(lambda: api.feed.listeners == 1)
        await store(reads(place, registers, 1_000))
        told = await socket.receive()
        await operations.retire(company_id=place.company_id, document_ids=[document_id], now=NOW)
        api.clock.now += FRESH_FOR
        await store(reads(place, registers, 2_000, at=NOW - timedelta(minutes=30)))
        ended = await socket.receive()

    assert (told["type"], ended["type"], ended["id"]) == ("next", "error", "1")
    assert ended["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


def caller_of(company_id: CompanyId) -> Caller:
    return Caller(
        user_id=UserId(1),
        session_id=SessionId(1),
        name="Deniz",
        company_id=company_id,
        role=Role.ADMINISTRATOR,
        scopes=frozenset(),
        locale="en",
        time_zone="UTC",
        expires_at=NOW,
    )


async def test_documents_are_kept_up_to_a_number_of_characters(web: Web) -> None:
    place = await make_place(meters=0)
    texts = [f"{WHO} #{number}" + "x" * 60_000 for number in range(10)]
    for text in texts:
        await register(place.company_id, text)
    caller = caller_of(place.company_id)
    registered = RegisteredDocuments(Documents(api_schema()._schema))

    first, *_, newest = [await registered.get(hash_of(text), caller, now=NOW) for text in texts]

    assert await registered.get(hash_of(texts[-1]), caller, now=NOW) is newest
    assert await registered.get(hash_of(texts[0]), caller, now=NOW) is not first
    assert len(texts) * 60_000 > KEPT_CHARACTERS_MAX
