"""Roles of a company's own: defining, changing, retiring. Not here: who has one."""

from collections.abc import Collection, Mapping
from typing import Any

from db import access
from db.access import Connection
from db.enums import Scope
from db.ids import CompanyId, RoleId
from domain import rows, values
from domain.identity.roles import scopes_named
from domain.identity.rules import Giver, check_scopes
from domain.refusals import InUse, InvalidValue, NotThere, Refused
from domain.values import TEXT_CHARACTERS_MAX

# Of a company, retired ones as well.
ROLES_MAX = 500
# One at a time and company, or two could pass the limit together.
LOCK_ALL = "select pg_advisory_xact_lock(hashtext('role'), $1)"
COUNT = "select count(*) from role where company_id = $1"
# Nobody can take it on anew while it is retired: `memberships` and `invitations` lock it first.
HELD = """
    select exists (
        select from membership where company_id = $1 and role_id = $2 and active
    ) or exists (
        select from invitation where company_id = $1 and role_id = $2
            and accepted_at is null and revoked_at is null
    ) or exists (
        select from oidc_group_role where company_id = $1 and role_id = $2
    )
"""
LOCKED = "select scopes from role where company_id = $1 and id = $2 for no key update"


class TooManyRoles(Refused):
    """The company has as many roles as it may."""


async def create(
    *,
    company_id: CompanyId,
    name: str,
    description: str | None,
    scopes: Collection[Scope],
    giver: Giver,
) -> RoleId:
    """Define a role.

    :raises ScopeNotHeld: the giver does not hold all of it
    :raises TooManyRoles, AlreadyExists, InvalidValue: nothing was written
    """
    columns = _checked({"name": name, "description": description, "scopes": scopes})
    check_scopes(giver, frozenset(scopes), "scopes")
    async with access.tenant(company_id) as connection:
        await connection.execute(LOCK_ALL, company_id)
        if await connection.fetchval(COUNT, company_id) >= ROLES_MAX:
            raise TooManyRoles(limit=ROLES_MAX)
        return RoleId(await rows.insert(connection, "role", company_id=company_id, **columns))


async def update(
    *,
    company_id: CompanyId,
    role_id: RoleId,
    expected_version: int,
    changes: Mapping[str, Any],
    giver: Giver,
) -> RoleId:
    """Change a role, at once for all who have it. changes: `name`, `description`, `scopes`.

    :raises ScopeNotHeld: the giver does not hold all that it had and shall have
    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    columns = _checked(changes)
    async with access.tenant(company_id) as connection:
        had = await _scopes(connection, company_id, role_id)
        check_scopes(giver, had | frozenset(map(Scope, changes.get("scopes", ()))), "scopes")
        await rows.change(
            connection,
            "role",
            company_id=company_id,
            row_id=role_id,
            expected_version=expected_version,
            changes=columns,
        )
    return role_id


async def set_active(
    *,
    company_id: CompanyId,
    role_id: RoleId,
    expected_version: int,
    active: bool,
    giver: Giver,
) -> RoleId:
    """Retire a role that nobody has, or take it into use again.

    :raises InUse: somebody has it or is invited to, or a group of the provider is given it
    :raises ScopeNotHeld, StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        check_scopes(giver, await _scopes(connection, company_id, role_id), "id")
        await rows.change(
            connection,
            "role",
            company_id=company_id,
            row_id=role_id,
            expected_version=expected_version,
            changes={"active": active},
        )
        if not active and await connection.fetchval(HELD, company_id, role_id):
            raise InUse("id")
    return role_id


async def _scopes(
    connection: Connection, company_id: CompanyId, role_id: RoleId
) -> frozenset[Scope]:
    """Return a role's scopes, which stay as they are until the transaction ends."""
    row = await connection.fetchrow(LOCKED, company_id, role_id)
    if row is None:
        raise NotThere
    return scopes_named(row["scopes"])


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    columns = dict(given)
    if "name" in columns:
        columns["name"] = values.name(columns["name"], "name")
    if "description" in columns:
        columns["description"] = values.optional_name(
            columns["description"], "description", characters_max=TEXT_CHARACTERS_MAX
        )
    if "scopes" in columns:
        if not columns["scopes"]:
            raise InvalidValue("scopes", expected="one scope or more")
        columns["scopes"] = sorted(set(columns["scopes"]))
    return columns
