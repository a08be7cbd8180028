"""The OpenID provider that a company trusts, and what its groups become. Not here: signing in."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg

from db import access
from db.access import Connection
from db.enums import Role
from db.ids import CompanyId
from domain import values
from domain.identity import memberships
from domain.identity.keys import Keys
from domain.identity.roles import SCOPES
from domain.identity.rules import GivenRole, Giver, Place, check_scopes
from domain.refusals import AlreadyExists, InvalidValue, NotThere, StaleVersion

GROUPS_MAX = 100
SECRET_CHARACTERS_MAX = 1_000

FIND = "select * from oidc_provider where company_id = $1"
LOCKED = f"{FIND} for update"
GROUPS = """
    select g.* from oidc_group_role g
    left join role r on r.company_id = g.company_id and r.id = g.role_id
    where g.company_id = $1 and (g.role_id is null or r.active)
    order by g.position
"""
PUT = """
    insert into oidc_provider
        (company_id, issuer, client_id, client_secret_cipher, groups_claim, active)
    values ($1, $2, $3, $4, $5, $6)
"""
CHANGE = """
    update oidc_provider set issuer = $2, client_id = $3, client_secret_cipher = $4,
        groups_claim = $5, active = $6, version = version + 1
    where company_id = $1
"""
PUT_GROUP = """
    insert into oidc_group_role
        (company_id, position, group_name, role, role_id, branch_id, field_id)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
REMOVE_GROUPS = "delete from oidc_group_role where company_id = $1"
REMOVE = "delete from oidc_provider where company_id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRole:
    """What members of a group become, and where."""

    group: str
    given: GivenRole
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider as it is kept. groups: the first that somebody is in counts."""

    company_id: CompanyId
    issuer: str
    client_id: str
    client_secret_cipher: bytes
    groups_claim: str
    active: bool
    version: int
    groups: Sequence[GroupRole]

    def client_secret(self, keys: Keys) -> str:
        return keys.unseal(self.client_secret_cipher, bound_to=_binding(self.company_id)).decode()


async def find(company_id: CompanyId) -> Provider | None:
    """Return a company's provider, in use or not, without the groups whose role is retired."""
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(FIND, company_id)
        groups = await connection.fetch(GROUPS, company_id)
    if row is None:
        return None
    return Provider(**row, groups=[_group(group) for group in groups])


async def put(
    *,
    company_id: CompanyId,
    expected_version: int | None,
    issuer: str,
    client_id: str,
    client_secret: str | None,
    groups_claim: str,
    active: bool,
    groups: Sequence[GroupRole],
    giver: Giver,
    keys: Keys,
    insecure: bool,
) -> None:
    """Trust a provider from now on, instead of any other.

    expected_version: None when there is none yet.
    client_secret: None keeps it, unless it would be shown to another issuer.
    insecure: whether an issuer may do without TLS.

    :raises ScopeNotHeld: the giver is no administrator; the provider can pass for anybody here
    :raises PlaceNotHeld, RoleRetired, AlreadyExists, InvalidValue: nothing was written
    :raises StaleVersion, NotThere: nothing was written
    """
    issuer, client_id = _issuer(issuer, insecure=insecure), values.name(client_id, "client_id")
    groups_claim = values.name(groups_claim, "groups_claim")
    if len(groups) > GROUPS_MAX:
        raise InvalidValue("groups", expected=f"at most {GROUPS_MAX} groups")
    check_scopes(giver, SCOPES[Role.ADMINISTRATOR], "issuer")
    async with access.tenant(company_id) as connection:
        row = await _locked(connection, company_id, expected_version)
        cipher = _cipher(client_secret, row, issuer, company_id, keys)
        await _write(
            connection,
            CHANGE if row else PUT,
            company_id, issuer, client_id, cipher, groups_claim, active,
        )  # fmt: skip
        await connection.execute(REMOVE_GROUPS, company_id)
        for position, group in enumerate(groups):
            await memberships.check_gift(connection, company_id, group.given, group.place, giver)
            await _put_group(connection, company_id, position, group)


async def remove(*, company_id: CompanyId, expected_version: int, giver: Giver) -> None:
    """Trust no provider any more; its users keep their memberships.

    :raises ScopeNotHeld: the giver is no administrator
    :raises StaleVersion, NotThere: nothing was written
    """
    check_scopes(giver, SCOPES[Role.ADMINISTRATOR], "expected_version")
    async with access.tenant(company_id) as connection:
        if await _locked(connection, company_id, expected_version) is None:
            raise NotThere
        await connection.execute(REMOVE_GROUPS, company_id)
        await connection.execute(REMOVE, company_id)


async def _locked(
    connection: Connection, company_id: CompanyId, expected_version: int | None
) -> asyncpg.Record | None:
    row = await connection.fetchrow(LOCKED, company_id)
    if row is None and expected_version is not None:
        raise NotThere
    if row is not None and row["version"] != expected_version:
        raise StaleVersion(company_id)
    return row


async def _write(connection: Connection, statement: str, *columns: object) -> None:
    try:
        await connection.execute(statement, *columns)
    except asyncpg.UniqueViolationError as error:
        # Somebody else was faster with the first one.
        raise AlreadyExists("issuer") from error


async def _put_group(
    connection: Connection, company_id: CompanyId, position: int, group: GroupRole
) -> None:
    given, place = group.given, group.place
    name = values.name(group.group, "groups", "group")
    columns = (given.role, given.role_id, place.branch_id, place.field_id)
    if given.role is Role.SUBSCRIBER:
        raise InvalidValue("groups", "role", expected="a role of staff")
    try:
        await connection.execute(PUT_GROUP, company_id, position, name, *columns)
    except asyncpg.UniqueViolationError as error:
        raise AlreadyExists("groups", "group") from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotThere from error


def _cipher(
    secret: str | None,
    row: asyncpg.Record | None,
    issuer: str,
    company_id: CompanyId,
    keys: Keys,
) -> bytes:
    if secret is None and row is not None and row["issuer"] == issuer:
        return bytes(row["client_secret_cipher"])
    if secret is None:
        raise InvalidValue("client_secret", expected="the secret that this issuer has given")
    secret = values.name(secret, "client_secret", characters_max=SECRET_CHARACTERS_MAX)
    return keys.seal(secret.encode(), bound_to=_binding(company_id))


def _issuer(text: str, *, insecure: bool) -> str:
    issuer = values.name(text, "issuer", characters_max=SECRET_CHARACTERS_MAX)
    try:
        parts = urlsplit(issuer)
        has_port = parts.port != 0
    except ValueError:
        raise InvalidValue("issuer", expected="https://HOST") from None
    schemes = {"https", "http"} if insecure else {"https"}
    extras = parts.query or parts.fragment or parts.username or " " in issuer
    if parts.scheme not in schemes or not parts.hostname or extras or not has_port:
        raise InvalidValue("issuer", expected="https://HOST")
    return issuer


def _group(row: asyncpg.Record) -> GroupRole:
    place = Place(branch_id=row["branch_id"], field_id=row["field_id"])
    return GroupRole(group=row["group_name"], given=memberships.role_of(row), place=place)


def _binding(company_id: CompanyId) -> str:
    return f"oidc client {company_id}"
