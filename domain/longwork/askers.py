"""Whether who asked for long work may still do it: a job outlives the request, and a session."""

from datetime import datetime

from db import access
from db.enums import Role
from db.ids import CompanyId, KeyId, UserId
from domain.identity.roles import scopes_named, scopes_of
from domain.identity.rules import Place
from domain.keys import queries as keys
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
        and (not c.second_factor_required or exists (
            select from second_factor f where f.user_id = u.id and f.confirmed_at is not null))
"""


async def check(*, company_id: CompanyId, asker: Asker, now: datetime) -> None:
    """Return if the asker has all rights that the work was asked for with.

    :raises JobFailed: one is gone, or the asker is responsible for another place now
    """
    if asker.key_id is not None:
        holds = await _key_holds(company_id, asker.key_id, asker, now)
    elif asker.user_id is not None:
        holds = await _user_holds(company_id, asker.user_id, asker)
    else:
        holds = True
    if not holds:
        raise JobFailed("ASKER_GONE")


async def _user_holds(company_id: CompanyId, user_id: UserId, asker: Asker) -> bool:
    async with access.system() as connection:
        row = await connection.fetchrow(USER, company_id, user_id)
    if row is None or not _has_scopes(row, asker):
        return False
    return (row["branch_id"], row["field_id"]) == (asker.branch_id, asker.field_id)


async def _key_holds(company_id: CompanyId, key_id: KeyId, asker: Asker, now: datetime) -> bool:
    """Return whether the key, and the user whom it was given to, may still do all of it."""
    rights = (await keys.rights_of([key_id], now=now)).get(key_id)
    if rights is None or rights.company_id != company_id or not asker.scopes <= rights.scopes:
        return False
    if rights.user_id is not None and not asker.scopes <= rights.user_scopes:
        return False
    # Where the key and its user are not responsible for the same, the narrower place counts.
    return rights.place == Place(branch_id=asker.branch_id, field_id=asker.field_id)


def _has_scopes(row: Record, asker: Asker) -> bool:
    if row["scopes"] is not None:
        return asker.scopes <= scopes_named(row["scopes"])
    return asker.scopes <= scopes_of(None if row["role"] is None else Role(row["role"]))
