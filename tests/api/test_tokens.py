"""Only tokens that we signed, for this purpose, and that still hold, let anybody in."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import OctKey, RSAKey

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


Forge = Callable[[dict[str, Any]], str]


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def headed(header: dict[str, Any], claims: dict[str, Any], key: str = SECRET) -> str:
    """Return a token with any header, signed as HS256 whatever the header says."""
    body = f"{part({'typ': 'JWT', **header})}.{part(claims)}"
    return f"{body}.{part(hmac.digest(key.encode(), body.encode(), 'sha256'))}"


def tampered(claims: dict[str, Any]) -> str:
    header, _, signature = signed(claims).split(".")
    return f"{header}.{part(claims | {'sub': '1'})}.{signature}"


def by_public_key(claims: dict[str, Any]) -> str:
    """Sign with the text of a public key as if it were a shared secret."""
    public = RSAKey.generate_key(2048).as_pem(private=False).decode()
    return headed({"alg": "HS256"}, claims, key=public)


def by_rsa(claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256"}, claims, key, algorithms=["RS256"])


def by_embedded_key(claims: dict[str, Any]) -> str:
    own = "a key that the forger brings along himself"
    jwk = {"kty": "oct", "k": part(own.encode())}
    return headed({"alg": "HS256", "jwk": jwk}, claims, key=own)


def encrypted(claims: dict[str, Any]) -> str:
    key = OctKey.import_key(SECRET[:32])
    nested = signed(claims).encode()
    return jwe.encrypt_compact({"alg": "dir", "enc": "A128CBC-HS256", "cty": "JWT"}, nested, key)


NOWHERE = "https://forger.example/keys"
FORGERIES: dict[str, Forge] = {
    "without a signature": unsigned,
    "alg None in another case": lambda claims: headed({"alg": "nOnE"}, claims)[:-43],
    "with a signature of nothing": lambda claims: f"{signed(claims).rpartition('.')[0]}.",
    "by another secret": lambda claims: headed({"alg": "HS256"}, claims, key="x" * 40),
    "by an empty secret": lambda claims: headed({"alg": "HS256"}, claims, key=""),
    "by RSA": by_rsa,
    "by a public key as a secret": by_public_key,
    "by a longer hash": lambda claims: signed(claims, algorithm="HS512"),
    "saying another algorithm": lambda claims: headed({"alg": "RS256"}, claims),
    "saying no algorithm": lambda claims: headed({}, claims),
    "bringing its key along": by_embedded_key,
    "naming a place for keys": lambda claims: headed(
        {"alg": "HS256", "jku": NOWHERE}, claims, key="x" * 40
    ),
    "naming a file as its key": lambda claims: headed(
        {"alg": "HS256", "kid": "../../../dev/null"}, claims, key=""
    ),
    "with extensions that are critical": lambda claims: headed(
        {"alg": "HS256", "crit": ["forged"], "forged": True}, claims
    ),
    "with claims that were changed": tampered,
    "for another audience": lambda claims: signed(claims | {"aud": "wattledger:refresh"}),
    "of another issuer": lambda claims: signed(claims | {"iss": "forger"}),
    "without an end": lambda claims: signed({k: v for k, v in claims.items() if k != "exp"}),
    "that has ended": lambda claims: signed(claims | {"exp": int(NOW.timestamp()) - 1}),
    "that begins later": lambda claims: signed(claims | {"nbf": int(NOW.timestamp()) + 600}),
    "made in the future": lambda claims: signed(claims | {"iat": int(NOW.timestamp()) + 600}),
    "of a user that is no number": lambda claims: signed(claims | {"sub": "1 or 1=1"}),
    "of a user that is no text": lambda claims: signed(claims | {"sub": {"id": 1}}),
    "inside another": lambda claims: signed({**claims, "jwt": signed(claims)}, secret="x" * 40),
    "in an envelope": encrypted,
    "that is too long": lambda claims: signed(claims | {"filler": "x" * 5_000}),
    "with something behind it": lambda claims: f"{signed(claims)}.trailing",
    "with two dots in a row": lambda claims: signed(claims).replace(".", "..", 1),
    "with a space inside": lambda claims: signed(claims).replace(".", ". ", 1),
    "that is not JSON": lambda _: f"{part(b'no json')}.{part(b'no json')}.{part(b'x')}",
    "with a list of claims": lambda _: headed({"alg": "HS256"}, [1, 2]),  # type: ignore[arg-type] # forged
}


@pytest.mark.parametrize("kind", list(FORGERIES))
async def test_a_forged_token_changes_nothing(web: Web, kind: str) -> None:
    place = await make_place(meters=0)
    claims = claims_of(await web.user(place.company_id))
    mutation = 'mutation { createBranch(input: {name: "Forged"}) { branch { name } } }'

    answer = await web.ask_with(FORGERIES[kind](claims), mutation)
    control = await web.ask_with(signed(claims), "{ branches { nodes { name } } }")

    assert answer.errors == [("UNAUTHENTICATED", ["createBranch"])]
    assert control.data == {"branches": {"nodes": [{"name": "North"}]}}


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
