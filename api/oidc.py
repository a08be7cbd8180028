"""The way to a company's OpenID provider and back. What goes wrong is told to nobody but the log.

The browser that leaves gets a cookie for a few minutes: nobody comes back in its place. No token is
ever in a URL; what is, is good for one `exchangeSignInCode` within a minute.
"""

import logging
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from api.attempts import Attempts
from api.company_ids import company_id_of
from api.errors import BadUserInput, RateLimited
from api.oidc_client import OidcClient, ProviderFailed
from api.request_ids import REQUEST_ID_HEADER, request_id_of
from db.acting import Actor, acting
from db.enums import ActorKind
from db.ids import CompanyId
from domain.identity import arrivals, providers
from domain.identity.arrivals import Departure, NotLetIn
from domain.identity.keys import Keys, Unsealable

FOLDER = "/auth/oidc"
CALLBACK = f"{FOLDER}/callback"
COOKIE = "wattledger_oidc"
SECRET_BYTES = 32
RETURN_TO_CHARACTERS_MAX = 2_000
PARAMETER_CHARACTERS_MAX = 4_000
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
FAILED = "sign_in_failed"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSignIn:
    """Sends people to their company's provider and takes them back.

    origins: where they may come out, besides `public_url`.
    """

    client: OidcClient
    attempts: Attempts
    keys: Keys
    public_url: str
    origins: Collection[str]
    clock: Callable[[], datetime]

    def routes(self) -> list[Route]:
        return [
            Route(CALLBACK, self.come_back, methods=["GET"]),
            Route(f"{FOLDER}/{{company}}/start", self.start, methods=["GET"]),
        ]

    async def start(self, request: Request) -> Response:
        return_to = request.query_params.get("returnTo", "")
        if not self._may_return_to(return_to):
            return _refused(400)
        try:
            await self.attempts.address(_address(request))
            company_id = company_id_of("company", request.path_params["company"])
            return await self._leave(company_id, return_to)
        except RateLimited:
            return _refused(429)
        except BadUserInput:
            return _refused(404)
        except ProviderFailed as error:
            log.warning("oidc.failed", extra={"reason": str(error)})
            return _refused(502)

    async def come_back(self, request: Request) -> Response:
        state, code = (request.query_params.get(name, "") for name in ("state", "code"))
        browser = request.cookies.get(COOKIE, "")
        try:
            await self.attempts.address(_address(request))
        except RateLimited:
            return _refused(429)
        departure = await arrivals.come_back(state=state, browser=browser, now=self.clock())
        if departure is None:
            return self._without_cookie(_refused(400))
        answer = {"error": FAILED}
        try:
            if 0 < len(code) <= PARAMETER_CHARACTERS_MAX:
                with acting(_actor(request)):
                    answer = {"code": await self._let_in(departure, code)}
        except NotLetIn as refusal:
            _tell(departure, refusal.reason)
        except (ProviderFailed, Unsealable) as error:
            _tell(departure, str(error))
        response = RedirectResponse(_with(departure.return_to, answer), 303, headers=PRIVATE)
        return self._without_cookie(response)

    async def _leave(self, company_id: CompanyId, return_to: str) -> Response:
        provider = await providers.find(company_id)
        if provider is None or not provider.active:
            return _refused(404)
        state, nonce, verifier, browser = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(4))
        departure = Departure(
            company_id=company_id, nonce=nonce, verifier=verifier, return_to=return_to
        )
        address = await self.client.address(
            provider, departure, state=state, redirect_uri=self._redirect_uri
        )
        await arrivals.leave(departure=departure, state=state, browser=browser, now=self.clock())
        response = RedirectResponse(address, 303, headers=PRIVATE)
        response.set_cookie(
            COOKIE,
            browser,
            max_age=int(arrivals.GOOD_FOR.total_seconds()),
            path=FOLDER,
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def _let_in(self, departure: Departure, code: str) -> str:
        provider = await providers.find(departure.company_id)
        if provider is None or not provider.active:
            raise NotLetIn("no provider any more")
        claims = await self.client.claims(
            provider,
            departure,
            code=code,
            client_secret=provider.client_secret(self.keys),
            redirect_uri=self._redirect_uri,
        )
        own = secrets.token_urlsafe(SECRET_BYTES)
        await arrivals.let_in(provider=provider, claims=claims, code=own, now=self.clock())
        return own

    @property
    def _redirect_uri(self) -> str:
        return f"{self.public_url}{CALLBACK}"

    @property
    def _is_secure(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    def _may_return_to(self, url: str) -> bool:
        """Return whether pages of this URL are ours; browsers read some signs in their own way."""
        is_plain = url.isascii() and url.isprintable() and not any(c in url for c in '\\ "<>')
        if not is_plain or len(url) > RETURN_TO_CHARACTERS_MAX:
            return False
        try:
            origin = _origin(url)
        except ValueError:
            return False
        return origin in {_origin(self.public_url), *self.origins}

    def _without_cookie(self, response: Response) -> Response:
        response.delete_cookie(
            COOKIE, path=FOLDER, secure=self._is_secure, httponly=True, samesite="lax"
        )
        return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _with(url: str, answer: dict[str, str]) -> str:
    """Return the URL with the answer in its query, instead of any that stood there."""
    parts = urlsplit(url)
    query = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if pair[0] not in ("code", "error")
    ]
    return parts._replace(query=urlencode([*query, *answer.items()])).geturl()


def _refused(status: int) -> Response:
    return PlainTextResponse("Signing in failed.", status, headers=PRIVATE)


def _tell(departure: Departure, reason: str) -> None:
    facts = {"company_id": departure.company_id, "reason": reason}
    log.warning("oidc.refused", extra=facts)


def _actor(request: Request) -> Actor:
    """Return who lets somebody in: we do, on the word of the provider."""
    return Actor(
        kind=ActorKind.SYSTEM,
        address=_address(request) or None,
        request_id=request_id_of(request.headers.get(REQUEST_ID_HEADER)),
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
