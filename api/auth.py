"""Signing in, and finding out who asks. Not here: what a role may do, and passwords."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.attempts import Attempts
from api.caller import NO_COMPANY, Caller
from api.calling_key import KeyHolders
from api.company_ids import company_id_of
from api.errors import Forbidden, RateLimited
from api.throttle import network_of
from api.tokens import (
    AccessToken,
    Challenge,
    InvalidToken,
    RefreshToken,
    Tokens,
    new_secret,
    whole_seconds,
)
from db.gathering import Gathering
from db.ids import CompanyId, SessionId
from domain.audit import choices
from domain.identity import arrivals, queries, second_factor, sessions
from domain.identity.keys import Keys
from domain.identity.passwords import Passwords, TooManyWaiting
from domain.identity.queries import Asked, Rights
from domain.identity.sessions import Device, InvalidCredentials, Proven, Session, SessionEnded
from domain.keys.text import is_key
from domain.refusals import Refused

COMPANY_HEADER = "X-Wattledger-Company"
BEARER = "bearer "
BUSY_RETRY_AFTER_S = 1
CHALLENGE_TTL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The tokens of a session."""

    access_token: str
    access_token_expires_at: datetime
    refresh_token: str
    refresh_token_expires_at: datetime


class SecondFactorRequired(Refused):
    """The password is right; `challenge` and a code open the session."""

    def __init__(self, challenge: str, expires_at: datetime) -> None:
        super().__init__()
        self.challenge = challenge
        self.expires_at = expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where somebody signs in from."""

    address: str
    user_agent: str

    @property
    def device(self) -> Device:
        network = network_of(self.address)
        return Device(address=self.address, network=network, user_agent=self.user_agent)


class Authenticator:
    """Gives tokens to those who prove who they are, and says whose a token is."""

    def __init__(
        self,
        *,
        tokens: Tokens,
        passwords: Passwords,
        keys: Keys,
        attempts: Attempts,
        access_ttl: timedelta,
        refresh_ttl: timedelta,
        clock: Callable[[], datetime],
        insecure_providers: bool = False,
    ) -> None:
        self.insecure_providers = insecure_providers
        self.passwords = passwords
        self.keys = keys
        self.attempts = attempts
        self._tokens = tokens
        self._access_ttl = access_ttl
        self._refresh_ttl = refresh_ttl
        self._clock = clock
        self._keys = KeyHolders(clock)
        self._rights = Gathering(self._rights_of)

    async def sign_in(
        self, *, email: str, password: str, company_id: CompanyId | None, origin: Origin
    ) -> SignedIn:
        """Open a session.

        :raises InvalidCredentials: nothing was opened
        :raises SecondFactorRequired: nothing was opened yet
        :raises RateLimited: nothing was checked
        """
        await self.attempts.sign_in(email=email, address=origin.address)
        try:
            proven = await sessions.prove(email=email, password=password, passwords=self.passwords)
        except TooManyWaiting as error:
            raise RateLimited(retry_after_s=BUSY_RETRY_AFTER_S) from error
        return await self._proven(proven, company_id, origin, confined=False)

    async def exchange(self, code: str, *, origin: Origin) -> SignedIn:
        """Open a session for the company whose provider let somebody in with this code.

        :raises InvalidCredentials: nothing was opened
        :raises SecondFactorRequired: nothing was opened yet
        :raises RateLimited: nothing was checked
        """
        await self.attempts.link(origin.address)
        proven, company_id = await arrivals.redeem(code=code, now=self._clock())
        return await self._proven(proven, company_id, origin, confined=True)

    async def _proven(
        self, proven: Proven, company_id: CompanyId | None, origin: Origin, *, confined: bool
    ) -> SignedIn:
        now = self._clock()
        challenge = Challenge(proven.user_id, proven.fingerprint, company_id, confined)
        if proven.has_second_factor:
            expires_at = whole_seconds(now + CHALLENGE_TTL)
            text = self._tokens.sign_challenge(challenge, now=now, expires_at=expires_at)
            raise SecondFactorRequired(text, expires_at)
        return await self._open(challenge, origin)

    async def complete(self, challenge: str, code: str, *, origin: Origin) -> SignedIn:
        """Open the session that the password alone did not, by a code of the second factor.

        :raises WrongCode: nothing was opened
        :raises InvalidCredentials: the challenge is too old, or the password has changed since
        :raises RateLimited: nothing was checked
        """
        await self.attempts.address(origin.address)
        try:
            found = self._tokens.read_challenge(challenge, now=self._clock())
        except InvalidToken as error:
            raise InvalidCredentials from error
        await self.attempts.code(found.user_id)
        await second_factor.prove(
            user_id=found.user_id, code=code, keys=self.keys, now=self._clock()
        )
        return await self._open(found, origin)

    async def refresh(self, refresh_token: str, *, origin: Origin) -> SignedIn:
        """Exchange a refresh token, which is good for one use, for new tokens.

        :raises SessionEnded: it is no good, or was used before, which ends its session
        :raises RateLimited: nothing was checked
        """
        await self.attempts.address(origin.address)
        now = self._clock()
        try:
            token = self._tokens.read_refresh(refresh_token, now=now)
        except InvalidToken as error:
            raise SessionEnded("refresh_token") from error
        secret = self.keys.next_secret(token.session_id, token.secret)
        session = await sessions.refresh(
            session_id=token.session_id,
            refresh_secret=token.secret,
            next_secret=secret,
            device=origin.device,
            ttl=self._refresh_ttl,
            now=now,
        )
        return self._signed_in(session, secret, now=now)

    async def sign_out(self, session_id: SessionId) -> None:
        await sessions.end_session(session_id=session_id, now=self._clock())

    async def caller(
        self,
        *,
        authorization: str | None,
        company: str | None,
        address: str,
        language: str | None = None,
    ) -> Caller | None:
        """Return who asks; None when nobody says so, or the token is no good (any more).

        authorization: `Bearer <access token or API key>`.
        company: the global id of one of the caller's companies; None takes the token's.
        address: where the request came from.
        language: the one of messages; None takes the user's, or the company's.

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
        return await self._user(text, chosen, language, address=address)

    async def _user(
        self, text: str, chosen: CompanyId | None, language: str | None, *, address: str
    ) -> Caller | None:
        now = self._clock()
        try:
            token = self._tokens.read_access(text, now=now)
        except InvalidToken:
            return None
        rights = await self._rights.ask(
            Asked(token.session_id, token.user_id, chosen or token.company_id)
        )
        if rights is None:
            return None
        if chosen is not None:
            if rights.company_id != chosen:
                raise Forbidden("You do not belong to this company.")
            if rights.is_platform_staff:
                await choices.note(
                    company_id=chosen, user_id=token.user_id, address=address, now=now
                )
        return _caller(token, rights, language)

    async def renewed(self, caller: Caller, *, language: str | None = None) -> Caller | None:
        """Return the same caller with the rights of now; None when session or key have ended."""
        if caller.key is not None:
            return await self._keys.renewed(caller.key.id)
        token = AccessToken(
            caller.user_id, caller.session_id, caller.company_id or None, caller.expires_at
        )
        rights = await self._rights.ask(Asked(caller.session_id, caller.user_id, token.company_id))
        return None if rights is None else _caller(token, rights, language)

    def close(self) -> None:
        self.passwords.close()

    async def _rights_of(self, asked: Sequence[Asked]) -> dict[Asked, Rights]:
        return await queries.rights_of(asked, now=self._clock())

    async def _open(self, proven: Challenge, origin: Origin) -> SignedIn:
        secret, now = new_secret(), self._clock()
        session = await sessions.open_session(
            user_id=proven.user_id,
            fingerprint=proven.fingerprint,
            company_id=proven.company_id,
            refresh_secret=secret,
            device=origin.device,
            ttl=self._refresh_ttl,
            now=now,
            confined=proven.confined,
        )
        return self._signed_in(session, secret, now=now)

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


def _caller(token: AccessToken, rights: Rights, language: str | None) -> Caller:
    return Caller(
        user_id=token.user_id,
        session_id=token.session_id,
        name=rights.user_name,
        email=rights.email,
        company_id=rights.company_id or NO_COMPANY,
        role=rights.role,
        role_name=rights.role_name,
        scopes=rights.scopes,
        branch_id=rights.branch_id,
        field_id=rights.field_id,
        subscriber_id=rights.subscriber_id,
        locale=language or rights.own_locale or rights.locale,
        time_zone=rights.time_zone,
        expires_at=min(token.expires_at, rights.session_expires_at),
        has_second_factor=rights.has_second_factor,
        needs_second_factor=rights.needs_second_factor,
    )
