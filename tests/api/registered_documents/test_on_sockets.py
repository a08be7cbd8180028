"""Registered documents are run on sockets, until they are retired."""

from datetime import timedelta

import pytest

from api.documents_registered import FRESH_FOR
from domain.documents import operations
from tests.api.documents import id_of, register
from tests.api.live_events import reads, store
from tests.api.registered_documents.asking import WHO, apollo
from tests.api.sockets import LiveApi
from tests.factories import NOW, make_place, make_register_set
from tests.waiting import until

LISTEN = "subscription { readingReceived { cursor } }"


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
