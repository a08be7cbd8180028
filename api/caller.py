"""Who asks."""

from dataclasses import dataclass
from datetime import datetime

from db.enums import Role, Scope
from db.ids import BranchId, CompanyId, FieldId, SessionId, SubscriberId, UserId

# Identities begin at 1, so that no row belongs to it.
NO_COMPANY = CompanyId(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A signed-in user who acts in one company, as rights stood when the request began.

    company_id, role: `NO_COMPANY` and None, without scopes, for a user who acts in none.
    branch_id, field_id, subscriber_id: at most one; to what the caller is confined.
    expires_at: when the access token does.
    """

    user_id: UserId
    session_id: SessionId
    name: str
    company_id: CompanyId
    role: Role | None
    scopes: frozenset[Scope]
    branch_id: BranchId | None = None
    field_id: FieldId | None = None
    subscriber_id: SubscriberId | None = None
    locale: str
    time_zone: str
    expires_at: datetime
