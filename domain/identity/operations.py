"""Users, their memberships, and signing in. Not here: tokens, which only interfaces know."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from db import access
from db.enums import Role
from db.ids import BranchId, CompanyId, FieldId, SessionId, SubscriberId, UserId
from domain.identity.passwords import PASSWORD_CHARACTERS_MAX, Passwords

PASSWORD_CHARACTERS_MIN = 12


class InvalidCredentials(Exception):
    """No active user has this e-mail and password; which of them is wrong is not said."""


class PasswordTooWeak(Exception):
    """The password is too short or too long; nothing was written."""


class SessionEnded(Exception):
    """The session is revoked, has expired or never was."""


class RefreshSecretReused(SessionEnded):
    """The secret was exchanged before, so somebody has a copy: the session is revoked now."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in device. company_id: where it acts unless told otherwise."""

    id: SessionId
    user_id: UserId
    company_id: CompanyId | None
    expires_at: datetime


CREDENTIALS = (
    "select id, password_hash from app_user where lower(email) = lower($1::text) and active"
)
# The company that a session acts in: the one asked for, if the user is a member; else the first.
OPEN_SESSION = """
    insert into session (user_id, company_id, refresh_hash, created_at, expires_at)
    values ($1, (
        select company_id from membership m join company c on c.id = m.company_id and c.active
        where m.user_id = $1 order by company_id <> $2, company_id limit 1
    ), $3, $4, $5)
    returning id, company_id
"""
ROTATE = """
    update session s set previous_hash = refresh_hash, refresh_hash = $3, expires_at = $5
    from app_user u
    where s.id = $1 and s.refresh_hash = $2 and s.revoked_at is null and s.expires_at > $4
        and u.id = s.user_id and u.active
    returning s.user_id, s.company_id
"""
REVOKE = "update session set revoked_at = $2 where id = $1 and revoked_at is null"
# An expired or ended session that is refreshed again is no theft.
REVOKE_IF_REUSED = """
    update session set revoked_at = $3
    where id = $1 and refresh_hash <> $2 and revoked_at is null and expires_at > $3
    returning id
"""


async def create_user(
    *,
    email: str,
    name: str,
    password: str,
    passwords: Passwords,
    now: datetime,
    platform_role: Literal[Role.DEVELOPER] | None = None,
) -> UserId:
    """Add a person who signs in; what the user may do, memberships or the platform role say.

    :raises PasswordTooWeak: nothing was written
    :raises asyncpg.UniqueViolationError: somebody has this e-mail
    """
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise PasswordTooWeak(f"expected {PASSWORD_CHARACTERS_MIN} characters or more")
    password_hash = await passwords.hash(password)
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, password_hash, platform_role, created_at)"
            " values ($1, $2, $3, $4, $5) returning id",
            email,
            name,
            password_hash,
            platform_role,
            now,
        )
    return UserId(user_id)


async def add_membership(
    *,
    company_id: CompanyId,
    user_id: UserId,
    role: Role,
    branch_id: BranchId | None = None,
    field_id: FieldId | None = None,
    subscriber_id: SubscriberId | None = None,
) -> None:
    """Give a user a role in a company, or in one branch or field of it, or for one subscriber.

    :raises asyncpg.IntegrityConstraintViolationError: the user is a member already, or the role
        and the place do not fit; nothing was written
    """
    async with access.system() as connection:
        await connection.execute(
            "insert into membership (company_id, user_id, role, branch_id, field_id, subscriber_id)"
            " values ($1, $2, $3, $4, $5, $6)",
            company_id,
            user_id,
            role,
            branch_id,
            field_id,
            subscriber_id,
        )


async def sign_in(
    *,
    email: str,
    password: str,
    passwords: Passwords,
    company_id: CompanyId | None,
    refresh_secret: str,
    ttl: timedelta,
    now: datetime,
) -> Session:
    """Open a session for a user, to be kept up by `refresh_secret`.

    company_id: where to act, if the user is a member; None takes the first company.

    :raises InvalidCredentials: nothing was opened
    :raises TooManyWaiting: nothing was checked
    """
    async with access.system() as connection:
        # PostgreSQL refuses a text with a zero character; no e-mail has one.
        user = await connection.fetchrow(CREDENTIALS, email.replace("\0", ""))
    right = await passwords.is_right(password, None if user is None else user["password_hash"])
    if user is None or not right:
        raise InvalidCredentials
    expires_at = now + ttl
    async with access.system() as connection:
        row = await connection.fetchrow(
            OPEN_SESSION, user["id"], company_id, _hash(refresh_secret), now, expires_at
        )
    if row is None:
        raise InvalidCredentials
    return Session(SessionId(row["id"]), UserId(user["id"]), row["company_id"], expires_at)


async def refresh(
    *,
    session_id: SessionId,
    refresh_secret: str,
    next_secret: str,
    ttl: timedelta,
    now: datetime,
) -> Session:
    """Exchange a session's secret for the next one. Not repeatable: a second use is a theft.

    refresh_secret: proven to be one that we gave out for this session.

    :raises RefreshSecretReused: it was exchanged before; the session is revoked
    :raises SessionEnded: nothing was changed
    """
    async with access.system() as connection:
        row = await connection.fetchrow(
            ROTATE, session_id, _hash(refresh_secret), _hash(next_secret), now, now + ttl
        )
        reused = row is None and await connection.fetchval(
            REVOKE_IF_REUSED, session_id, _hash(refresh_secret), now
        )
    if reused:
        raise RefreshSecretReused(str(session_id))
    if row is None:
        raise SessionEnded(str(session_id))
    return Session(session_id, UserId(row["user_id"]), row["company_id"], now + ttl)


async def end_session(*, session_id: SessionId, now: datetime) -> None:
    """End a session: its tokens are refused from now on. Safe to repeat."""
    async with access.system() as connection:
        await connection.execute(REVOKE, session_id, now)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
