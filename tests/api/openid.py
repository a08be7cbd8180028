"""OpenID providers on loopback: a ready-made one, and one that says whatever it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from httpx import AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from oidc_provider_mock import User as Person
from oidc_provider_mock import run_server_in_thread

from api.global_ids import encode
from db.ids import CompanyId
from tests.api.web import Answer, User, Web

CLIENT = "wattledger-of-tests"
RETURN_TO = "https://app.example.com/signed-in?nonce=mine"
SET = """
    mutation ($input: SetOidcProviderInput!) { setOidcProvider(input: $input) {
        oidcProvider { issuer clientId groupsClaim active version groups { group builtIn } }
        userErrors { code path }
    } }
"""
EXCHANGE = """
    mutation ($input: ExchangeSignInCodeInput!) { exchangeSignInCode(input: $input) {
        tokens { accessToken refreshToken } userErrors { code }
    } }
"""
OPERATORS = {"group": "operators", "role": {"builtIn": "OPERATOR"}}
ADMINISTRATORS = {"group": "admins", "role": {"builtIn": "ADMINISTRATOR"}}


@contextmanager
def mock_provider(*people: Person) -> Iterator[str]:
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


def person(subject: str, *groups: str, **claims: object) -> Person:
    email = f"{subject}@example.com"
    return Person(sub=subject, claims={"email": email, "groups": [*groups], **claims})


async def configure(web: Web, administrator: User, issuer: str, **changes: Any) -> Answer:
    provider = {
        "issuer": issuer,
        "clientId": CLIENT,
        "clientSecret": "the secret",
        "groups": [ADMINISTRATORS, OPERATORS],
    }
    return await web.ask(SET, administrator, input=provider | changes)


async def start(web: Web, company_id: CompanyId, return_to: str = RETURN_TO) -> Response:
    path = f"/auth/oidc/{encode('Company', company_id)}/start"
    return await web.http.get(path, params={"returnTo": return_to})


async def authorise(address: str, subject: str) -> str:
    """Sign in at the provider, and return where it sends the browser."""
    async with AsyncClient(trust_env=False) as client:
        response = await client.post(address, data={"sub": subject})
    return response.headers["location"]


async def come_back(web: Web, location: str) -> Response:
    return await web.http.get(location.removeprefix("http://localhost:8080"))


async def whole_way(web: Web, company_id: CompanyId, subject: str) -> Response:
    started = await start(web, company_id)
    return await come_back(web, await authorise(started.headers["location"], subject))


async def exchange(web: Web, code: str) -> Any:
    answer = await web.ask(EXCHANGE, input={"code": code})
    return answer.data["exchangeSignInCode"]


@dataclass(slots=True)
class Forger:
    """A provider that issues what it is told. claims: besides the right ones, or instead."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    stranger: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    issuer: str = ""
    nonce: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    signing: str = "right"
    asked: dict[str, list[str]] = field(default_factory=dict)
    padding: int = 0

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("/openid-configuration"):
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            return {"issuer": self.issuer} | {name: f"{self.issuer}/{name}" for name in names}
        if path == "/jwks_uri":
            return {"keys": [self.key.as_dict(private=False)]}
        return {"id_token": self._token(), "token_type": "Bearer", "more": "x" * self.padding}

    def _token(self) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "ayse",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "ayse@example.com",
            "groups": ["operators"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signing == "public key as secret":
            secret = OctKey.import_key(self.key.as_pem(private=False))
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, secret)
        if self.signing == "not at all":
            return jwt.encode({"alg": "none"}, claims, self.key, algorithms=["none"])
        key = self.stranger if self.signing == "stranger" else self.key
        alg = "RS512" if self.signing == "RS512" else "RS256"
        return jwt.encode({"alg": alg, "kid": "one"}, claims, key, algorithms=[alg])


@contextmanager
def forging_provider() -> Iterator[Forger]:
    forger = Forger()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(forger.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            forger.asked = parse_qs(self.rfile.read(length).decode())
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        forger.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield forger
        finally:
            server.shutdown()
            thread.join()
