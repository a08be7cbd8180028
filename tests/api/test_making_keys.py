"""Making, rotating and revoking keys over GraphQL, within what their maker may."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role, Scope
from db.ids import CompanyId
from tests.api.documents import register
from tests.api.key_calls import METERS, TWO, WHO, code, run
from tests.api.keys import KEY, make_key
from tests.api.web import User, Web
from tests.factories import NOW, make_place

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


async def test_a_key_for_named_operations_is_given_to_a_user_whom_it_never_exceeds(
    web: Web,
) -> None:
    place = await make_place(meters=2)
    administrator = await web.user(place.company_id)
    operator = await web.user(place.company_id, Role.OPERATOR)
    named = await register(place.company_id, WHO)
    await register(place.company_id, METERS)
    given = {
        "userId": encode("User", operator.id),
        "documentIds": [encode("RegisteredDocument", named)],
        "scopes": ["METERS_READ", "USERS_READ"],
    }

    made = (await make(web, administrator, **given)).data["createApiKey"]
    who = await run(web, made["secret"], WHO)
    other = await run(web, made["secret"], METERS)
    user = "{ apiKeys { nodes { user { id } } } }"
    listed = await web.ask(user, administrator)

    assert who.json()["data"]["viewer"]["scopes"] == ["METERS_READ"]
    assert code(other) == "PERSISTED_QUERY_NOT_FOUND"
    assert listed.data["apiKeys"]["nodes"] == [{"user": {"id": encode("User", operator.id)}}]


async def test_a_key_is_not_given_to_anybody_elsewhere(web: Web) -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    administrator = await web.user(mine.company_id)
    stranger = await web.user(other.company_id)

    answer = await make(web, administrator, userId=encode("User", stranger.id))

    assert answer.errors == [("NOT_FOUND", ["createApiKey"])]
    assert await count_keys(mine.company_id) == 0
