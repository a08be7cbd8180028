"""Programs call with keys: over every way in, within what the key may, and until it ends."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from api.global_ids import encode
from api.socket_session import CHECK_EVERY_S
from db import access
from db.enums import Role, Scope
from db.ids import CompanyId
from db.settings import Urls
from domain.identity.rules import Place
from domain.keys import operations
from domain.keys.text import KeyText, new_secret, written
from tests.api.documents import id_of, register
from tests.api.keys import KEY, holder, make_key
from tests.api.sockets import LiveApi, live_api
from tests.api.web import User, Web
from tests.factories import NOW, make_place

METERS = "query Meters { meters { totalCount } }"
ACCOUNTS = "query Accounts { accounts { totalCount } }"
WHO = "query Who { viewer { name role scopes apiKeyId sessionExpiresAt } }"
ADD = 'mutation Add { createBranch(input: {name: "South"}) { userErrors { code } } }'
LISTEN = "subscription Listen { readingReceived { cursor } }"
TWO = {"meters": {"totalCount": 2}}


@pytest.fixture
async def api(database: Urls) -> AsyncIterator[LiveApi]:
    async with live_api(database) as api:
        yield api


async def run(web: Web, key: str, text: str, **more: Any) -> Response:
    return await web.post({"documentId": id_of(text), **more}, holder(key).headers)


def code(response: Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


async def test_a_key_runs_registered_documents_by_post_and_get(web: Web) -> None:
    place = await make_place(meters=2)
    await register(place.company_id, METERS)
    _, key = await make_key(place.company_id)

    posted = await run(web, key, METERS)
    got = await web.http.get(
        "/graphql", params={"documentId": id_of(METERS)}, headers=holder(key).headers
    )

    assert posted.json()["data"] == got.json()["data"] == TWO


async def test_a_key_runs_registered_documents_on_a_socket(api: LiveApi) -> None:
    place = await make_place(meters=2)
    await register(place.company_id, METERS)
    _, key = await make_key(place.company_id)

    async with api.socket() as socket:
        authorization = {"authorization": f"Bearer {key}"}
        await socket.send({"type": "connection_init", "payload": authorization})
        assert await socket.receive() == {"type": "connection_ack"}
        payload = {"documentId": id_of(METERS), "query": ""}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
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


async def test_a_key_of_no_use_is_refused_before_anything_else(web: Web) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, METERS)
    key_id, key = await make_key(place.company_id)
    wrong_secret = written(KeyText(key_id, new_secret()))
    _, expired = await make_key(
        place.company_id, replace(KEY, name="b", expires_at=NOW + timedelta(seconds=1))
    )
    revoked_id, revoked = await make_key(place.company_id, replace(KEY, name="c"))
    await operations.revoke(company_id=place.company_id, key_id=revoked_id, now=NOW)
    web.clock.move(timedelta(seconds=1))

    for text in (wrong_secret, expired, revoked, key[:-1], key + "0", "wlk_", "wlk_0_"):
        response = await run(web, text, METERS)

        assert code(response) == "UNAUTHENTICATED", text
        assert "data" not in response.json()
        assert text not in response.text
    assert "data" in (await run(web, key, METERS)).json()


async def test_a_key_is_used_from_its_addresses(web: Web) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, METERS)
    _, here = await make_key(place.company_id, replace(KEY, name="a", addresses=["127.0.0.0/8"]))
    _, away = await make_key(place.company_id, replace(KEY, name="b", addresses=["192.0.2.0/24"]))

    allowed = await run(web, here, METERS)
    refused = await run(web, away, METERS)

    assert "data" in allowed.json()
    assert code(refused) == "FORBIDDEN"
    assert "data" not in refused.json()


async def test_use_of_a_key_is_noted(web: Web) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, METERS)
    key_id, key = await make_key(place.company_id)
    moments = []

    for seconds in (0, 59, 1):
        web.clock.move(timedelta(seconds=seconds))
        await run(web, key, METERS)
        async with access.tenant(place.company_id) as connection:
            moments.append(
                await connection.fetchval("select last_used_at from api_key where id = $1", key_id)
            )

    assert moments == [NOW, NOW, NOW + timedelta(minutes=1)]


async def test_a_key_has_a_budget_of_its_own(web: Web) -> None:
    text = "query Limit { rateLimit { limit restoreRate } }"
    place = await make_place(meters=0)
    await register(place.company_id, text)
    _, narrow = await make_key(
        place.company_id, replace(KEY, name="a", cost_max=1_000, cost_per_s=5)
    )
    _, usual = await make_key(place.company_id, replace(KEY, name="b"))

    limits = [(await run(web, key, text)).json()["data"]["rateLimit"] for key in (narrow, usual)]

    assert limits == [
        {"limit": 1_000, "restoreRate": 5.0},
        {"limit": 20_000, "restoreRate": 500.0},
    ]


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


async def test_a_revoked_keys_socket_closes_within_five_seconds(api: LiveApi) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, LISTEN)
    key_id, key = await make_key(
        place.company_id, replace(KEY, scopes=frozenset({Scope.READINGS_READ}))
    )

    async with api.socket() as socket:
        authorization = {"authorization": f"Bearer {key}"}
        await socket.send({"type": "connection_init", "payload": authorization})
        assert await socket.receive() == {"type": "connection_ack"}
        payload = {"documentId": id_of(LISTEN)}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        await operations.revoke(company_id=place.company_id, key_id=key_id, now=NOW)

        assert await socket.close_code() == 4401
    assert CHECK_EVERY_S < 5


async def test_a_socket_does_not_open_for_a_key_of_no_use(api: LiveApi) -> None:
    for text in ("wlk_", written(KeyText((await made_elsewhere(api)), new_secret()))):
        async with api.socket() as socket:
            authorization = {"authorization": f"Bearer {text}"}
            await socket.send({"type": "connection_init", "payload": authorization})

            assert await socket.close_code() == 4401


async def made_elsewhere(_: LiveApi) -> Any:
    place = await make_place(meters=0)
    return (await make_key(place.company_id))[0]


CREATE = """
    mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
        apiKey { id name prefix scopes live field { id } } secret userErrors { code path } } }
