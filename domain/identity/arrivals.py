"""Coming in through a company's provider: there, back, and who that is. Not here: its protocol."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db import access
from db.access import Connection
from db.ids import CompanyId, UserId
from domain.identity import memberships
from domain.identity.invitations import EMAIL_CHARACTERS_MAX, JOIN
from domain.identity.keys import hashed
from domain.identity.providers import GroupRole, Provider
from domain.identity.rules import LastAdministrator
from domain.identity.sessions import FINGERPRINT, InvalidCredentials, Proven
from domain.values import NAME_CHARACTERS_MAX

GOOD_FOR = timedelta(minutes=10)
CODE_GOOD_FOR = timedelta(seconds=60)

TIDY = "delete from oidc_sign_in where expires_at <= $1"
LEAVE = """
    insert into oidc_sign_in
        (state_hash, company_id, browser_hash, nonce, verifier, return_to, expires_at)
    select $1, id, $3, $4, $5, $6, $7 from company where id = $2 and active
"""
RETURN = """
    delete from oidc_sign_in where state_hash = $1 and browser_hash = $2 and expires_at > $3
    returning company_id, nonce, verifier, return_to
"""
# Two that come in at the same moment wait for each other: neither sees half of the other.
ONE_BY_ONE = "select active from company where id = $1 for no key update"
LINKED = "select user_id from oidc_identity where company_id = $1 and issuer = $2 and subject = $3"
LINK = """
    insert into oidc_identity (company_id, issuer, subject, user_id) values ($1, $2, $3, $4)
    on conflict do nothing
"""
IS_LINKED = "select true from oidc_identity where company_id = $1 and issuer = $2 and user_id = $3"
BY_EMAIL = """
    select u.id from app_user u
    where lower(u.email) = lower($2) and (
        exists (select from membership m where m.company_id = $1 and m.user_id = u.id)
        or exists (select from invitation i where i.company_id = $1 and i.user_id = u.id
            and i.accepted_at is null and i.revoked_at is null and i.expires_at > $3))
"""
PUT_USER = """
    insert into app_user (email, name, created_at) values ($1, $2, $3)
    on conflict (lower(email)) do nothing
    returning id
"""
# A provider says who somebody is for its own company; an account that is anybody else's as well
# is not its to open.
IS_OURS = """
    select true from app_user u
    where u.id = $2 and u.active and u.platform_role is null
        and not exists (select from membership where user_id = $2 and company_id <> $1)
        and not exists (select from invitation where user_id = $2 and company_id <> $1
            and accepted_at is null and revoked_at is null and expires_at > $3)
"""
# What a group gives ends with the group.
JOIN_BY_GROUP = """
    insert into membership
        (company_id, user_id, role, role_id, branch_id, field_id, subscriber_id, from_provider)
    values ($1, $2, $3, $4, $5, $6, $7, true)
"""
CHANGE_BY_GROUP = """
    update membership set role = $3, role_id = $4, branch_id = $5, field_id = $6,
        subscriber_id = $7, from_provider = true, version = version + 1
    where company_id = $1 and user_id = $2
"""
END_MEMBERSHIP = "delete from membership where company_id = $1 and user_id = $2"
MEMBERSHIP = "select * from membership where company_id = $1 and user_id = $2"
INVITED = """
    update invitation set accepted_at = $3, version = version + 1
    where company_id = $1 and user_id = $2 and accepted_at is null and revoked_at is null
        and expires_at > $3
    returning *
"""
TIDY_CODES = "delete from sign_in_code where expires_at <= $1"
PUT_CODE = """
    insert into sign_in_code (code_hash, company_id, user_id, expires_at) values ($1, $2, $3, $4)
"""
REDEEM = "delete from sign_in_code where code_hash = $1 and expires_at > $2 returning *"
PROVEN = f"""
    select u.id, f.user_id is not null as has_second_factor, {FINGERPRINT} as fingerprint
    from app_user u
    join membership m on m.user_id = u.id and m.company_id = $2 and m.active
    left join second_factor f on f.user_id = u.id and f.confirmed_at is not null
    where u.id = $1 and u.active
"""


class NotLetIn(Exception):
    """The provider knows them, but the company does not let them in. reason: for the log alone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What is remembered of somebody who is at the provider."""

    company_id: CompanyId
    nonce: str
    verifier: str
    return_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the provider says of somebody. email: None when it is not verified."""

    subject: str
    email: str | None
    name: str | None
    groups: Collection[str]


async def leave(*, departure: Departure, state: str, browser: str, now: datetime) -> None:
    """Remember somebody who goes to the provider, for ten minutes."""
    async with access.system() as connection:
        await connection.execute(TIDY, now)
        await connection.execute(
            LEAVE,
            hashed(state),
            departure.company_id,
            hashed(browser),
            departure.nonce,
            departure.verifier,
            departure.return_to,
            now + GOOD_FOR,
        )


async def come_back(*, state: str, browser: str, now: datetime) -> Departure | None:
    """Return what was remembered, once; None for anybody but the browser that left."""
    async with access.system() as connection:
        row = await connection.fetchrow(RETURN, hashed(state), hashed(browser), now)
    return None if row is None else Departure(**row)


