"""Making letters of queued mail at the moment that they are sent: nobody's address waits in it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import access
from db.access import Connection
from db.enums import MessageKind
from domain.identity.keys import Keys, Unsealable, hashed
from domain.messages.operations import Waiting
from domain.messages.templates import written

RESET_GOOD_FOR = timedelta(hours=2)

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
PUT_RESET = """
    insert into password_reset (user_id, token_hash, created_at, expires_at)
    values ($1, $2, $3, $4)
    on conflict (token_hash) do update set token_hash = excluded.token_hash
    returning expires_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail as it goes out. id: the same at every attempt."""

    id: str
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Office:
    """What letters are made with. public_url: of the front end, without a slash at its end."""

    keys: Keys
    public_url: str

    async def letter(self, mail: Waiting, *, now: datetime) -> Letter | None:
        """Return the letter; None when nobody has to get it any more. Safe to repeat."""
        async with access.system() as connection:
            return await _MAKERS[mail.kind](self, connection, mail, now)

    # Behind `#`, so that no server on the way writes the token into its log.
    def link(self, page: str, token: str) -> str:
        return f"{self.public_url}/{page}#token={token}"


async def _invitation(
    office: Office, connection: Connection, mail: Waiting, now: datetime
) -> Letter | None:
    row = await connection.fetchrow(INVITED, mail.company_id, mail.reference_id, now)
    if row is None:
        return None
    token = office.keys.link_token(invitation_name(mail.reference_id, row["token_number"]))
    facts = {
        "company": row["company"],
        "until": _minute(row["expires_at"]),
        "link": office.link("invitation", token),
    }
    return _letter(mail, row["email"], row["own_locale"], facts)


async def _password_reset(
    office: Office, connection: Connection, mail: Waiting, now: datetime
) -> Letter | None:
    """Make a token for who asked, if anybody has the address: only here does that show."""
    email = opened_email(office.keys, mail)
    row = None if email is None else await connection.fetchrow(USER_BY_EMAIL, email)
    if row is None:
        return None
    token = office.keys.link_token(f"password reset {mail.id}")
    expires_at = await connection.fetchval(
        PUT_RESET, row["id"], hashed(token), now, now + RESET_GOOD_FOR
    )
    facts = {
        "name": row["name"],
        "until": _minute(expires_at),
        "link": office.link("password-reset", token),
    }
    return _letter(mail, row["email"], row["own_locale"], facts)


async def _password_changed(
    office: Office, connection: Connection, mail: Waiting, _: datetime
) -> Letter | None:
    row = await connection.fetchrow(USER, mail.user_id)
    if row is None:
        return None
    facts = {
        "name": row["name"],
        "at": _minute(mail.created_at),
        "link": f"{office.public_url}/password-reset",
    }
    return _letter(mail, row["email"], row["own_locale"], facts)


_Maker = Callable[[Office, Connection, Waiting, datetime], Awaitable[Letter | None]]
_MAKERS: Mapping[MessageKind, _Maker] = {
    MessageKind.INVITATION: _invitation,
    MessageKind.PASSWORD_RESET: _password_reset,
    MessageKind.PASSWORD_CHANGED: _password_changed,
}


def invitation_name(invitation_id: int | None, token_number: int) -> str:
    """Return what the token of an invitation is made of; sending it anew makes another."""
    return f"invitation {invitation_id} {token_number}"


def sealed_email(keys: Keys, mail_id: int, email: str) -> bytes:
    return keys.seal(email.encode(), bound_to=f"mail {mail_id}")


def opened_email(keys: Keys, mail: Waiting) -> str | None:
    """Return the address that a mail goes to; None when it was sealed under another secret."""
    try:
        return keys.unseal(mail.sealed or b"", bound_to=f"mail {mail.id}").decode()
    except Unsealable:
        return None


def _letter(mail: Waiting, to: str, own_locale: str | None, facts: Mapping[str, str]) -> Letter:
    text = written(mail.kind, locale=own_locale or mail.locale, facts=facts)
    return Letter(id=f"{mail.company_id}.{mail.id}", to=to, subject=text.subject, text=text.text)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
