"""Talking to OpenID providers: discovery, codes for tokens, and whether an ID token is theirs.

Nothing that a provider says is believed before its signature is checked, and nothing is followed
that a provider redirects to. A name is resolved once to check it and once to connect: whoever
controls it can answer differently, so firewalls have to guard what is internal as well.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet
from joserfc.jws import extract_compact

from domain.identity.arrivals import Claims, Departure
from domain.identity.providers import Provider

DISCOVERY = "/.well-known/openid-configuration"
SCOPE = "openid email profile"
ALGORITHMS = ["RS256", "ES256"]
KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
TIMEOUT_S = 5.0
WHOLE_TIMEOUT_S = 10.0
BODY_BYTES_MAX = 256 * 1024
CACHED_FOR = timedelta(minutes=10)
CACHED_MAX = 200
# Whoever makes up names of keys must not have us ask the provider each time.
REFETCH_AFTER = timedelta(seconds=10)
CLOCK_DRIFT_MAX_S = 60
TOKEN_AGE_MAX = timedelta(minutes=10)
GROUPS_MAX = 1_000
OK = 200
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class ProviderFailed(Exception):
    """The provider did not answer as it should, or its token is not good. For the log alone."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, and when it was fetched."""

    document: dict[str, Any]
    at: datetime


class OidcClient:
    """Speaks OpenID Connect. insecure: without TLS to this machine, for trying things out.

    private: providers may have addresses that the internet does not reach.
    """

    def __init__(self, *, insecure: bool, private: bool, clock: Callable[[], datetime]) -> None:
        self._insecure = insecure
        self._private = private
        self._clock = clock
        self._cached: dict[str, Fetched] = {}

    async def address(
        self, provider: Provider, departure: Departure, *, state: str, redirect_uri: str
    ) -> str:
        """Return where at the provider somebody signs in.

        :raises ProviderFailed: it does not say
        """
        metadata = await self._metadata(provider.issuer)
        endpoint = _text(metadata, "authorization_endpoint")
        self._check_scheme(endpoint)
        uri: str = prepare_grant_uri(
            endpoint,
            provider.client_id,
            "code",
            redirect_uri,
            SCOPE,
            state,
            nonce=departure.nonce,
            code_challenge=create_s256_code_challenge(departure.verifier),
            code_challenge_method="S256",
        )
        return uri

    async def claims(
        self,
        provider: Provider,
        departure: Departure,
        *,
        code: str,
        client_secret: str,
        redirect_uri: str,
    ) -> Claims:
        """Exchange the code of somebody who has come back for what the provider says of them.

        :raises ProviderFailed: it does not, or its token is not good
        """
        try:
            async with asyncio.timeout(WHOLE_TIMEOUT_S):
                metadata = await self._metadata(provider.issuer)
                body = prepare_token_request(
                    "authorization_code",
                    code=code,
                    redirect_uri=redirect_uri,
                    code_verifier=departure.verifier,
                )
                uri, headers, body = _client_auth(provider, client_secret, metadata).prepare(
                    "POST", _text(metadata, "token_endpoint"), dict(FORM), body
                )
                answer = await self._fetch("POST", uri, headers=headers, content=body)
                token = _text(answer, "id_token")
                key = await self._key(token, _text(metadata, "jwks_uri"))
        except TimeoutError as error:
            raise ProviderFailed("too slow") from error
        return _claims(self._verified(token, key, provider, departure), provider)

    def _verified(
        self, token: str, key: Key, provider: Provider, departure: Departure
    ) -> dict[str, Any]:
        now = int(self._clock().timestamp())
        registry = jwt.JWTClaimsRegistry(
            now=now,
            leeway=CLOCK_DRIFT_MAX_S,
            iss={"essential": True, "value": provider.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": provider.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": departure.nonce},
        )
        try:
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderFailed(f"token: {type(error).__name__}") from error
        audience, party = claims["aud"], claims.get("azp")
        several = isinstance(audience, list) and len(audience) > 1
        if (several or party is not None) and party != provider.client_id:
            raise ProviderFailed("token: azp")
        if claims["iat"] < now - TOKEN_AGE_MAX.total_seconds():
            raise ProviderFailed("token: too old")
        return claims

    async def _key(self, token: str, uri: str) -> Key:
        try:
            headers = extract_compact(token.encode()).headers()
        except (JoseError, ValueError) as error:
            raise ProviderFailed("token: no JWS") from error
        kind = KEY_TYPES.get(str(headers.get("alg")))
        for age_max in (CACHED_FOR, REFETCH_AFTER):
            document = await self._document(uri, age_max=age_max)
            if key := _matching(document, headers.get("kid"), kind):
                return key
        raise ProviderFailed("token: unknown key")

    async def _metadata(self, issuer: str) -> dict[str, Any]:
        metadata = await self._document(issuer.rstrip("/") + DISCOVERY, age_max=CACHED_FOR)
        if metadata.get("issuer") != issuer:
            raise ProviderFailed("discovery: another issuer")
        return metadata

    async def _document(self, uri: str, *, age_max: timedelta) -> dict[str, Any]:
        now, cached = self._clock(), self._cached.get(uri)
        if cached is None or now - cached.at >= age_max:
            cached = Fetched(await self._fetch("GET", uri), now)
            self._cached.pop(uri, None)
            while len(self._cached) >= CACHED_MAX:
                self._cached.pop(next(iter(self._cached)))
            self._cached[uri] = cached
        return cached.document

    async def _fetch(self, method: str, uri: str, **request: Any) -> dict[str, Any]:
        body = bytearray()
        try:
            async with asyncio.timeout(WHOLE_TIMEOUT_S):
                await self._check_address(uri)
                async with (
                    httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client,
                    client.stream(method, uri, **request) as response,
                ):
                    async for chunk in response.aiter_bytes():
                        body += chunk
                        if len(body) > BODY_BYTES_MAX:
                            raise ProviderFailed("answer too long")
            document = orjson.loads(body) if response.status_code == OK else None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise ProviderFailed(f"unreachable: {type(error).__name__}") from error
        if not isinstance(document, dict):
            raise ProviderFailed(f"status {response.status_code}")
        return document

    def _check_scheme(self, uri: str) -> None:
        parts = urlsplit(uri)
        schemes = {"https", "http"} if self._insecure else {"https"}
        if parts.scheme not in schemes or not parts.hostname:
            raise ProviderFailed("no https")

    async def _check_address(self, uri: str) -> None:
        self._check_scheme(uri)
        parts = urlsplit(uri)
        found = await asyncio.get_running_loop().getaddrinfo(
            parts.hostname, parts.port, type=socket.SOCK_STREAM
        )
        addresses = [ip_address(entry[4][0]) for entry in found]
        if parts.scheme == "http" and not all(address.is_loopback for address in addresses):
            raise ProviderFailed("no https")
        is_public = all(one.is_global and not one.is_multicast for one in addresses)
        if not (is_public or self._private or self._insecure):
            raise ProviderFailed("private address")


