"""Inviting people into a company, and what they do with the token of the mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db import access
from db.access import Connection
from db.enums import MessageKind
from db.ids import CompanyId, InvitationId, UserId
from domain import rows, values
from domain.identity import memberships
from domain.identity.credentials import LinkInvalid
from domain.identity.keys import Keys, hashed
from domain.identity.passwords import Passwords, check_strength
from domain.identity.rules import GivenRole, Giver, Place
from domain.messages.queue import put
from domain.messages.user_letters import invitation_name
from domain.refusals import AlreadyExists, InvalidValue, NotThere, Refused, StaleVersion

GOOD_FOR = timedelta(days=7)
# Of a company, of those that may still be accepted: each is a mail to a stranger.
OPEN_MAX = 1_000
EMAIL_CHARACTERS_MAX = 254

# Somebody who was never here before has no password, and cannot sign in until the mail is read.
PUT_USER = """
    insert into app_user (email, name, created_at) values ($1, $2, $3)
    on conflict (lower(email)) do nothing
"""
USER_BY_EMAIL = "select id from app_user where lower(email) = lower($1)"
# One at a time and company, or two could pass the limit together.
LOCK_ALL = "select pg_advisory_xact_lock(hashtext('invitation'), $1)"
COUNT_OPEN = """
    select count(*) from invitation
    where company_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2
"""
IS_MEMBER = "select true from membership where company_id = $1 and user_id = $2"
LOCALE = "select locale from company where id = $1"
LOCKED = """
    select * from invitation
    where company_id = $1 and id = $2 and accepted_at is null and revoked_at is null
    for update
"""
RENEW = """
    update invitation set token_number = $3, token_hash = $4, expires_at = $5, version = version + 1
    where company_id = $1 and id = $2
"""
REVOKE = """
    update invitation set revoked_at = $3, version = version + 1
    where company_id = $1 and id = $2
"""
# Whoever invites the user at this moment has a hold on the row, and is seen once it is let go.
LOCK_USER = "select from app_user where id = $1 for update"
# Nobody's address is kept who has never been here and is not awaited any more.
FORGET = """
    update app_user u set email = 'removed-' || u.id || '@removed.invalid', name = 'removed',
        active = false, removed_at = $2
    where u.id = $1 and u.password_hash is null and u.platform_role is null
        and not exists (select from membership where user_id = u.id)
        and not exists (select from invitation where user_id = u.id
            and accepted_at is null and revoked_at is null)
"""
OPEN = """
    select i.company_id, u.password_hash is null as needs_password
    from invitation i
    join app_user u on u.id = i.user_id and u.active
    join company c on c.id = i.company_id and c.active
    where i.token_hash = $1 and i.accepted_at is null and i.revoked_at is null
        and i.expires_at > $2
"""
ACCEPT = """
    update invitation set accepted_at = $2, version = version + 1
    where token_hash = $1 and accepted_at is null and revoked_at is null and expires_at > $2
    returning *
"""
JOIN = """
    insert into membership (company_id, user_id, role, role_id, branch_id, field_id, subscriber_id)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict on constraint membership_once do nothing
"""
CHOOSE = """
    update app_user set password_hash = coalesce(password_hash, $2) where id = $1 and active
    returning email
"""


class TooManyInvitations(Refused):
    """As many are invited as may be at once."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who joined which company."""

    company_id: CompanyId
    email: str


async def invite(
    *,
    company_id: CompanyId,
    email: str,
    name: str,
    given: GivenRole,
    place: Place,
    giver: Giver,
    keys: Keys,
    now: datetime,
) -> InvitationId:
    """Invite somebody by mail; nothing is given before it is accepted, within seven days.

    name: of the person, if nobody has the address yet.

    :raises ScopeNotHeld, PlaceNotHeld, RoleRetired: the giver may not give this
    :raises AlreadyExists: this is a member, or is invited already
    :raises TooManyInvitations: others have to accept, or be revoked, first
    :raises InvalidValue, NotThere: nothing was written
    """
    email, name = _email(email), values.name(name, "name")
    async with access.system(company_id) as connection:
        await memberships.check_gift(connection, company_id, given, place, giver)
        await connection.execute(LOCK_ALL, company_id)
        if await connection.fetchval(COUNT_OPEN, company_id, now) >= OPEN_MAX:
            raise TooManyInvitations(limit=OPEN_MAX)
        user_id = await _user_id(connection, email, name, now)
        if await connection.fetchval(IS_MEMBER, company_id, user_id):
            raise AlreadyExists("email")
        invitation_id = InvitationId(await connection.fetchval("select nextval('id_sequence')"))
        await rows.insert(
            connection,
            "invitation",
            company_id=company_id,
            id=invitation_id,
            user_id=user_id,
            role=given.role,
            role_id=given.role_id,
            branch_id=place.branch_id,
            field_id=place.field_id,
            subscriber_id=place.subscriber_id,
            token_hash=hashed(keys.link_token(invitation_name(invitation_id, 1))),
            invited_by=giver.user_id,
            created_at=now,
            expires_at=now + GOOD_FOR,
        )
        await _post(connection, company_id, invitation_id, user_id, now)
    return invitation_id


