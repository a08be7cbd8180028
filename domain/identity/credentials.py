"""A user's own password: changing it, and choosing a new one by a mailed token."""

from datetime import datetime

from db import access
from db.access import Connection
from db.enums import MessageKind
from db.ids import MessageId, SessionId, UserId
from domain.identity.keys import Keys, hashed
from domain.identity.passwords import Passwords, check_strength
from domain.identity.sessions import revoke_others
from domain.messages.queue import PLATFORM, put
from domain.messages.user_letters import sealed_email
from domain.refusals import Refused

PASSWORD_HASH = "select password_hash from app_user where id = $1 and active"  # noqa: S105
# Somebody else may have changed it since it was checked.
REPLACE = "update app_user set password_hash = $2 where id = $1 and password_hash = $3 returning id"
RESETTING = """
    select r.user_id from password_reset r join app_user u on u.id = r.user_id and u.active
    where r.token_hash = $1 and r.used_at is null and r.expires_at > $2
"""
USE_RESET = """
    update password_reset set used_at = $2
    where token_hash = $1 and used_at is null and expires_at > $2
    returning user_id
"""
VOID_RESETS = "update password_reset set used_at = $2 where user_id = $1 and used_at is null"
SET_HASH = "update app_user set password_hash = $2 where id = $1 and active returning id"


class WrongPassword(Refused):
    """The user's password is another."""


class LinkInvalid(Refused):
    """The token of a link is not good, or not any more."""


async def check_password(*, user_id: UserId, password: str, passwords: Passwords) -> str:
    """Return what is kept of a user's password, if this is it.

    :raises WrongPassword: it is not, or the user has none
    :raises TooManyWaiting: nothing was checked
    """
    async with access.system() as connection:
        stored: str | None = await connection.fetchval(PASSWORD_HASH, user_id)
    if not await passwords.is_right(password, stored) or stored is None:
        raise WrongPassword("password")
    return stored


async def change_password(
    *,
    user_id: UserId,
    session_id: SessionId,
    password: str,
    new_password: str,
    passwords: Passwords,
    locale: str,
    now: datetime,
) -> None:
    """Change a user's password, end the user's other sessions, and say so by mail.

    :raises WrongPassword, PasswordTooWeak: nothing was written
    :raises TooManyWaiting: nothing was checked
    """
    check_strength(new_password, "new_password")
    stored = await check_password(user_id=user_id, password=password, passwords=passwords)
    new_hash = await passwords.hash(new_password)
    async with access.system() as connection:
        if await connection.fetchval(REPLACE, user_id, new_hash, stored) is None:
            raise WrongPassword("password")
        await _after_change(connection, user_id, but=session_id, locale=locale, now=now)


async def request_reset(*, email: str, keys: Keys, locale: str, now: datetime) -> None:
    """Queue a mail for whoever has this address; whether anybody has, is found out later.

    So the answer says nothing of it, nor does the time that it takes.
    """
    async with access.system() as connection:
        message_id = MessageId(await connection.fetchval("select nextval('id_sequence')"))
        await put(
            connection,
            company_id=PLATFORM,
            message_id=message_id,
            kind=MessageKind.PASSWORD_RESET,
            sealed=sealed_email(keys, message_id, email.replace("\0", "")),
            locale=locale,
            now=now,
        )


async def reset_password(
    *, token: str, password: str, passwords: Passwords, locale: str, now: datetime
) -> None:
    """Set a new password by a mailed token, which is good for one, and end all sessions.

    :raises LinkInvalid, PasswordTooWeak: nothing was written
    :raises TooManyWaiting: nothing was written
    """
    check_strength(password, "password")
    async with access.system() as connection:
        # Hashing is dear: not for whoever has no token.
        if await connection.fetchval(RESETTING, hashed(token), now) is None:
            raise LinkInvalid("token")
    new_hash = await passwords.hash(password)
    async with access.system() as connection:
        user_id = await connection.fetchval(USE_RESET, hashed(token), now)
        if user_id is None or await connection.fetchval(SET_HASH, user_id, new_hash) is None:
            raise LinkInvalid("token")
        await _after_change(connection, UserId(user_id), but=None, locale=locale, now=now)


async def _after_change(
    connection: Connection, user_id: UserId, *, but: SessionId | None, locale: str, now: datetime
) -> None:
    await connection.execute(VOID_RESETS, user_id, now)
    await revoke_others(connection, user_id=user_id, but=but, now=now)
    await put(
        connection,
        company_id=PLATFORM,
        kind=MessageKind.PASSWORD_CHANGED,
        user_id=user_id,
        locale=locale,
        now=now,
    )