def _client_auth(provider: Provider, secret: str, metadata: dict[str, Any]) -> ClientAuth:
    methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
    return ClientAuth(provider.client_id, secret, method)


def _matching(document: dict[str, Any], kid: object, kind: str | None) -> Key | None:
    """Return the key of this name; without a name, the only one of its kind."""
    try:
        keys = [key for key in KeySet.import_key_set(document).keys if key.key_type == kind]  # type: ignore[arg-type] # checked by joserfc
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderFailed("keys unreadable") from error
    named = keys if kid is None else [key for key in keys if key.kid == kid]
    return named[0] if len(named) == 1 else None


def _claims(claims: dict[str, Any], provider: Provider) -> Claims:
    subject, email, name = claims["sub"], claims.get("email"), claims.get("name")
    if not isinstance(subject, str) or not subject or "\0" in subject:
        raise ProviderFailed("token: sub")
    # Some providers say it as a text; some that verify every address do not say it at all.
    is_verified = claims.get("email_verified", True) in (True, "true")
    groups = claims.get(provider.groups_claim)
    names = groups if isinstance(groups, list) else [groups]
    return Claims(
        subject=subject,
        email=email if isinstance(email, str) and "@" in email and is_verified else None,
        name=name if isinstance(name, str) else None,
        groups={group for group in names[:GROUPS_MAX] if isinstance(group, str)},
    )


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise ProviderFailed(f"no {name}")
    return value
