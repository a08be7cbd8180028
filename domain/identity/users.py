"""Users as a whole: removing one from a company, disabling one, and what they change themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from db import access
from db.access import Connection
from db.ids import CompanyId, SubscriberId, UserId
from domain import values
from domain.identity import memberships
from domain.identity.rules import Giver
from domain.identity.sessions import revoke_others
from domain.refusals import InvalidValue, NotThere

USERS_MAX = 1_000
LANGUAGES = frozenset({"en", "tr"})

LEAVE = "delete from membership where company_id = $1 and user_id = $2"
FORGET_IDENTITIES = "delete from oidc_identity where company_id = $1 and user_id = $2"
REVOKE_INVITATIONS = """
    update invitation set revoked_at = $3, version = version + 1
    where company_id = $1 and user_id = $2 and accepted_at is null and revoked_at is null
"""
LEAVE_SUBSCRIBER = """
    delete from membership where company_id = $1 and subscriber_id = $2 returning user_id
"""
REVOKE_FOR_SUBSCRIBER = """
    update invitation set revoked_at = $3, version = version + 1
    where company_id = $1 and subscriber_id = $2 and accepted_at is null and revoked_at is null
    returning user_id
"""
# A user of other companies, or of the platform, is theirs as well. The lock orders two companies
# that each remove what they take to be only one of two memberships.
LOCK_USER = "select platform_role from app_user where id = $1 for update"
STAYS = """
    select exists (select from membership where user_id = $1) or exists (
        select from invitation
        where user_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2)
"""
ANONYMISE = (
    """
    update app_user set email = 'removed-' || id || '@removed.invalid', name = 'removed',
        password_hash = null, locale = null, active = false, removed_at = $2
    where id = $1
    """,
    "delete from second_factor where user_id = $1 and $2::timestamptz is not null",
    "delete from password_reset where user_id = $1 and $2::timestamptz is not null",
    """
    update session set address = null, network = null, user_agent = null,
        revoked_at = coalesce(revoked_at, $2)
    where user_id = $1
    """,
)
SET_ACTIVE = """
    update app_user set active = $2 where id = $1 and removed_at is null
    returning id
"""
BY_EMAIL = "select id from app_user where lower(email) = lower($1) and removed_at is null"
ALL = """
    select u.id, u.email, u.name, u.active, u.platform_role,
        exists (select from second_factor f where f.user_id = u.id
            and f.confirmed_at is not null) as second_factor,
        array(select c.name || ': ' || coalesce(r.name, m.role)
            from membership m join company c on c.id = m.company_id
            left join role r on r.company_id = m.company_id and r.id = m.role_id
            where m.user_id = u.id and m.active order by c.name) as memberships
    from app_user u
    where u.removed_at is null
        and ($1::int is null or exists (
            select from membership m where m.user_id = u.id and m.company_id = $1))
    order by lower(u.email) limit $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSummary:
    """A user at a glance, for those who stand above companies."""

    id: UserId
    email: str
    name: str
    active: bool
    platform_role: str | None
    second_factor: bool
    memberships: list[str]


async def remove(
    *,
    company_id: CompanyId,
    user_id: UserId,
    expected_version: int,
    giver: Giver,
    now: datetime,
) -> UserId:
    """Take a user out of a company; who belongs to nothing else is made anonymous for good.

    What the user did stays on record under the number, which names nobody any more.

    :raises LastAdministrator: the company would have no administrator
    :raises ScopeNotHeld, PlaceNotHeld, StaleVersion, NotThere: nothing was written
    """
    async with access.system(company_id) as connection:
        locked = await memberships.lock(connection, company_id, user_id, expected_version)
        await memberships.check_member(connection, locked.row, giver)
        await locked.check_others(connection)
        await connection.execute(LEAVE, company_id, user_id)
        await connection.execute(REVOKE_INVITATIONS, company_id, user_id, now)
        await _forget(connection, company_id, user_id, now)
    return user_id


async def remove_of_subscriber(
    connection: Connection, *, company_id: CompanyId, subscriber_id: SubscriberId, now: datetime
) -> None:
    """Take all users of a subscriber out, and who is invited to be one; see `remove`.

    connection: a transaction as `system`, which has locked these rows and the subscriber.
    """
    members = await connection.fetch(LEAVE_SUBSCRIBER, company_id, subscriber_id)
    invited = await connection.fetch(REVOKE_FOR_SUBSCRIBER, company_id, subscriber_id, now)
    for user_id in sorted({row["user_id"] for row in (*members, *invited)}):
        await _forget(connection, company_id, UserId(user_id), now)


async def set_active(*, user_id: UserId, active: bool, now: datetime) -> None:
    """Disable a user everywhere and end all sessions, or let the user sign in again.

    :raises NotThere: there is no such user, or not any more
    """
    async with access.system() as connection:
        if await connection.fetchval(SET_ACTIVE, user_id, active) is None:
            raise NotThere
        if not active:
            await revoke_others(connection, user_id=user_id, but=None, now=now)


async def update_own(*, user_id: UserId, changes: Mapping[str, str | None]) -> None:
    """Change what users may change of themselves. changes: `name` and `locale`.

    :raises InvalidValue: nothing was written
    """
    columns = _checked(changes)
    assignments = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, start=2))
    if not assignments:
        return
    async with access.system() as connection:
        await connection.execute(
            f"update app_user set {assignments} where id = $1 and active",
            user_id,
            *columns.values(),
        )


async def by_email(email: str) -> UserId | None:
    async with access.system() as connection:
        found = await connection.fetchval(BY_EMAIL, email)
    return None if found is None else UserId(found)


async def summaries(*, company_id: CompanyId | None) -> list[UserSummary]:
    """Return users by e-mail, of one company or of all, at most 1,000. Platform staff only."""
    async with access.system() as connection:
        rows = await connection.fetch(ALL, company_id, USERS_MAX)
    return [UserSummary(**row) for row in rows]


async def _forget(
    connection: Connection, company_id: CompanyId, user_id: UserId, now: datetime
) -> None:
    await connection.execute(FORGET_IDENTITIES, company_id, user_id)
    is_staff = await connection.fetchval(LOCK_USER, user_id) is not None
    if is_staff or await connection.fetchval(STAYS, user_id, now):
        return
    for statement in ANONYMISE:
        await connection.execute(statement, user_id, now)


def _checked(changes: Mapping[str, str | None]) -> dict[str, str | None]:
    columns = dict(changes)
    if "name" in columns:
        columns["name"] = values.name(columns["name"] or "", "name")
    if columns.get("locale") is not None and columns["locale"] not in LANGUAGES:
        raise InvalidValue("locale", expected=" or ".join(sorted(LANGUAGES)))
    return columns
