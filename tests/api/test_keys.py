"""Programs call with keys: over every way in, and within what the key may."""

import json
from dataclasses import replace
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role, Scope
from domain.identity.rules import Place
from tests.api.documents import id_of, register
from tests.api.key_calls import METERS, TWO, WHO, code, run
from tests.api.keys import KEY, holder, make_key
from tests.api.registered_documents.asking import apollo
from tests.api.sockets import LiveApi
from tests.api.web import Web
from tests.factories import make_place

ACCOUNTS = "query Accounts { accounts { totalCount } }"
ADD = 'mutation Add { createBranch(input: {name: "South"}) { userErrors { code } } }'


BODIES = [
    pytest.param({"documentId": id_of(METERS)}, id="by its id"),
    pytest.param(apollo(METERS), id="in Apollo's form"),
]


@pytest.mark.parametrize("body", BODIES)
async def test_a_key_runs_registered_documents_by_post_and_get(
    web: Web, body: dict[str, Any]
) -> None:
    place = await make_place(meters=2)
    await register(place.company_id, METERS)
    _, key = await make_key(place.company_id)
    texts = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()
    }

    posted = await web.post(body, holder(key).headers)
    got = await web.http.get("/graphql", params=texts, headers=holder(key).headers)

    assert posted.json()["data"] == got.json()["data"] == TWO


@pytest.mark.parametrize("body", BODIES)
async def test_a_key_runs_registered_documents_on_a_socket(
    api: LiveApi, body: dict[str, Any]
) -> None:
    place = await make_place(meters=2)
    await register(place.company_id, METERS)
    _, key = await make_key(place.company_id)

    async with api.socket() as socket:
        authorization = {"authorization": f"Bearer {key}"}
        await socket.send({"type": "connection_init", "payload": authorization})
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.send({"type": "subscribe", "id": "1", "payload": {**body, "query": ""}})
        answer = await socket.event("1")
        await socket.receive()
        await socket.subscribe("2", METERS)
        refused = await socket.receive()

    assert answer == TWO
    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("by", ["POST", "GET"])
async def test_a_key_runs_no_free_text_even_if_it_is_registered(web: Web, by: str) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, ADD)
    await register(place.company_id, METERS)
    _, key = await make_key(place.company_id)
    body = {"query": METERS}

    if by == "POST":
        response = await web.post(body, holder(key).headers)
    else:
        response = await web.http.get("/graphql", params=body, headers=holder(key).headers)

    assert code(response) == "FORBIDDEN"
    assert "data" not in response.json()
    assert "documentId" in response.json()["errors"][0]["message"]


async def test_a_key_may_send_the_text_along_but_not_register_it(web: Web) -> None:
    place = await make_place(meters=2)
    await register(place.company_id, METERS)
    _, key = await make_key(place.company_id)

    known = await run(web, key, METERS, query=METERS)
    unknown = await run(web, key, ACCOUNTS, query=ACCOUNTS)

    assert known.json()["data"] == TWO
    assert code(unknown) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_key_does_what_its_scopes_allow_and_no_more(web: Web) -> None:
    place = await make_place(meters=0)
    for text in (ACCOUNTS, ADD):
        await register(place.company_id, text)
    _, key = await make_key(place.company_id)

    read = await run(web, key, ACCOUNTS)
    changed = await run(web, key, ADD)

    assert read.json()["data"] == {"accounts": None}
    assert code(read) == code(changed) == "FORBIDDEN"
    async with access.tenant(place.company_id) as connection:
        assert await connection.fetchval("select count(*) from branch") == 1


async def test_a_key_goes_on_without_the_scopes_of_a_newer_release(web: Web) -> None:
    place = await make_place(meters=0)
    administrator = await web.user(place.company_id)
    _, text = await make_key(place.company_id)
    await register(place.company_id, WHO)
    async with access.system() as connection:
        await connection.execute("update api_key set scopes = scopes || '{moon:read}'::text[]")

    own = await run(web, text, WHO)
    listed = await web.ask("{ apiKeys { nodes { scopes } } }", administrator)

    assert own.json()["data"]["viewer"]["scopes"] == ["COMPANY_READ", "METERS_READ"]
    assert listed.data["apiKeys"]["nodes"] == [{"scopes": ["COMPANY_READ", "METERS_READ"]}]


async def test_a_key_runs_the_documents_of_its_own_company(web: Web) -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    await register(other.company_id, METERS)
    _, key = await make_key(mine.company_id)
    headers = holder(key).headers | {"X-Wattledger-Company": encode("Company", other.company_id)}

    by_default = await run(web, key, METERS)
    elsewhere = await web.post({"documentId": id_of(METERS)}, headers)

    assert code(by_default) == "PERSISTED_QUERY_NOT_FOUND"
    assert code(elsewhere) == "FORBIDDEN"