async def resend(
    *,
    company_id: CompanyId,
    invitation_id: InvitationId,
    expected_version: int,
    giver: Giver,
    keys: Keys,
    now: datetime,
) -> InvitationId:
    """Send an invitation once more, for another seven days; the token of the last mail is void.

    :raises ScopeNotHeld, PlaceNotHeld, RoleRetired: the giver may not give this
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.system(company_id) as connection:
        row = await _locked(connection, company_id, invitation_id, expected_version)
        given, place = memberships.role_of(row), memberships.place_of(row)
        await memberships.check_gift(connection, company_id, given, place, giver)
        number = row["token_number"] + 1
        token_hash = hashed(keys.link_token(invitation_name(invitation_id, number)))
        await connection.execute(
            RENEW, company_id, invitation_id, number, token_hash, now + GOOD_FOR
        )
        await _post(connection, company_id, invitation_id, UserId(row["user_id"]), now)
    return invitation_id


async def revoke(
    *,
    company_id: CompanyId,
    invitation_id: InvitationId,
    expected_version: int,
    giver: Giver,
    now: datetime,
) -> InvitationId:
    """Take an invitation back; who came to be known by it alone is forgotten.

    :raises ScopeNotHeld, PlaceNotHeld: the giver may not give this, nor take it back
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.system(company_id) as connection:
        row = await _locked(connection, company_id, invitation_id, expected_version)
        await memberships.check_member(connection, row, giver)
        await connection.execute(REVOKE, company_id, invitation_id, now)
        await connection.execute(LOCK_USER, row["user_id"])
        await connection.execute(FORGET, row["user_id"], now)
    return invitation_id


async def accept(
    *, token: str, password: str | None, passwords: Passwords, now: datetime
) -> Accepted:
    """Join a company by the token of a mail, which proves whose address it is.

    password: for somebody who has none yet; nobody's password is changed by an invitation.

    :raises LinkInvalid: the token is not good, or not any more
    :raises PasswordTooWeak, InvalidValue: somebody new has to choose a password first
    :raises TooManyWaiting: nothing was written
    """
    async with access.system() as connection:
        found = await connection.fetchrow(OPEN, hashed(token), now)
    if found is None:
        raise LinkInvalid("token")
    password_hash = None
    if found["needs_password"]:
        if password is None:
            raise InvalidValue("password", expected="a password to sign in with")
        check_strength(password, "password")
        password_hash = await passwords.hash(password)
    async with access.system(CompanyId(found["company_id"])) as connection:
        return await _join(connection, token, password_hash, now)


async def _join(
    connection: Connection, token: str, password_hash: str | None, now: datetime
) -> Accepted:
    row = await connection.fetchrow(ACCEPT, hashed(token), now)
    if row is None:
        raise LinkInvalid("token")
    email = await connection.fetchval(CHOOSE, row["user_id"], password_hash)
    if email is None:
        raise LinkInvalid("token")
    names = ("company_id", "user_id", "role", "role_id", "branch_id", "field_id", "subscriber_id")
    await connection.execute(JOIN, *(row[name] for name in names))
    return Accepted(CompanyId(row["company_id"]), email)


async def _locked(
    connection: Connection,
    company_id: CompanyId,
    invitation_id: InvitationId,
    expected_version: int,
) -> asyncpg.Record:
    row = await connection.fetchrow(LOCKED, company_id, invitation_id)
    if row is None:
        raise NotThere
    if row["version"] != expected_version:
        raise StaleVersion(invitation_id)
    return row


async def _user_id(connection: Connection, email: str, name: str, now: datetime) -> UserId:
    await connection.execute(PUT_USER, email, name, now)
    return UserId(await connection.fetchval(USER_BY_EMAIL, email))


async def _post(
    connection: Connection,
    company_id: CompanyId,
    invitation_id: InvitationId,
    user_id: UserId,
    now: datetime,
) -> None:
    await put(
        connection,
        company_id=company_id,
        kind=MessageKind.INVITATION,
        user_id=user_id,
        reference_id=invitation_id,
        locale=await connection.fetchval(LOCALE, company_id),
        now=now,
    )


def _email(text: str) -> str:
    """Return an address that mail can be sent to, as far as its form says.

    :raises InvalidValue: it has not that form
    """
    email = text.strip()
    local, at, domain = email.rpartition("@")
    is_plain = email.isprintable() and not any(one in email for one in ' <>,;:"\\()[]')
    if not (local and at and "." in domain and is_plain) or len(email) > EMAIL_CHARACTERS_MAX:
        raise InvalidValue("email", expected="an e-mail address")
    return email
