"""Only tokens that we signed, for this purpose, and that still hold, let anybody in."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from db import access
from db.enums import Role
from tests.api.web import SECRET, User, Web
from tests.factories import NOW, make_place

WHO = "{ viewer { name } }"


def claims_of(user: User) -> dict[str, Any]:
    payload = user.tokens["accessToken"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def signed(claims: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256") -> str:
    key = OctKey.import_key(secret)
    return jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm])


def unsigned(claims: dict[str, Any]) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(part.rstrip("=") for part in encoded) + "."


async def test_a_token_lets_its_user_in(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask_with(signed(claims_of(user)), WHO)

    assert answer.data == {"viewer": {"name": "Deniz"}}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"aud": "wattledger:refresh"}, id="for another purpose"),
        pytest.param({"iss": "somebody"}, id="of another issuer"),
        pytest.param({"exp": int(NOW.timestamp())}, id="expired"),
        pytest.param({"exp": None}, id="without an end"),
        pytest.param({"exp": "never"}, id="with no time as its end"),
        pytest.param({"sub": None}, id="without a user"),
        pytest.param({"sid": None}, id="without a session"),
        pytest.param({"sid": 2**40}, id="of a session that never was"),
        pytest.param({"sub": "1"}, id="of a session of somebody else"),
        pytest.param({"sub": "somebody"}, id="of no user"),
        pytest.param({"exp": 10**20}, id="until after the end of time"),
        pytest.param({"sid": 2**70}, id="of a session beyond all numbers"),
    ],
)
async def test_a_token_with_other_claims_is_refused(web: Web, change: dict[str, Any]) -> None:
    place = await make_place()
    claims = claims_of(await web.user(place.company_id)) | change
    claims = {name: value for name, value in claims.items() if value is not None}

    answer = await web.ask_with(signed(claims), WHO)

    assert answer.errors == [("UNAUTHENTICATED", ["viewer"])]


async def test_a_token_signed_by_somebody_else_is_refused(web: Web) -> None:
    place = await make_place()
    claims = claims_of(await web.user(place.company_id))

    answers = [
        await web.ask_with(token, WHO)
        for token in (
            unsigned(claims),
            signed(claims, secret="another secret that is long enough for it"),  # noqa: S106
            signed(claims, algorithm="HS512"),
            signed(claims)[:-2],
            "nonsense",
            "",
        )
    ]

    assert [answer.errors for answer in answers] == [[("UNAUTHENTICATED", ["viewer"])]] * 6


async def test_a_refresh_token_is_no_access_token(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask_with(user.tokens["refreshToken"], WHO)

    assert answer.codes == ["UNAUTHENTICATED"]


async def test_a_token_is_good_for_fifteen_minutes(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    web.clock.move(timedelta(minutes=15) - timedelta(seconds=1))
    before = await web.ask(WHO, user)
    web.clock.move(timedelta(seconds=1))
    after = await web.ask(WHO, user)

    assert before.data == {"viewer": {"name": "Deniz"}}
    assert after.codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        pytest.param("update app_user set active = false", ["UNAUTHENTICATED"], id="user"),
        pytest.param("update session set revoked_at = now()", ["UNAUTHENTICATED"], id="session"),
        pytest.param("delete from membership", ["FORBIDDEN"], id="membership"),
        pytest.param("update company set active = false", ["FORBIDDEN"], id="company"),
        pytest.param(
            "update membership set role = 'OPERATOR'", [], id="a lesser role sees this still"
        ),
    ],
)
async def test_what_a_token_cannot_say_any_more_counts_at_once(
    web: Web, statement: str, codes: list[str]
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    async with access.system() as connection:
        await connection.execute(statement)

    answer = await web.ask("{ company { id } }", user)

    assert answer.codes == codes


async def test_a_changed_role_counts_with_the_next_request(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    async with access.system() as connection:
        await connection.execute("update membership set role = 'OPERATOR'")

    answer = await web.ask("{ viewer { role scopes } }", user)

    assert answer.data["viewer"]["role"] == Role.OPERATOR
    assert "SUBSCRIBERS_CONTACT" not in answer.data["viewer"]["scopes"]
