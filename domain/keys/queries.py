"""What a key may do: looked up again for each request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import access
from db.enums import Role, Scope
from db.ids import CompanyId, DocumentId, KeyId, UserId
from domain.facets import id_of, instant, text
from domain.identity.roles import scopes_named, scopes_of
from domain.identity.rules import Place
from domain.keys.rules import Network, narrower
from domain.listing import Listing, Record

LISTED_MAX = 10_000

API_KEYS = Listing(
    table="api_key",
    columns=(
        "id",
        "name",
        "scopes",
        "partner",
        "document_ids",
        "branch_id",
        "field_id",
        "user_id",
        "addresses::text[] as addresses",
        "cost_max",
        "cost_per_s",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "version",
    ),
    facets=(
        text("api_key.name"),
        text("api_key.partner", nullable=True),
        instant("api_key.created_at"),
        instant("api_key.expires_at", nullable=True),
        instant("api_key.revoked_at", nullable=True),
        instant("api_key.last_used_at", nullable=True),
        id_of("branch", "api_key.branch_id", nullable=True),
        id_of("field", "api_key.field_id", nullable=True),
    ),
    order="name",
)

RIGHTS = """
    select k.id, k.company_id, k.name, k.secret_hash, k.scopes, k.partner, k.document_ids,
        k.branch_id, k.field_id, kf.branch_id as branch_of_field, k.user_id, k.addresses,
        k.cost_max, k.cost_per_s, k.expires_at, k.last_used_at, c.locale, c.time_zone,
        m.role, r.scopes as role_scopes, m.branch_id as user_branch_id, m.field_id as user_field_id,
        m.subscriber_id as user_subscriber_id, mf.branch_id as branch_of_user_field
    from api_key k
    join company c on c.id = k.company_id and c.active and c.api_allowed
    left join field kf on kf.company_id = k.company_id and kf.id = k.field_id
    left join app_user u on u.id = k.user_id and u.active
    left join membership m on m.company_id = k.company_id and m.user_id = u.id and m.active
    left join role r on r.company_id = m.company_id and r.id = m.role_id and r.active
    left join field mf on mf.company_id = m.company_id and mf.id = m.field_id
    where k.id = any($1::int8[]) and k.revoked_at is null
        and (k.expires_at is null or k.expires_at > $2)
        and (k.user_id is null or (m.id is not null and (not c.second_factor_required or exists (
            select from second_factor f where f.user_id = u.id and f.confirmed_at is not null))))
"""
LISTED = """
    select id, name, scopes, partner, created_at, expires_at, revoked_at, last_used_at from api_key
    where company_id = $1
        and ($2 or (revoked_at is null and (expires_at is null or expires_at > $3)))
    order by name, id
    limit $4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRights:
    """What a live key may do.

    place: None when the key's and its user's have nothing in common.
    user_id, user_scopes: whom it was given to, and what that user may do in the company.
    """

    key_id: KeyId
    company_id: CompanyId
    name: str
    secret_hash: bytes
    scopes: frozenset[Scope]
    partner: str | None
    document_ids: frozenset[DocumentId] | None
    place: Place | None
    user_id: UserId | None
    user_scopes: frozenset[Scope]
    addresses: Sequence[Network]
    cost_max: int | None
    cost_per_s: int | None
    expires_at: datetime | None
    last_used_at: datetime | None
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as a list shows it."""

    id: KeyId
    name: str
    scopes: Sequence[str]
    partner: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


async def rights_of(key_ids: Sequence[KeyId], *, now: datetime) -> dict[KeyId, KeyRights]:
    """Return what keys may do now; missing are those that have ended, or whose users have."""
    rows = await access.read_rows(RIGHTS, key_ids, now)
    return {KeyId(row["id"]): _rights(row) for row in rows}


async def listed(*, company_id: CompanyId, ended: bool, now: datetime) -> list[ListedKey]:
    """Return a company's keys by name, at most 10,000. ended: those that have ended, too."""
    async with access.tenant(company_id) as connection:
        found = await connection.fetch(LISTED, company_id, ended, now, LISTED_MAX)
    return [ListedKey(**dict(row)) for row in found]


def _rights(row: Record) -> KeyRights:
    documents = row["document_ids"]
    return KeyRights(
        key_id=KeyId(row["id"]),
        company_id=CompanyId(row["company_id"]),
        name=row["name"],
        secret_hash=row["secret_hash"],
        scopes=scopes_named(row["scopes"]),
        partner=row["partner"],
        document_ids=None if documents is None else frozenset(documents),
        place=_place(row),
        user_id=row["user_id"],
        user_scopes=_user_scopes(row),
        addresses=row["addresses"],
        cost_max=row["cost_max"],
        cost_per_s=row["cost_per_s"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        locale=row["locale"],
        time_zone=row["time_zone"],
    )


def _user_scopes(row: Record) -> frozenset[Scope]:
    return scopes_of(Role(row["role"])) if row["role"] else scopes_named(row["role_scopes"] or ())


def _place(row: Record) -> Place | None:
    own = Place(branch_id=row["branch_id"], field_id=row["field_id"])
    of_user = Place(
        branch_id=row["user_branch_id"],
        field_id=row["user_field_id"],
        subscriber_id=row["user_subscriber_id"],
    )
    return narrower(
        own,
        of_user,
        branch_of_place=row["branch_of_field"],
        branch_of_other=row["branch_of_user_field"],
    )