"""
ROTATE = """
    mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) {
        apiKey { id name expiresAt } secret userErrors { code path } } }
"""
REVOKE = """
    mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) {
        apiKey { live revokedAt } userErrors { code } } }
"""
KEYS = "{ apiKeys { nodes { id name live expiresAt lastUsedAt } totalCount } }"


async def make(web: Web, user: User, **input: Any) -> Any:
    given = {"name": "billing", "scopes": ["METERS_READ"], **input}
    return await web.ask(CREATE, user, input=given)


async def test_a_key_is_made_shown_once_rotated_and_revoked(web: Web) -> None:
    place = await make_place(meters=2)
    user = await web.user(place.company_id)
    await register(place.company_id, METERS)

    made = (await make(web, user)).data["createApiKey"]
    rotated = (await web.ask(ROTATE, user, input={"id": made["apiKey"]["id"]})).data["rotateApiKey"]
    both = [await run(web, one["secret"], METERS) for one in (made, rotated)]
    revoked = await web.ask(REVOKE, user, input={"id": made["apiKey"]["id"]})
    old, new = [await run(web, one["secret"], METERS) for one in (made, rotated)]
    listed = await web.ask(KEYS, user)

    assert made["userErrors"] == rotated["userErrors"] == []
    assert made["secret"].startswith(made["apiKey"]["prefix"])
    assert [one.json()["data"] for one in both] == [TWO, TWO]
    assert revoked.data["revokeApiKey"]["apiKey"] == {"live": False, "revokedAt": NOW.isoformat()}
    assert (code(old), new.json()["data"]) == ("UNAUTHENTICATED", TWO)
    first, second = listed.data["apiKeys"]["nodes"]
    assert [first["name"], second["name"]] == ["billing", "billing"]
    assert (first["live"], second["live"]) == (False, True)
    assert first["expiresAt"] == (NOW + timedelta(days=1)).isoformat()
    assert made["secret"] not in str(listed.body)


@pytest.mark.parametrize(
    ("input", "error"),
    [
        pytest.param(
            {"scopes": ["PLATFORM_WRITE"]},
            {"code": "SCOPE_NOT_HELD", "path": ["input", "scopes"]},
            id="a scope that the maker lacks",
        ),
        pytest.param(
            {"costMax": 20_001},
            {"code": "INVALID_VALUE", "path": ["input", "costMax"]},
            id="a larger budget than everybody's",
        ),
        pytest.param(
            {"addresses": ["here"]},
            {"code": "INVALID_VALUE", "path": ["input", "addresses"]},
            id="no address",
        ),
        pytest.param(
            {"name": " "}, {"code": "INVALID_VALUE", "path": ["input", "name"]}, id="no name"
        ),
    ],
)
async def test_a_key_that_may_not_be_is_refused(
    web: Web, input: dict[str, Any], error: dict[str, Any]
) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    answer = await make(web, user, **input)

    assert answer.data["createApiKey"] == {"apiKey": None, "secret": None, "userErrors": [error]}
    assert (await web.ask(KEYS, user)).data["apiKeys"]["totalCount"] == 0


async def test_a_confined_maker_makes_and_sees_keys_of_its_own_place(web: Web) -> None:
    place = await make_place(meters=0)
    confined = await web.user(place.company_id, field_id=place.field_id)
    whole = await web.user(place.company_id)
    await make(web, whole, name="whole")
    of_branch = {"branchId": encode("Branch", place.branch_id)}

    wider = await make(web, confined, **of_branch)
    made = await make(web, confined)

    assert wider.errors == [("FORBIDDEN", ["createApiKey"])]
    field = {"id": encode("Field", place.field_id)}
    assert made.data["createApiKey"]["apiKey"]["field"] == field
    seen = [(await web.ask(KEYS, user)).data["apiKeys"]["totalCount"] for user in (confined, whole)]
    assert seen == [1, 2]


async def test_a_key_makes_no_keys(web: Web) -> None:
    text = (
        'mutation Make { createApiKey(input: {name: "mine", scopes: [KEYS_WRITE]})'
        " { secret userErrors { code } } }"
    )
    place = await make_place(meters=0)
    await register(place.company_id, text)
    _, key = await make_key(
        place.company_id, replace(KEY, scopes=frozenset({Scope.KEYS_WRITE, Scope.KEYS_READ}))
    )

    response = await run(web, key, text)

    assert code(response) == "FORBIDDEN"
    assert await count_keys(place.company_id) == 1


async def test_another_companys_key_is_not_found(web: Web) -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    user = await web.user(mine.company_id)
    key_id, key = await make_key(other.company_id)
    await register(other.company_id, METERS)

    for mutation in (ROTATE, REVOKE):
        answer = await web.ask(mutation, user, input={"id": encode("ApiKey", key_id)})
        assert answer.codes == ["NOT_FOUND"]

    assert "data" in (await run(web, key, METERS)).json()
    assert await count_keys(other.company_id) == 1


async def test_keys_have_scopes_of_their_own(web: Web) -> None:
    place = await make_place(meters=0)
    operator = await web.user(place.company_id, Role.OPERATOR)

    made = await make(web, operator)
    listed = await web.ask(KEYS, operator)

    assert made.errors == [("FORBIDDEN", ["createApiKey"])]
    assert listed.errors == [("FORBIDDEN", ["apiKeys"])]
    assert await count_keys(place.company_id) == 0


async def count_keys(company_id: CompanyId) -> int:
    async with access.tenant(company_id) as connection:
        return int(await connection.fetchval("select count(*) from api_key"))


async def test_a_key_is_given_to_a_user_whom_it_never_exceeds(web: Web) -> None:
    place = await make_place(meters=2)
    administrator = await web.user(place.company_id)
    operator = await web.user(place.company_id, Role.OPERATOR)
    await register(place.company_id, WHO)
    given = {"userId": encode("User", operator.id), "scopes": ["METERS_READ", "USERS_READ"]}

    made = (await make(web, administrator, **given)).data["createApiKey"]
    who = await run(web, made["secret"], WHO)
    user = "{ apiKeys { nodes { user { id } } } }"
    listed = await web.ask(user, administrator)

    assert who.json()["data"]["viewer"]["scopes"] == ["METERS_READ"]
    assert listed.data["apiKeys"]["nodes"] == [{"user": {"id": encode("User", operator.id)}}]


async def test_a_key_is_not_given_to_anybody_elsewhere(web: Web) -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    administrator = await web.user(mine.company_id)
    stranger = await web.user(other.company_id)

    answer = await make(web, administrator, userId=encode("User", stranger.id))

    assert answer.errors == [("NOT_FOUND", ["createApiKey"])]
    assert await count_keys(mine.company_id) == 0


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
