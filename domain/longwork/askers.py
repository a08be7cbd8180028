"""Whether who asked for long work may still do it: a job outlives the request, and a session."""

from datetime import datetime

from db import access
from db.access import Connection
from db.enums import Role
from db.ids import CompanyId, KeyId, UserId
from domain.identity.roles import scopes_named, scopes_of
from domain.listing import Record
from domain.longwork.failures import JobFailed
from domain.longwork.jobs import Asker

USER = """
    select case when m.id is null then u.platform_role else m.role end as role, r.scopes,
        m.branch_id, m.field_id
    from app_user u
    join company c on c.id = $1 and c.active
    left join membership m on m.company_id = c.id and m.user_id = u.id and m.active
    left join role r on r.company_id = m.company_id and r.id = m.role_id and r.active
    where u.id = $2 and u.active and (m.id is not null or u.platform_role is not null)
"""
KEY = """
    select k.scopes, k.branch_id, k.field_id, k.user_id
    from api_key k
    join company c on c.id = k.company_id and c.active and c.api_allowed
    where k.company_id = $1 and k.id = $2 and k.revoked_at is null
        and (k.expires_at is null or k.expires_at > $3)
"""


async def check(*, company_id: CompanyId, asker: Asker, now: datetime) -> None:
    """Return if the asker has all rights that the work was asked for with.

    :raises JobFailed: one is gone, or the asker is responsible for another place now
    """
    if asker.user_id is None and asker.key_id is None:
        return
    async with access.system() as connection:
        if asker.key_id is not None:
            holds = await _key_holds(connection, company_id, asker.key_id, asker, now)
        elif asker.user_id is not None:
            holds = await _user_holds(connection, company_id, asker.user_id, asker)
        else:
            holds = True
    if not holds:
        raise JobFailed("ASKER_GONE")


async def _user_holds(
    connection: Connection, company_id: CompanyId, user_id: UserId, asker: Asker
) -> bool:
    row = await connection.fetchrow(USER, company_id, user_id)
    return row is not None and _has_scopes(row, asker) and _is_there(row, asker)


async def _key_holds(
    connection: Connection, company_id: CompanyId, key_id: KeyId, asker: Asker, now: datetime
) -> bool:
    row = await connection.fetchrow(KEY, company_id, key_id, now)
    if row is None or not asker.scopes <= scopes_named(row["scopes"]):
        return False
    if row["user_id"] is None:
        return _is_there(row, asker)
    # Where the user and the key are not responsible for the same, the narrower place counts.
    user = await connection.fetchrow(USER, company_id, row["user_id"])
    return user is not None and _has_scopes(user, asker)


def _has_scopes(row: Record, asker: Asker) -> bool:
    if row["scopes"] is not None:
        return asker.scopes <= scopes_named(row["scopes"])
    return asker.scopes <= scopes_of(None if row["role"] is None else Role(row["role"]))


def _is_there(row: Record, asker: Asker) -> bool:
    return (row["branch_id"], row["field_id"]) == (asker.branch_id, asker.field_id)
