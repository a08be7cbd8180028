"""Sessions: opening one for somebody who has proven who they are, going on, and ending.

Not here: tokens, which only interfaces know, and the second factor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db import access
from db.access import Connection
from db.ids import CompanyId, SessionId, UserId
from domain.identity.keys import hashed
from domain.identity.passwords import Passwords
from domain.refusals import NotThere, Refused

SESSIONS_MAX = 100
# Two tabs that go on at once show the same secret within this time; after it, that is a theft.
GRACE = timedelta(seconds=10)
KNOWN_FOR = timedelta(days=90)
USER_AGENT_CHARACTERS_MAX = 300


class InvalidCredentials(Refused):
    """No active user has this e-mail and password; which of them is wrong is not said."""


class SessionEnded(Refused):
    """The session is revoked, has expired or never was."""


class RefreshSecretReused(SessionEnded):
    """The secret was exchanged before, so somebody has a copy: the session is revoked now."""

    @classmethod
    def code(cls) -> str:
        # Whoever has a copy need not know that it was noticed.
        return SessionEnded.code()


@dataclass(frozen=True, slots=True)
class Proven:
    """Somebody who knows the password. fingerprint: of that password, which may change."""

    user_id: UserId
    has_second_factor: bool
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where a session is opened from. network: what the address is counted by."""

    address: str
    network: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in device. company_id: where it acts unless told otherwise."""

    id: SessionId
    user_id: UserId
    company_id: CompanyId | None
    expires_at: datetime


FINGERPRINT = "left(encode(sha256(convert_to(coalesce(u.password_hash, ''), 'UTF8')), 'hex'), 16)"
CREDENTIALS = f"""
    select u.id, u.password_hash, f.user_id is not null as has_second_factor,
        {FINGERPRINT} as fingerprint
    from app_user u
    left join second_factor f on f.user_id = u.id and f.confirmed_at is not null
    where lower(u.email) = lower($1::text) and u.active
"""
KNOWN = """
    select exists (
        select from session s join app_user u on u.id = s.user_id
        where lower(u.email) = lower($1::text) and s.network = $2 and s.created_at > $3
    )
"""
# The company that a session acts in: the one asked for, if the user is a member; else the first.
OPEN = f"""
    insert into session (user_id, company_id, refresh_hash, created_at, expires_at, last_used_at,
        address, network, user_agent, only_company_id)
    select u.id, (
        select company_id
        from membership m join company c on c.id = m.company_id and c.active
        where m.user_id = u.id and m.active and m.company_id = coalesce($10, m.company_id)
        order by company_id <> $2, company_id limit 1
    ), $3, $4, $5, $4, $6, $7, $8, $10
    from app_user u
    where u.id = $1 and u.active and {FINGERPRINT} = coalesce($9::text, {FINGERPRINT})
    returning id, company_id
"""
ROTATE = """
    update session s set previous_hash = refresh_hash, refresh_hash = $3, expires_at = $5,
        rotated_at = $4, last_used_at = $4, address = $6, network = $7, user_agent = $8
    from app_user u
    where s.id = $1 and s.refresh_hash = $2 and s.revoked_at is null and s.expires_at > $4
        and u.id = s.user_id and u.active
    returning s.user_id, s.company_id, s.expires_at
"""
# Somebody was faster with the same secret, a moment ago; what followed it is still the newest.
JUST_ROTATED = """
    select s.user_id, s.company_id, s.expires_at
    from session s join app_user u on u.id = s.user_id and u.active
    where s.id = $1 and s.previous_hash = $2 and s.refresh_hash = $3 and s.rotated_at > $5
        and s.revoked_at is null and s.expires_at > $4
"""
REVOKE = "update session set revoked_at = $2 where id = $1 and revoked_at is null"
REVOKE_OWN = f"{REVOKE} and user_id = $3 and expires_at > $2 returning id"
REVOKE_OTHERS = """
    update session set revoked_at = $2
    where user_id = $1 and id is distinct from $3 and revoked_at is null and expires_at > $2
    returning id
"""
# An expired or ended session that is refreshed again is no theft.
REVOKE_IF_REUSED = """
    update session set revoked_at = $3
    where id = $1 and refresh_hash <> $2 and revoked_at is null and expires_at > $3
    returning id
"""
LIVE = """
    select id, created_at, last_used_at, address, user_agent from session
    where user_id = $1 and revoked_at is null and expires_at > $2
    order by last_used_at desc nulls last, id desc
    limit $3
