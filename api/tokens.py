"""Access and refresh tokens: signed, short, and never trusted for what may have changed since."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from db.ids import CompanyId, SessionId, UserId

ISSUER = "wattledger"
ACCESS_AUDIENCE = "wattledger:access"
REFRESH_AUDIENCE = "wattledger:refresh"
CHALLENGE_AUDIENCE = "wattledger:second-factor"
ALGORITHMS = ["HS256"]
TOKEN_BYTES_MAX = 4 * 1024
SECRET_BYTES = 32
ID_MAX = 2**63 - 1
KEPT_MAX = 1_000


class InvalidToken(Exception):
    """The token is not one of ours, or not any more."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token says. company_id: where to act unless the request says otherwise."""

    user_id: UserId
    session_id: SessionId
    company_id: CompanyId | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a refresh token says: its session, and the secret that is good for one use."""

    session_id: SessionId
    secret: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a challenge says: who has shown the password, and of which the fingerprint is.

    company_id: where to act once the second factor is shown as well.
    confined: whether to act nowhere else.
    """

    user_id: UserId
    fingerprint: str
    company_id: CompanyId | None
    confined: bool = False


class Tokens:
    """Signs tokens and reads them back."""

    def __init__(self, secret: str) -> None:
        self._key = OctKey.import_key(secret)
        # What was proven once stays proven, but for the time: a client asks often in a few minutes.
        self._proven: OrderedDict[str, AccessToken] = OrderedDict()

    def sign_access(self, token: AccessToken, *, now: datetime) -> str:
        return self._sign(
            ACCESS_AUDIENCE,
            now=now,
            expires_at=token.expires_at,
            sub=str(token.user_id),
            sid=token.session_id,
            company=token.company_id,
        )

    def sign_refresh(
        self, token: RefreshToken, *, now: datetime, expires_at: datetime, user_id: UserId
    ) -> str:
        return self._sign(
            REFRESH_AUDIENCE,
            now=now,
            expires_at=expires_at,
            sub=str(user_id),
            sid=token.session_id,
            jti=token.secret,
        )

    def sign_challenge(self, challenge: Challenge, *, now: datetime, expires_at: datetime) -> str:
        return self._sign(
            CHALLENGE_AUDIENCE,
            now=now,
            expires_at=expires_at,
            sub=str(challenge.user_id),
            sid=0,
            pwd=challenge.fingerprint,
            company=challenge.company_id,
            confined=challenge.confined,
        )

    def read_access(self, text: str, *, now: datetime) -> AccessToken:
        """Return what the token says.

        :raises InvalidToken: it is forged, expired, or no access token
        """
        token = self._proven.get(text)
        if token is None or token.expires_at <= whole_seconds(now):
            token = self._proven[text] = self._proved_access(text, now=now)
            if len(self._proven) > KEPT_MAX:
                self._proven.popitem(last=False)
        return token

    def _proved_access(self, text: str, *, now: datetime) -> AccessToken:
        claims = self._read(text, ACCESS_AUDIENCE, now=now)
        try:
            company = claims.get("company")
            return AccessToken(
                user_id=UserId(_id(claims["sub"])),
                session_id=SessionId(_id(claims["sid"])),
                company_id=None if company is None else CompanyId(_id(company)),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidToken from error

    def read_refresh(self, text: str, *, now: datetime) -> RefreshToken:
        """Return what the token says.

        :raises InvalidToken: it is forged, expired, or no refresh token
        """
        claims = self._read(text, REFRESH_AUDIENCE, now=now)
        try:
            return RefreshToken(SessionId(_id(claims["sid"])), str(claims["jti"]))
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidToken from error

    def read_challenge(self, text: str, *, now: datetime) -> Challenge:
        """Return what the challenge says.

        :raises InvalidToken: it is forged, expired, or no challenge
        """
        claims = self._read(text, CHALLENGE_AUDIENCE, now=now)
        try:
            company = claims["company"]
            return Challenge(
                user_id=UserId(_id(claims["sub"])),
                fingerprint=str(claims["pwd"]),
                company_id=None if company is None else CompanyId(_id(company)),
                confined=claims.get("confined") is True,
            )
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidToken from error

    def _sign(self, audience: str, *, now: datetime, expires_at: datetime, **claims: object) -> str:
        all_claims = {
            **claims,
            "iss": ISSUER,
            "aud": audience,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode({"alg": ALGORITHMS[0]}, all_claims, self._key, algorithms=ALGORITHMS)

    def _read(self, text: str, audience: str, *, now: datetime) -> dict[str, Any]:
        if len(text) > TOKEN_BYTES_MAX:
            raise InvalidToken
        # Decoding proves the signature alone; everything else is for the registry to check.
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
        )
        try:
            claims = jwt.decode(text, self._key, algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise InvalidToken from error
        return claims


def _id(claim: object) -> int:
    number = int(str(claim))
    if not 0 < number <= ID_MAX:
        raise ValueError(number)
    return number


def new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def whole_seconds(moment: datetime) -> datetime:
    """Return the moment as tokens can say it."""
    return moment - timedelta(microseconds=moment.microsecond)
