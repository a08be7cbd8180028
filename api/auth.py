"""Signing in, and finding out who asks. Not here: what a role may do, and passwords."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from api.caller import NO_COMPANY, Caller
from api.calling_key import KeyHolders
from api.errors import BadUserInput, Forbidden, RateLimited
from api.global_ids import UndecodableId, decode
from api.permissions.roles import OF_THE_PLATFORM, scopes_of
from api.throttle import Throttle, network_of
from api.tokens import AccessToken, InvalidToken, RefreshToken, Tokens, new_secret, whole_seconds
from db.enums import Scope
from db.ids import CompanyId, SessionId
from domain.identity import operations, queries
from domain.identity.operations import Session
from domain.identity.passwords import Passwords, TooManyWaiting
from domain.keys.text import is_key

ATTEMPTS_PER_EMAIL_MAX = 5
ATTEMPTS_PER_ADDRESS_MAX = 30
COMPANY_HEADER = "X-Wattledger-Company"
BEARER = "bearer "
BUSY_RETRY_AFTER_S = 1
COMPANY_ID_MAX = 2**31 - 1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The tokens of a session."""

    access_token: str
    access_token_expires_at: datetime
    refresh_token: str
    refresh_token_expires_at: datetime


class Authenticator:
    """Gives tokens to those who prove who they are, and says whose a token is."""

    def __init__(
        self,
        *,
        tokens: Tokens,
        passwords: Passwords,
        access_ttl: timedelta,
        refresh_ttl: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._passwords = passwords
        self._access_ttl = access_ttl
        self._refresh_ttl = refresh_ttl
        self._clock = clock
        self._keys = KeyHolders(clock)
        self._by_email = Throttle(attempts_max=ATTEMPTS_PER_EMAIL_MAX, clock=clock)
        self._by_address = Throttle(attempts_max=ATTEMPTS_PER_ADDRESS_MAX, clock=clock)

    async def sign_in(
        self, *, email: str, password: str, company_id: CompanyId | None, address: str
    ) -> SignedIn:
        """Open a session.

        :raises InvalidCredentials: nothing was opened
        :raises RateLimited: nothing was checked
        """
        self._by_address.attempt(network_of(address))
        self._by_email.attempt(email.casefold())
        secret, now = new_secret(), self._clock()
        try:
            session = await operations.sign_in(
                email=email,
                password=password,
                passwords=self._passwords,
                company_id=company_id,
                refresh_secret=secret,
                ttl=self._refresh_ttl,
                now=now,
            )
        except TooManyWaiting as error:
            raise RateLimited(retry_after_s=BUSY_RETRY_AFTER_S) from error
        return self._signed_in(session, secret, now=now)

    async def refresh(self, refresh_token: str, *, address: str) -> SignedIn:
        """Exchange a refresh token, which is good for one use, for new tokens.

        :raises SessionEnded: it is no good, or was used before, which ends its session
        :raises RateLimited: nothing was checked
        """
        self._by_address.attempt(network_of(address))
        secret, now = new_secret(), self._clock()
        try:
            token = self._tokens.read_refresh(refresh_token, now=now)
        except InvalidToken as error:
            raise operations.SessionEnded from error
        session = await operations.refresh(
            session_id=token.session_id,
            refresh_secret=token.secret,
            next_secret=secret,
            ttl=self._refresh_ttl,
            now=now,
        )
        return self._signed_in(session, secret, now=now)

    async def sign_out(self, session_id: SessionId) -> None:
        await operations.end_session(session_id=session_id, now=self._clock())

    async def caller(
        self, *, authorization: str | None, company: str | None, address: str
    ) -> Caller | None:
        """Return who asks; None when nobody says so, or the token is no good (any more).

        authorization: `Bearer <access token or API key>`.
        company: the global id of one of the caller's companies; None takes the token's.
        address: where the request came from.

        :raises BadUserInput: `company` is no id of a company
        :raises Forbidden: the caller does not belong to it, or is not where its key may be used
        :raises Unauthenticated: the key is no good
        """
        if authorization is None or not authorization.lower().startswith(BEARER):
            return None
        text = authorization[len(BEARER) :].strip()
        chosen = None if company is None else company_id_of(COMPANY_HEADER, company)
        if is_key(text):
            return await self._keys.caller(text, company_id=chosen, address=address)
        return await self._user(text, chosen)

    async def _user(self, text: str, chosen: CompanyId | None) -> Caller | None:
        now = self._clock()
        try:
            token = self._tokens.read_access(text, now=now)
        except InvalidToken:
            return None
        rights = await queries.rights(
            session_id=token.session_id,
            user_id=token.user_id,
            company_id=chosen or token.company_id,
            now=now,
        )
        if rights is None:
            return None
        if chosen is not None:
            _check_choice(token, chosen, rights)
        return _caller(token, rights)

    async def renewed(self, caller: Caller) -> Caller | None:
        """Return the same caller with the rights of now; None when session or key have ended."""
        if caller.key is not None:
            return await self._keys.renewed(caller.key.id)
        token = AccessToken(
            caller.user_id, caller.session_id, caller.company_id or None, caller.expires_at
        )
        rights = await queries.rights(
            session_id=caller.session_id,
            user_id=caller.user_id,
            company_id=token.company_id,
            now=self._clock(),
        )
        return None if rights is None else _caller(token, rights)

    def close(self) -> None:
        self._passwords.close()

    def _signed_in(self, session: Session, secret: str, *, now: datetime) -> SignedIn:
        access_expires_at = whole_seconds(now + self._access_ttl)
        access = AccessToken(session.user_id, session.id, session.company_id, access_expires_at)
        refresh = RefreshToken(session.id, secret)
        return SignedIn(
            access_token=self._tokens.sign_access(access, now=now),
            access_token_expires_at=access_expires_at,
            refresh_token=self._tokens.sign_refresh(
                refresh, now=now, expires_at=session.expires_at, user_id=session.user_id
            ),
            refresh_token_expires_at=whole_seconds(session.expires_at),
        )


def company_id_of(argument: str, text: str) -> CompanyId:
    """Return the company whose global id this is.

    :raises BadUserInput: it is none
    """
    try:
        type_name, company_id = decode(text)
    except UndecodableId:
        type_name, company_id = "", 0
    if type_name != "Company" or company_id > COMPANY_ID_MAX:
        raise BadUserInput(argument, "expected the id of a company")
    return CompanyId(company_id)


def _check_choice(token: AccessToken, chosen: CompanyId, rights: queries.Rights) -> None:
    if rights.company_id != chosen:
        raise Forbidden("You do not belong to this company.")
    if rights.is_platform_staff:
        facts: dict[str, Any] = {"user_id": token.user_id, "company_id": chosen}
        log.info("company.chosen", extra=facts)


def _scopes(rights: queries.Rights) -> frozenset[Scope]:
    # Before there is a company, somebody has to found one.
    if rights.role is None and rights.is_platform_staff:
        return OF_THE_PLATFORM
    return scopes_of(rights.role)


def _caller(token: AccessToken, rights: queries.Rights) -> Caller:
    return Caller(
        user_id=token.user_id,
        session_id=token.session_id,
        name=rights.user_name,
        company_id=rights.company_id or NO_COMPANY,
        role=rights.role,
        scopes=_scopes(rights),
        branch_id=rights.branch_id,
        field_id=rights.field_id,
        subscriber_id=rights.subscriber_id,
        locale=rights.locale,
        time_zone=rights.time_zone,
        expires_at=min(token.expires_at, rights.session_expires_at),
    )