"""


async def prove(*, email: str, password: str, passwords: Passwords) -> Proven:
    """Return who has this e-mail and password.

    :raises InvalidCredentials: nobody has
    :raises TooManyWaiting: nothing was checked
    """
    async with access.system() as connection:
        # PostgreSQL refuses a text with a zero character; no e-mail has one.
        user = await connection.fetchrow(CREDENTIALS, email.replace("\0", ""))
    right = await passwords.is_right(password, None if user is None else user["password_hash"])
    if user is None or not right:
        raise InvalidCredentials
    return Proven(UserId(user["id"]), user["has_second_factor"], user["fingerprint"])


async def is_known(*, email: str, network: str, now: datetime) -> bool:
    """Return whether the user of this e-mail has signed in from this network of late."""
    async with access.system() as connection:
        known = await connection.fetchval(KNOWN, email.replace("\0", ""), network, now - KNOWN_FOR)
    return bool(known)


async def open_session(
    *,
    user_id: UserId,
    fingerprint: str | None,
    company_id: CompanyId | None,
    refresh_secret: str,
    device: Device,
    ttl: timedelta,
    now: datetime,
    confined: bool = False,
) -> Session:
    """Open a session for a user, to be kept up by `refresh_secret`.

    fingerprint: of the password that was proven; None when something else was.
    company_id: where to act, if the user is a member; None takes the first company.
    confined: whether the session is good in `company_id` alone.

    :raises InvalidCredentials: the user is not active any more, or has another password
    """
    expires_at = now + ttl
    async with access.system() as connection:
        row = await connection.fetchrow(
            OPEN,
            user_id,
            company_id,
            hashed(refresh_secret),
            now,
            expires_at,
            *_columns(device),
            fingerprint,
            company_id if confined else None,
        )
    if row is None:
        raise InvalidCredentials
    return Session(SessionId(row["id"]), user_id, row["company_id"], expires_at)


async def refresh(
    *,
    session_id: SessionId,
    refresh_secret: str,
    next_secret: str,
    device: Device,
    ttl: timedelta,
    now: datetime,
) -> Session:
    """Exchange a session's secret for the next one. Repeatable for 10 s; later it is a theft.

    refresh_secret: proven to be one that we gave out for this session.
    next_secret: always the same for the same `refresh_secret`.

    :raises RefreshSecretReused: it was exchanged before; the session is revoked
    :raises SessionEnded: nothing was changed
    """
    old, new = hashed(refresh_secret), hashed(next_secret)
    async with access.system() as connection:
        row = await connection.fetchrow(
            ROTATE, session_id, old, new, now, now + ttl, *_columns(device)
        ) or await connection.fetchrow(JUST_ROTATED, session_id, old, new, now, now - GRACE)
        reused = row is None and await connection.fetchval(REVOKE_IF_REUSED, session_id, old, now)
    if reused:
        raise RefreshSecretReused("refresh_token")
    if row is None:
        raise SessionEnded("refresh_token")
    return Session(session_id, UserId(row["user_id"]), row["company_id"], row["expires_at"])


async def end_session(*, session_id: SessionId, now: datetime) -> None:
    """End a session: its tokens are refused from now on. Safe to repeat."""
    async with access.system() as connection:
        await connection.execute(REVOKE, session_id, now)


async def end_own(*, session_id: SessionId, user_id: UserId, now: datetime) -> None:
    """End one of a user's sessions.

    :raises NotThere: the user has no such session, or not any more
    """
    async with access.system() as connection:
        if await connection.fetchval(REVOKE_OWN, session_id, now, user_id) is None:
            raise NotThere


async def end_others(*, user_id: UserId, but: SessionId | None, now: datetime) -> int:
    """End a user's sessions, but one; return how many ended. Safe to repeat."""
    async with access.system() as connection:
        return await revoke_others(connection, user_id=user_id, but=but, now=now)


async def revoke_others(
    connection: Connection, *, user_id: UserId, but: SessionId | None, now: datetime
) -> int:
    """End a user's sessions within a transaction; return how many ended."""
    return len(await connection.fetch(REVOKE_OTHERS, user_id, now, but))


async def live(*, user_id: UserId, now: datetime) -> list[asyncpg.Record]:
    """Return a user's sessions, the last used first; at most 100."""
    async with access.system() as connection:
        return await connection.fetch(LIVE, user_id, now, SESSIONS_MAX)


def _columns(device: Device) -> tuple[str, str, str]:
    user_agent = device.user_agent[:USER_AGENT_CHARACTERS_MAX].replace("\0", "")
    return device.address, device.network, user_agent
