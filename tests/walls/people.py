"""Those who try what is behind a wall, each with a session of their own."""

from datetime import timedelta

from api.tokens import AccessToken
from db import access
from db.enums import Role, Scope
from db.ids import BranchId, CompanyId, FieldId, SubscriberId, UserId
from domain.identity.operations import add_membership
from domain.identity.roles import SCOPES
from tests.api.web import User, Web
from tests.walls.world import Belongings

ROLES = tuple(Role)
CONFINING = ("branch", "field", "subscriber")
SESSION_TTL = timedelta(days=30)
TOKEN_TTL = timedelta(minutes=15)


def holds(role: Role, scope: str | None) -> bool:
    """Return whether a role has a scope, by the scope's name; None stands for none."""
    return scope is None or Scope[scope] in SCOPES[role]


async def member(
    web: Web,
    company_id: CompanyId,
    role: Role = Role.ADMINISTRATOR,
    *,
    branch_id: BranchId | None = None,
    field_id: FieldId | None = None,
    subscriber_id: SubscriberId | None = None,
) -> User:
    """Make a member of a company with a session, without counting as an attempt to sign in."""
    user_id, email = await web.create_user()
    await add_membership(
        company_id=company_id,
        user_id=user_id,
        role=role,
        branch_id=branch_id,
        field_id=field_id,
        subscriber_id=subscriber_id,
    )
    return await _in_session(web, user_id, email, company_id)


async def with_every_role(web: Web, home: Belongings) -> dict[Role, User]:
    """Make somebody of each role, who can see as much of a place as the role may."""
    return {role: await with_role(web, role, home) for role in ROLES}


async def with_role(web: Web, role: Role, home: Belongings) -> User:
    place = home.place
    if role is Role.DEVELOPER:
        user_id, email = await web.create_user(platform_role=role)
        staff = await _in_session(web, user_id, email, place.company_id)
        # That they chose the company goes on record with the first request.
        await web.ask("{ viewer { name } }", staff)
        return staff
    own = place.subscriber_id if role is Role.SUBSCRIBER else None
    return await member(web, place.company_id, role, subscriber_id=own)


async def confined_everywhere(web: Web, home: Belongings) -> dict[str, User]:
    """Make an administrator of one branch, one of one field, and a subscriber."""
    return {place: await _confined(web, place, home) for place in CONFINING}


async def _confined(web: Web, place: str, home: Belongings) -> User:
    own = home.place
    return await member(
        web,
        own.company_id,
        Role.SUBSCRIBER if place == "subscriber" else Role.ADMINISTRATOR,
        branch_id=own.branch_id if place == "branch" else None,
        field_id=own.field_id if place == "field" else None,
        subscriber_id=own.subscriber_id if place == "subscriber" else None,
    )


async def _in_session(web: Web, user_id: UserId, email: str, company_id: CompanyId) -> User:
    now = web.clock()
    async with access.system() as connection:
        session_id = await connection.fetchval(
            "insert into session (user_id, company_id, refresh_hash, created_at, expires_at)"
            " values ($1, $2, uuid_send(gen_random_uuid()), $3, $4) returning id",
            user_id,
            company_id,
            now,
            now + SESSION_TTL,
        )
    token = AccessToken(user_id, session_id, company_id, now + TOKEN_TTL)
    return User(user_id, email, {"accessToken": web.tokens.sign_access(token, now=now)})
