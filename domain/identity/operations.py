"""Making users and members outright, as the command line does. Not here: inviting them."""

from datetime import datetime
from typing import Literal

from db import access
from db.enums import Role
from db.ids import BranchId, CompanyId, FieldId, RoleId, SubscriberId, UserId
from domain.identity.passwords import Passwords, check_strength


async def create_user(
    *,
    email: str,
    name: str,
    password: str,
    passwords: Passwords,
    now: datetime,
    platform_role: Literal[Role.DEVELOPER] | None = None,
) -> UserId:
    """Add a person who signs in; what the user may do, memberships or the platform role say.

    :raises PasswordTooWeak: nothing was written
    :raises asyncpg.UniqueViolationError: somebody has this e-mail
    """
    check_strength(password)
    password_hash = await passwords.hash(password)
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, password_hash, platform_role, created_at)"
            " values ($1, $2, $3, $4, $5) returning id",
            email,
            name,
            password_hash,
            platform_role,
            now,
        )
    return UserId(user_id)


async def add_membership(
    *,
    company_id: CompanyId,
    user_id: UserId,
    role: Role | None = None,
    role_id: RoleId | None = None,
    branch_id: BranchId | None = None,
    field_id: FieldId | None = None,
    subscriber_id: SubscriberId | None = None,
) -> None:
    """Give a user a role in a company, or in one branch or field of it, or for one subscriber.

    :raises asyncpg.IntegrityConstraintViolationError: the user is a member already, or the role
        and the place do not fit; nothing was written
    """
    async with access.system() as connection:
        await connection.execute(
            "insert into membership"
            " (company_id, user_id, role, role_id, branch_id, field_id, subscriber_id)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            company_id,
            user_id,
            role,
            role_id,
            branch_id,
            field_id,
            subscriber_id,
        )
