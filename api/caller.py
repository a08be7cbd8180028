"""Who asks."""

from dataclasses import dataclass
from datetime import datetime

from db.enums import Role, Scope
from db.ids import (
    BranchId,
    CompanyId,
    DocumentId,
    FieldId,
    KeyId,
    SessionId,
    SubscriberId,
    UserId,
)
from domain.hands import Hand

# Identities begin at 1, so that no row belongs to these.
NO_COMPANY = CompanyId(0)
NO_USER = UserId(0)
NO_SESSION = SessionId(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingKey:
    """The API key that a program calls with.

    user_id: whom it was given to. partner, document_ids: whose registered documents it may run,
    and which of them; None: any of the company's. cost_max, cost_per_s: its budget, if of its own.
    """

    id: KeyId
    user_id: UserId | None
    partner: str | None
    document_ids: frozenset[DocumentId] | None
    cost_max: int | None
    cost_per_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A signed-in user, or a key, that acts in one company, as rights stood when the request began.

    key: what a program calls with; then nobody's user and session, so that nothing of a person is
    within its reach. name: of the user, or of the key.
    company_id, role_name: `NO_COMPANY` and None, without scopes, for a user who acts in none.
    role: a built-in one; None for a role of the company's own.
    branch_id, field_id, subscriber_id: at most one; to what the caller is confined.
    locale: the language of messages. expires_at: when the access token or the key does.
    needs_second_factor: it has no scopes until it has one.
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
    key: CallingKey | None = None
    email: str = ""
    role_name: str | None = None
    has_second_factor: bool = False
    needs_second_factor: bool = False

    @property
    def hand(self) -> Hand:
        """Who does what takes two people; a key's users are found with the key."""
        if self.key is None:
            return Hand(user_id=self.user_id)
        return Hand(key_id=self.key.id)
