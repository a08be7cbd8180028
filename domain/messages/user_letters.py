"""Letters to people who sign in: about their passwords, and about the company that they run."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from db import access
from db.access import Connection
from db.enums import MessageKind
from domain.identity.keys import Keys, Unsealable, hashed
from domain.messages.facts import Facts, Invitation, PasswordChanged, PasswordReset, unpacked
from domain.messages.letters import Letter, Office
from domain.messages.operations import Waiting
from domain.messages.wording import Addressee, worded

RESET_GOOD_FOR = timedelta(hours=2)
PLATFORM_NAME = "Wattledger"
TIME_ZONE = "UTC"
PAGES: Mapping[MessageKind, str] = {
    MessageKind.SYSTEM_REPORT: "system",
    MessageKind.FAULT_NOTICE: "devices",
}

INVITED = """
    select u.email, u.locale as own_locale, c.name as company, i.expires_at, i.token_number
    from invitation i join app_user u on u.id = i.user_id join company c on c.id = i.company_id
    where i.company_id = $1 and i.id = $2 and i.accepted_at is null and i.revoked_at is null
        and i.expires_at > $3 and u.active
"""
USER_BY_EMAIL = """
    select id, email, name, locale as own_locale from app_user
    where lower(email) = lower($1::text) and active and password_hash is not null
"""
USER = "select email, name, locale as own_locale from app_user where id = $1 and active"
MEMBER = """
    select u.email, u.name, u.locale as own_locale, c.name as company, c.time_zone
    from membership m join app_user u on u.id = m.user_id join company c on c.id = m.company_id
    where m.company_id = $1 and m.user_id = $2 and m.active and u.active
"""
PUT_RESET = """
    insert into password_reset (user_id, token_hash, created_at, expires_at)
    values ($1, $2, $3, $4)
    on conflict (token_hash) do update set token_hash = excluded.token_hash
    returning expires_at
"""

_Maker = Callable[[Office, Connection, Waiting, datetime], Awaitable[Letter | None]]


async def user_letter(office: Office, message: Waiting, *, now: datetime) -> Letter | None:
    """Return the letter; None when nobody has to get it any more. Safe to repeat."""
    async with access.system() as connection:
        return await _MAKERS[message.kind](office, connection, message, now)


async def _invitation(
    office: Office, connection: Connection, message: Waiting, now: datetime
) -> Letter | None:
    row = await connection.fetchrow(INVITED, message.company_id, message.reference_id, now)
    if row is None:
        return None
    token = office.keys.link_token(invitation_name(message.reference_id, row["token_number"]))
    to = Addressee(
        name=None,
        company=row["company"],
        time_zone=TIME_ZONE,
        link=office.link("invitation", token),
    )
    facts = Invitation(until=row["expires_at"])
    return _letter(office, message, facts, to, row["email"], row["own_locale"])


async def _password_reset(
    office: Office, connection: Connection, message: Waiting, now: datetime
) -> Letter | None:
    """Make a token for who asked, if anybody has the address: only here does that show."""
    email = opened_email(office.keys, message)
    row = None if email is None else await connection.fetchrow(USER_BY_EMAIL, email)
    if row is None:
        return None
    token = office.keys.link_token(f"password reset {message.id}")
    expires_at = await connection.fetchval(
        PUT_RESET, row["id"], hashed(token), now, now + RESET_GOOD_FOR
    )
    to = _member(row["name"], office.link("password-reset", token))
    facts = PasswordReset(until=expires_at)
    return _letter(office, message, facts, to, row["email"], row["own_locale"])


async def _password_changed(
    office: Office, connection: Connection, message: Waiting, _: datetime
) -> Letter | None:
    row = await connection.fetchrow(USER, message.user_id)
    if row is None:
        return None
    to = _member(row["name"], f"{office.public_url}/password-reset")
    facts = PasswordChanged(at=message.created_at)
    return _letter(office, message, facts, to, row["email"], row["own_locale"])


async def _notice(
    office: Office, connection: Connection, message: Waiting, _: datetime
) -> Letter | None:
    """Tell a member of the company, who may have left it since."""
    row = await connection.fetchrow(MEMBER, message.company_id, message.user_id)
    if row is None:
        return None
    to = Addressee(
        name=row["name"],
        company=row["company"],
        time_zone=row["time_zone"],
        link=f"{office.public_url}/{PAGES[message.kind]}",
    )
    facts = unpacked(message.kind, message.facts or {})
    return _letter(office, message, facts, to, row["email"], row["own_locale"])


_MAKERS: Mapping[MessageKind, _Maker] = {
    MessageKind.INVITATION: _invitation,
    MessageKind.PASSWORD_RESET: _password_reset,
    MessageKind.PASSWORD_CHANGED: _password_changed,
    MessageKind.SYSTEM_REPORT: _notice,
    MessageKind.FAULT_NOTICE: _notice,
}


def invitation_name(invitation_id: int | None, token_number: int) -> str:
    """Return what the token of an invitation is made of; sending it anew makes another."""
    return f"invitation {invitation_id} {token_number}"


def sealed_email(keys: Keys, message_id: int, email: str) -> bytes:
    return keys.seal(email.encode(), bound_to=f"mail {message_id}")


def opened_email(keys: Keys, message: Waiting) -> str | None:
    """Return the address that a mail goes to; None when it was sealed under another secret."""
    try:
        return keys.unseal(message.sealed or b"", bound_to=f"mail {message.id}").decode()
    except Unsealable:
        return None


def _member(name: str, link: str) -> Addressee:
    return Addressee(name=name, company=PLATFORM_NAME, time_zone=TIME_ZONE, link=link)


def _letter(
    office: Office,
    message: Waiting,
    facts: Facts,
    addressee: Addressee,
    email: str,
    own_locale: str | None,
) -> Letter:
    words = worded(facts, addressee, locale=own_locale or message.locale)
    # Nothing of it is kept: most of these letters hold a token.
    return office.letter(message, to=email, words=words, kept=None)
