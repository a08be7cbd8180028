"""What a user may do where: looked up again for each request, whatever a token says."""

from dataclasses import dataclass
from datetime import datetime

from db import access
from db.enums import Role
from db.ids import BranchId, CompanyId, FieldId, SessionId, SubscriberId, UserId

MEMBERSHIPS_MAX = 100
PLATFORM_LOCALE = "en"
PLATFORM_TIME_ZONE = "UTC"

# A membership counts before the platform's role: it is the narrower and the more deliberate one.
RIGHTS = """
    select u.name, u.platform_role, s.expires_at, c.id as company_id, c.locale, c.time_zone,
        m.role, m.branch_id, m.field_id, m.subscriber_id
    from session s
    join app_user u on u.id = s.user_id and u.active
    left join company c on c.id = $3 and c.active
    left join membership m on m.company_id = c.id and m.user_id = u.id
    where s.id = $1 and s.user_id = $2 and s.revoked_at is null and s.expires_at > $4
"""
MEMBERSHIPS = """
    select c.id, c.name, coalesce(m.role, u.platform_role) as role
    from app_user u
    cross join company c
    left join membership m on m.company_id = c.id and m.user_id = u.id
    where u.id = $1 and c.active and (m.role is not null or u.platform_role is not null)
    order by c.name, c.id
    limit $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who a session speaks for, and as what in a company; role is None when as nothing."""

    user_name: str
    session_expires_at: datetime
    company_id: CompanyId | None
    role: Role | None
    branch_id: BranchId | None
    field_id: FieldId | None
    subscriber_id: SubscriberId | None
    locale: str
    time_zone: str
    is_platform_staff: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A company that a user may act in, and as what."""

    company_id: CompanyId
    company_name: str
    role: Role


async def rights(
    *, session_id: SessionId, user_id: UserId, company_id: CompanyId | None, now: datetime
) -> Rights | None:
    """Return what a session may do in a company now; None when the session has ended."""
    row = await access.read_row(RIGHTS, session_id, user_id, company_id, now)
    if row is None:
        return None
    role = row["role"] or (row["platform_role"] if row["company_id"] else None)
    return Rights(
        user_name=row["name"],
        session_expires_at=row["expires_at"],
        company_id=row["company_id"] if role else None,
        role=Role(role) if role else None,
        branch_id=row["branch_id"],
        field_id=row["field_id"],
        subscriber_id=row["subscriber_id"],
        locale=row["locale"] if role else PLATFORM_LOCALE,
        time_zone=row["time_zone"] if role else PLATFORM_TIME_ZONE,
        is_platform_staff=row["platform_role"] is not None,
    )


async def memberships(*, user_id: UserId) -> list[Membership]:
    """Return the companies that a user may act in, by name; for platform staff that is any."""
    async with access.system() as connection:
        rows = await connection.fetch(MEMBERSHIPS, user_id, MEMBERSHIPS_MAX)
    return [Membership(CompanyId(row["id"]), row["name"], Role(row["role"])) for row in rows]