async def let_in(*, provider: Provider, claims: Claims, code: str, now: datetime) -> UserId:
    """Find or make the user, give the role that the groups say, and make `code` good for a session.

    :raises NotLetIn: nothing was written, but for the end of a membership that a group had given
    """
    company_id = provider.company_id
    async with access.system(company_id) as connection:
        if not await connection.fetchval(ONE_BY_ONE, company_id):
            raise NotLetIn("company inactive")
        group = first_match(provider.groups, claims.groups)
        user_id = await _user_id(connection, provider, claims, is_mapped=group is not None, now=now)
        if not await connection.fetchval(IS_OURS, company_id, user_id, now):
            raise NotLetIn("user disabled, or of others as well")
        is_member = await _join(connection, company_id, user_id, group, now)
        if is_member:
            expires_at = now + CODE_GOOD_FOR
            await connection.execute(LINK, company_id, provider.issuer, claims.subject, user_id)
            await connection.execute(TIDY_CODES, now)
            await connection.execute(PUT_CODE, hashed(code), company_id, user_id, expires_at)
    if not is_member:
        raise NotLetIn("in no group any more")
    return user_id


async def redeem(*, code: str, now: datetime) -> tuple[Proven, CompanyId]:
    """Return who has come in with this code, and where; a code is good for once.

    :raises InvalidCredentials: the code is not good, or the user not any more
    """
    async with access.system() as connection:
        found = await connection.fetchrow(REDEEM, hashed(code), now)
        row = found and await connection.fetchrow(PROVEN, found["user_id"], found["company_id"])
    if not found or not row:
        raise InvalidCredentials
    proven = Proven(UserId(row["id"]), row["has_second_factor"], row["fingerprint"])
    return proven, CompanyId(found["company_id"])


def first_match(groups: Sequence[GroupRole], names: Collection[str]) -> GroupRole | None:
    """Return the first group, in the company's order, that somebody is in."""
    return next((group for group in groups if group.group in names), None)


async def _user_id(
    connection: Connection, provider: Provider, claims: Claims, *, is_mapped: bool, now: datetime
) -> UserId:
    company_id, email = provider.company_id, claims.email
    linked = await connection.fetchval(LINKED, company_id, provider.issuer, claims.subject)
    if linked is not None:
        return UserId(linked)
    if email is None or len(email) > EMAIL_CHARACTERS_MAX or not email.isprintable():
        raise NotLetIn("no verified e-mail")
    found = await connection.fetchval(BY_EMAIL, company_id, email, now)
    if found is None and is_mapped:
        name = (claims.name or "").strip()
        if not name.isprintable() or not 1 <= len(name) <= NAME_CHARACTERS_MAX:
            name = email[:NAME_CHARACTERS_MAX]
        found = await connection.fetchval(PUT_USER, email, name, now)
    if found is None:
        raise NotLetIn("nobody we know, and in no group")
    if await connection.fetchval(IS_LINKED, company_id, provider.issuer, found):
        # An address that was given to somebody else does not come with the account.
        raise NotLetIn("another subject has this user")
    return UserId(found)


async def _join(
    connection: Connection,
    company_id: CompanyId,
    user_id: UserId,
    group: GroupRole | None,
    now: datetime,
) -> bool:
    """Make a member of somebody; False if no group gives what one of them gave before."""
    member = await connection.fetchrow(MEMBERSHIP, company_id, user_id)
    if member is not None and not member["active"]:
        raise NotLetIn("membership suspended")
    invited = await connection.fetchrow(INVITED, company_id, user_id, now)
    if member is not None:
        return await _update(connection, member, group)
    if group is not None:
        await connection.execute(JOIN_BY_GROUP, company_id, user_id, *_columns(group))
    elif invited is not None:
        columns = (*_role(invited), invited["subscriber_id"])
        await connection.execute(JOIN, company_id, user_id, *columns)
    else:
        raise NotLetIn("in no group")
    return True


async def _update(connection: Connection, member: asyncpg.Record, group: GroupRole | None) -> bool:
    """Give a member what the group says, but leave the last administrator one.

    Returns whether somebody may come in: not whose membership a group gave that is none any more.
    """
    if group is None and not member["from_provider"]:
        return True
    if group is not None and _columns(group) == (*_role(member), member["subscriber_id"]):
        return True
    company_id, user_id = CompanyId(member["company_id"]), UserId(member["user_id"])
    locked = await memberships.lock(connection, company_id, user_id, member["version"])
    try:
        if group is None or not memberships.is_administrator(group.given, group.place):
            await locked.check_others(connection)
    except LastAdministrator:
        return group is not None
    if group is None:
        await connection.execute(END_MEMBERSHIP, company_id, user_id)
    else:
        await connection.execute(CHANGE_BY_GROUP, company_id, user_id, *_columns(group))
    return group is not None


def _columns(group: GroupRole) -> tuple[object, ...]:
    given, place = group.given, group.place
    return (given.role, given.role_id, place.branch_id, place.field_id, None)


def _role(row: asyncpg.Record) -> tuple[object, ...]:
    return (row["role"], row["role_id"], row["branch_id"], row["field_id"])
