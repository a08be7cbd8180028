"""Every request has an id, and what it changes is recorded as its caller's."""

import logging
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from api.global_ids import encode
from db import access
from db.enums import Role, Scope
from db.ids import CompanyId
from tests.api.documents import id_of, register
from tests.api.keys import KEY, holder, make_key
from tests.api.sockets import LiveApi
from tests.api.web import Web
from tests.factories import make_place

ADD = 'mutation { createBranch(input: {name: "South"}) { branch { id } userErrors { code } } }'
WHO = "{ viewer { name } }"
ENTRIES = """
query ($where: DailyEntryWhereInput) { dailyEntries(where: $where) { nodes {
    kind objectType actorKind actorName userId apiKeyId address requestId databaseRole
} } }
"""


async def last_entry(company_id: CompanyId, object_type: str) -> asyncpg.Record:
    async with access.tenant(company_id) as connection:
        found = await connection.fetchrow(
            "select actor_kind, user_id, role, address, request_id from daily_entry"
            " where company_id = $1 and object_type = $2 order by id desc limit 1",
            company_id,
            object_type,
        )
    assert found is not None
    return found


async def test_a_change_over_http_is_the_callers(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    response = await web.post({"query": ADD}, {**user.headers, "X-Request-Id": "abc-1"})

    assert response.json()["data"]["createBranch"]["userErrors"] == []
    assert response.headers["x-request-id"] == "abc-1"
    entry = await last_entry(place.company_id, "Branch")
    assert tuple(entry) == ("USER", user.id, "ADMINISTRATOR", "127.0.0.1", "abc-1")


async def test_a_change_on_a_socket_is_the_callers(api: LiveApi) -> None:
    place = await make_place(meters=0)
    user = await api.sign_in(place.company_id)

    async with api.socket(user) as socket:
        await socket.subscribe("1", WHO)
        await socket.event("1")
        await socket.receive()
        await socket.subscribe("2", ADD)
        await socket.event("2")

    entry = await last_entry(place.company_id, "Branch")
    assert tuple(entry)[:4] == ("USER", user.user_id, "ADMINISTRATOR", "127.0.0.1")
    # Each operation has its own number behind the id of the socket.
    assert entry["request_id"].endswith(".2")


async def test_an_entry_tells_auditors_of_key_and_request(web: Web) -> None:
    place = await make_place(meters=0)
    auditor = await web.user(place.company_id, Role.AUDITOR)
    text = f"mutation Add {ADD.removeprefix('mutation ')}"
    await register(place.company_id, text)
    key_id, key = await make_key(
        place.company_id, replace(KEY, scopes=frozenset({Scope.COMPANY_WRITE}))
    )
    headers = {**holder(key).headers, "X-Request-Id": "abc-1"}
    await web.post({"documentId": id_of(text)}, headers)
    await web.ask(ADD.replace("South", "East"), await web.user(place.company_id))

    by_key = await web.ask(ENTRIES, auditor, where={"apiKeyId": {"eq": encode("ApiKey", key_id)}})
    by_request = await web.ask(ENTRIES, auditor, where={"requestId": {"eq": "abc-1"}})

    assert by_key.data == by_request.data
    assert by_key.data["dailyEntries"]["nodes"] == [
        {
            "kind": "ADDED",
            "objectType": "Branch",
            "actorKind": "KEY",
            "actorName": "billing",
            "userId": None,
            "apiKeyId": encode("ApiKey", key_id),
            "address": "127.0.0.1",
            "requestId": "abc-1",
            "databaseRole": "wattledger_app",
        }
    ]


@pytest.mark.parametrize(
    "given",
    [None, "", "a b", "x" * 65, "a\tb", "ü"],
    ids=["none", "empty", "two", "long", "tab", "ü"],
)
async def test_a_request_without_a_sane_id_gets_one(web: Web, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-Id": given.encode("latin-1")}
    made: Any = headers

    responses = [await web.post({"query": WHO}, made) for _ in range(2)]

    ids = {response.headers["x-request-id"] for response in responses}
    assert len(ids) == 2
    assert all(len(one) == 32 for one in ids)


async def test_a_request_that_is_refused_has_an_id_too(web: Web) -> None:
    response = await web.http.post("/graphql", content=b"{", headers={"X-Request-Id": "abc"})

    assert response.status_code == 415
    assert response.headers["x-request-id"] == "abc"


async def test_an_answer_is_logged_without_what_was_asked(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="api.endpoint"):
        await web.post({"query": WHO})

    (record,) = [one for one in caplog.records if one.message == "request.answered"]
    assert (vars(record)["method"], vars(record)["status"]) == ("POST", 200)
    assert WHO not in str(vars(record))


async def test_only_a_request_that_is_refused_or_slow_is_told_of_by_itself(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="api.endpoint"):
        await web.post({"query": WHO})
        await web.http.post("/graphql", content=b"{")

    (record,) = [one for one in caplog.records if one.message == "request.answered"]
    assert vars(record)["status"] == 415
