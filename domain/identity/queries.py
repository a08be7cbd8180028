"""What a user may do where: looked up again for each request, whatever a token says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from db import access
from db.enums import Role, Scope
from db.ids import BranchId, CompanyId, FieldId, SessionId, SubscriberId, UserId
from domain.facets import flag, id_of, instant, text, word
from domain.identity.roles import OF_THE_PLATFORM, scopes_named, scopes_of
from domain.listing import Listing, Record

MEMBERSHIPS_MAX = 100
PLATFORM_LOCALE = "en"
PLATFORM_TIME_ZONE = "UTC"

# A membership counts before the platform's role: it is the narrower and the more deliberate one.
RIGHTS = """
    select asked.session_id, asked.user_id, asked.company_id as asked_company_id,
        u.name, u.email, u.locale as own_locale, u.platform_role, s.expires_at,
        c.id as company_id, c.locale, c.time_zone,
        case when m.id is null then u.platform_role else m.role end as role,
        r.name as role_name, r.scopes, m.branch_id, m.field_id, m.subscriber_id,
        f.user_id is not null as has_second_factor,
        coalesce(c.second_factor_required, false) as second_factor_required
    from unnest($1::int8[], $2::int8[], $3::int4[]) asked (session_id, user_id, company_id)
    join session s on s.id = asked.session_id and s.user_id = asked.user_id
        and s.revoked_at is null and s.expires_at > $4
    join app_user u on u.id = s.user_id and u.active
    left join second_factor f on f.user_id = u.id and f.confirmed_at is not null
    left join company c on c.id = asked.company_id and c.active
        and c.id = coalesce(s.only_company_id, c.id)
    left join membership m on m.company_id = c.id and m.user_id = u.id and m.active
    left join role r on r.company_id = m.company_id and r.id = m.role_id and r.active
"""
MEMBERSHIPS = """
    select c.id, c.name, coalesce(r.name, m.role, u.platform_role) as role_name,
        case when m.id is null then u.platform_role else m.role end as role
    from app_user u
    cross join company c
    left join membership m on m.company_id = c.id and m.user_id = u.id and m.active
    left join role r on r.company_id = m.company_id and r.id = m.role_id
    where u.id = $1 and c.active and (m.id is not null or u.platform_role is not null)
    order by c.name, c.id
    limit $2
"""

USERS = Listing(
    table="member",
    columns=(
        "id",
        "email",
        "name",
        "role",
        "role_id",
        "branch_id",
        "field_id",
        "subscriber_id",
        "active",
        "enabled",
        "second_factor",
        "version",
    ),
    facets=(
        text("member.name"),
        text("member.email"),
        word("member.role", Role, nullable=True),
        flag("member.active"),
        flag("member.enabled"),
        flag("member.second_factor", name="second_factor_enabled"),
        id_of("role", "member.role_id", nullable=True),
        id_of("branch", "member.branch_id", nullable=True),
        id_of("field", "member.field_id", nullable=True),
    ),
    order="name",
)
INVITATIONS = Listing(
    table="invited",
    columns=(
        "id",
        "email",
        "role",
        "role_id",
        "branch_id",
        "field_id",
        "subscriber_id",
        "created_at",
        "expires_at",
        "version",
    ),
    facets=(
        text("invited.email"),
        word("invited.role", Role, nullable=True),
        instant("invited.created_at"),
        instant("invited.expires_at"),
        id_of("role", "invited.role_id", nullable=True),
        id_of("branch", "invited.branch_id", nullable=True),
        id_of("field", "invited.field_id", nullable=True),
    ),
    order="email",
)
ROLES = Listing(
    table="role",
    columns=("id", "name", "description", "scopes", "active", "version"),
    facets=(text("role.name"), flag("role.active")),
    order="name",
)


class Asked(NamedTuple):
    """A session, whose it says it is, and the company in which its user means to act, if any."""

    session_id: SessionId
    user_id: UserId
    company_id: CompanyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who a session speaks for, and as what in a company; role_name is None when as nothing.

    role: None also for a role of the company's own.
    locale: the company's. own_locale: the user's, if the user has chosen one.
    needs_second_factor: the company wants one, and takes all scopes away until it is there.
    """

    user_name: str
    email: str
    session_expires_at: datetime
    company_id: CompanyId | None
    role: Role | None
    role_name: str | None
    scopes: frozenset[Scope]
    branch_id: BranchId | None
    field_id: FieldId | None
    subscriber_id: SubscriberId | None
    locale: str
    own_locale: str | None
    time_zone: str
    is_platform_staff: bool
    has_second_factor: bool
    needs_second_factor: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A company that a user may act in, and as what; role is None for a role of its own."""

    company_id: CompanyId
    company_name: str
    role: Role | None
    role_name: str


async def rights_of(asked: Sequence[Asked], *, now: datetime) -> dict[Asked, Rights]:
    """Return what sessions may do in companies now; those that have ended are missing."""
    rows = await access.read_rows(RIGHTS, *zip(*asked, strict=True), now)
    return {
        Asked(row["session_id"], row["user_id"], row["asked_company_id"]): _rights(row)
        for row in rows
    }


async def memberships(*, user_id: UserId) -> list[Membership]:
    """Return the companies that a user may act in, by name; for platform staff that is any."""
    async with access.system() as connection:
        rows = await connection.fetch(MEMBERSHIPS, user_id, MEMBERSHIPS_MAX)
    return [
        Membership(CompanyId(row["id"]), row["name"], _role(row), row["role_name"]) for row in rows
    ]


def _rights(row: Record) -> Rights:
    role = _role(row) if row["company_id"] else None
    role_name = role or row["role_name"]
    needs_second_factor = row["second_factor_required"] and not row["has_second_factor"]
    scopes = scopes_of(role) if role else scopes_named(row["scopes"] or ())
    if role_name is None and row["platform_role"] is not None:
        # Before there is a company, somebody has to found one.
        scopes = OF_THE_PLATFORM
    return Rights(
        user_name=row["name"],
        email=row["email"],
        session_expires_at=row["expires_at"],
        company_id=row["company_id"] if role_name else None,
        role=role,
        role_name=role_name,
        scopes=frozenset() if needs_second_factor else scopes,
        branch_id=row["branch_id"],
        field_id=row["field_id"],
        subscriber_id=row["subscriber_id"],
        locale=row["locale"] if role_name else PLATFORM_LOCALE,
        own_locale=row["own_locale"],
        time_zone=row["time_zone"] if role_name else PLATFORM_TIME_ZONE,
        is_platform_staff=row["platform_role"] is not None,
        has_second_factor=row["has_second_factor"],
        needs_second_factor=needs_second_factor,
    )


def _role(row: Record) -> Role | None:
    return None if row["role"] is None else Role(row["role"])