async def test_a_key_runs_the_documents_of_its_partner_and_of_its_list(web: Web) -> None:
    place = await make_place(meters=2)
    listed = await register(place.company_id, METERS, partner="mine")
    await register(place.company_id, WHO, partner="mine")
    await register(place.company_id, ACCOUNTS, partner="other")
    _, of_partner = await make_key(place.company_id, replace(KEY, name="a", partner="mine"))
    _, of_list = await make_key(place.company_id, replace(KEY, name="b", document_ids=[listed]))

    codes = {
        key: [
            "data" if "data" in (answer := await run(web, key, text)).json() else code(answer)
            for text in (METERS, WHO, ACCOUNTS)
        ]
        for key in (of_partner, of_list)
    }

    missing = "PERSISTED_QUERY_NOT_FOUND"
    assert codes == {of_partner: ["data", "data", missing], of_list: ["data", missing, missing]}


async def test_a_confined_key_sees_its_own_place(web: Web) -> None:
    text = "query Fields { fields { totalCount } meters { totalCount } }"
    place, other = await make_place(meters=2), await make_place(meters=0)
    await register(place.company_id, text)
    _, inside = await make_key(
        place.company_id, replace(KEY, name="a", place=Place(field_id=place.field_id))
    )
    async with access.tenant(place.company_id) as connection:
        empty = await connection.fetchval(
            "insert into field (company_id, branch_id, name) values ($1, $2, 'Empty') returning id",
            place.company_id,
            place.branch_id,
        )
    _, outside = await make_key(
        place.company_id, replace(KEY, name="b", place=Place(field_id=empty))
    )

    seen = await run(web, inside, text)
    not_seen = await run(web, outside, text)

    assert other.company_id != place.company_id
    assert seen.json()["data"] == {"fields": {"totalCount": 1}, **TWO}
    assert not_seen.json()["data"] == {"fields": {"totalCount": 1}, "meters": {"totalCount": 0}}


async def test_the_viewer_of_a_key_is_the_key(web: Web) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, WHO)
    key_id, key = await make_key(place.company_id)

    response = await run(web, key, WHO)

    assert response.json()["data"]["viewer"] == {
        "name": "billing",
        "role": None,
        "scopes": ["COMPANY_READ", "METERS_READ"],
        "apiKeyId": encode("ApiKey", key_id),
        "sessionExpiresAt": "9999-12-31T00:00:00+00:00",
    }


async def test_what_a_key_changes_is_recorded_as_the_keys(web: Web) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, ADD)
    key_id, key = await make_key(
        place.company_id, replace(KEY, scopes=frozenset({Scope.COMPANY_WRITE}))
    )

    await run(web, key, ADD)

    async with access.tenant(place.company_id) as connection:
        entry = await connection.fetchrow(
            "select actor_kind, key_id, user_id, actor_name from daily_entry"
            " where company_id = $1 and object_type = 'Branch' order by id desc limit 1",
            place.company_id,
        )
    assert entry is not None
    assert tuple(entry) == ("KEY", key_id, None, "billing")


async def test_a_key_given_to_a_user_does_no_more_than_the_user(web: Web) -> None:
    place = await make_place(meters=2)
    for text in (WHO, METERS):
        await register(place.company_id, text)
    user = await web.user(place.company_id, Role.OPERATOR, field_id=place.field_id)
    wider = replace(
        KEY, user_id=user.id, scopes=frozenset({Scope.METERS_READ, Scope.COMPANY_WRITE})
    )
    key_id, key = await make_key(place.company_id, wider)

    who = await run(web, key, WHO)
    meters = await run(web, key, METERS)
    async with access.system() as connection:
        await connection.execute("update app_user set active = false where id = $1", user.id)
    ended = await run(web, key, METERS)

    assert who.json()["data"]["viewer"]["scopes"] == ["METERS_READ"]
    assert meters.json()["data"] == TWO
    assert code(ended) == "UNAUTHENTICATED"
    assert key_id > 0


PERSONAL = [
    "signOut { signedOut }",
    'endSession(input: {id: "x"}) { ended }',
    "endOtherSessions { ended }",
    'changePassword(input: {password: "old", newPassword: "a new password"}) { changed }',
    'updateViewer(input: {name: "Somebody"}) { viewer { name } }',
    'setUpSecondFactor(input: {password: "old"}) { secret }',
    'confirmSecondFactor(input: {code: "123456"}) { recoveryCodes }',
    'removeSecondFactor(input: {code: "123456"}) { removed }',
    'inviteUser(input: {email: "a@b.example", name: "A", role: {builtIn: PARTNER}}) { __typename }',
]


@pytest.mark.parametrize("field", PERSONAL, ids=[one.partition("(")[0] for one in PERSONAL])
async def test_what_is_a_persons_is_no_keys(web: Web, field: str) -> None:
    text = f"mutation Do {{ {field} }}"
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await register(place.company_id, text)
    _, key = await make_key(
        place.company_id, replace(KEY, scopes=frozenset(Scope), user_id=user.id)
    )

    response = await run(web, key, text)

    assert code(response) == "FORBIDDEN", response.text
    assert (await web.ask("{ viewer { name } }", user)).data == {"viewer": {"name": "Deniz"}}
