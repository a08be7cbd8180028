"""Who has which role where in a company: giving, changing, suspending. Not here: invitations."""

import asyncpg

from db import access
from db.access import Connection
from db.enums import Role, Scope
from db.ids import BranchId, CompanyId, FieldId, RoleId, SubscriberId, UserId
from domain.identity.roles import SCOPES, scopes_named
from domain.identity.rules import (
    GivenRole,
    Giver,
    LastAdministrator,
    Place,
    RoleRetired,
    check_choice,
    check_place,
    check_scopes,
)
from domain.refusals import NotThere, StaleVersion
from domain.subscribers.operations import hold_present

Record = asyncpg.Record

# The member and every administrator, in the order of their keys: whoever takes an administrator
# away waits for whoever does the same.
LOCK = """
    select * from membership
    where company_id = $1 and (user_id = $2 or (
        role = 'ADMINISTRATOR' and active and num_nonnulls(branch_id, field_id) = 0))
    order by id
    for update
"""
ENABLED = "select id from member where company_id = $1 and id = any($2::int8[]) and enabled"
# A role that is being retired has to wait, and one that is retired is seen to be.
ROLE = "select scopes, active from role where company_id = $1 and id = $2 for share"
BRANCH_OF_FIELD = "select branch_id from field where company_id = $1 and id = $2"
CHANGE = """
    update membership set role = $3, role_id = $4, branch_id = $5, field_id = $6,
        subscriber_id = $7, from_provider = false, version = version + 1
    where company_id = $1 and user_id = $2
"""
SET_ACTIVE = """
    update membership set active = $3, version = version + 1
    where company_id = $1 and user_id = $2
"""


async def update(
    *,
    company_id: CompanyId,
    user_id: UserId,
    expected_version: int,
    given: GivenRole | None,
    place: Place | None,
    giver: Giver,
) -> UserId:
    """Give a member another role or another place; it counts from the next request on.

    given, place: None leaves them as they are.

    :raises ScopeNotHeld, PlaceNotHeld: the giver does not hold what is given or taken
    :raises LastAdministrator: the company would have no administrator
    :raises RoleRetired, InvalidValue, StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        locked = await lock(connection, company_id, user_id, expected_version)
        given = given or role_of(locked.row)
        place = place or place_of(locked.row)
        await check_member(connection, locked.row, giver)
        await check_gift(connection, company_id, given, place, giver)
        if not is_administrator(given, place):
            await locked.check_others(connection)
        try:
            await connection.execute(CHANGE, company_id, user_id, *_columns(given, place))
        except asyncpg.ForeignKeyViolationError as error:
            raise NotThere from error
    return user_id


async def set_active(
    *, company_id: CompanyId, user_id: UserId, expected_version: int, active: bool, giver: Giver
) -> UserId:
    """Suspend a membership, or let it count again.

    :raises ScopeNotHeld, PlaceNotHeld: the giver does not hold what is taken or given back
    :raises LastAdministrator: the company would have no administrator
    :raises RoleRetired, StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        locked = await lock(connection, company_id, user_id, expected_version)
        await check_member(connection, locked.row, giver)
        if active:
            row = locked.row
            await check_gift(connection, company_id, role_of(row), place_of(row), giver)
        else:
            await locked.check_others(connection)
        await connection.execute(SET_ACTIVE, company_id, user_id, active)
    return user_id


class Locked:
    """A membership that nobody else changes now, and the company's administrators."""

    def __init__(self, row: Record, administrators: list[Record]) -> None:
        self.row = row
        self._administrators = administrators

    async def check_others(self, connection: Connection) -> None:
        """Return if the company has an administrator without this membership.

        :raises LastAdministrator: it has none
        """
        company_id, user_id = self.row["company_id"], self.row["user_id"]
        ids = [one["user_id"] for one in self._administrators]
        if user_id in ids:
            enabled = await connection.fetch(ENABLED, company_id, ids)
            if {one["id"] for one in enabled} <= {user_id}:
                raise LastAdministrator("id")


async def lock(
    connection: Connection, company_id: CompanyId, user_id: UserId, expected_version: int
) -> Locked:
    """Return a member as the caller saw it.

    :raises NotThere: the company has no such member
    :raises StaleVersion: somebody changed it since
    """
    rows = await connection.fetch(LOCK, company_id, user_id)
    row = next((one for one in rows if one["user_id"] == user_id), None)
    if row is None:
        raise NotThere
    if row["version"] != expected_version:
        raise StaleVersion(user_id)
    is_one = row["active"] and is_administrator(role_of(row), place_of(row))
    return Locked(row, [one for one in rows if one is not row or is_one])


async def check_member(connection: Connection, row: Record, giver: Giver) -> None:
    """Return if the giver holds all that a member has: one manages nobody who may do more.

    :raises ScopeNotHeld, PlaceNotHeld: the giver does not
    """
    company_id = CompanyId(row["company_id"])
    scopes, _ = await _scopes(connection, company_id, role_of(row))
    check_scopes(giver, scopes, "id")
    await _check_place(connection, company_id, place_of(row), giver)


async def check_gift(
    connection: Connection, company_id: CompanyId, given: GivenRole, place: Place, giver: Giver
) -> None:
    """Return if the giver may give this role here; a role of the company's own stays in use.

    :raises InvalidValue, RoleRetired, ScopeNotHeld, PlaceNotHeld, NotThere: the giver may not
    :raises SubscriberErased: nobody is this subscriber any more
    """
    check_choice(given, place)
    scopes, is_active = await _scopes(connection, company_id, given)
    if not is_active:
        raise RoleRetired("role")
    check_scopes(giver, scopes, "role")
    await _check_place(connection, company_id, place, giver)
    if place.subscriber_id is not None:
        await hold_present(
            connection, "place", company_id=company_id, subscriber_id=place.subscriber_id
        )


def role_of(row: Record) -> GivenRole:
    role, role_id = row["role"], row["role_id"]
    return GivenRole(
        role=None if role is None else Role(role),
        role_id=None if role_id is None else RoleId(role_id),
    )


def place_of(row: Record) -> Place:
    branch_id, field_id, subscriber_id = row["branch_id"], row["field_id"], row["subscriber_id"]
    return Place(
        branch_id=None if branch_id is None else BranchId(branch_id),
        field_id=None if field_id is None else FieldId(field_id),
        subscriber_id=None if subscriber_id is None else SubscriberId(subscriber_id),
    )


async def _scopes(
    connection: Connection, company_id: CompanyId, given: GivenRole
) -> tuple[frozenset[Scope], bool]:
    """Return a role's scopes, and whether it is in use."""
    if given.role is not None:
        return SCOPES[given.role], True
    row = await connection.fetchrow(ROLE, company_id, given.role_id)
    if row is None:
        raise NotThere
    return scopes_named(row["scopes"]), row["active"]


async def _check_place(
    connection: Connection, company_id: CompanyId, place: Place, giver: Giver
) -> None:
    branch_id = None
    if place.field_id is not None:
        branch_id = await connection.fetchval(BRANCH_OF_FIELD, company_id, place.field_id)
    check_place(giver, place, branch_of_field=branch_id)


def is_administrator(given: GivenRole, place: Place) -> bool:
    return given.role is Role.ADMINISTRATOR and place.is_whole_company


def _columns(given: GivenRole, place: Place) -> tuple[object, ...]:
    return (given.role, given.role_id, place.branch_id, place.field_id, place.subscriber_id)
