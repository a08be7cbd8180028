"""API keys, and the inputs and payloads of making, rotating and revoking them."""

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.companies import Branch, Field
from api.schema.documents import RegisteredDocument
from api.schema.node import Node
from api.schema.relations import belongs_to
from api.schema.scalars import DateTime
from api.schema.user_errors import UserError
from api.schema.users import User
from db.enums import Scope
from db.ids import KeyId
from domain.documents.queries import DOCUMENTS
from domain.hierarchy.queries import BRANCHES, FIELDS
from domain.identity.queries import USERS
from domain.identity.roles import scopes_named
from domain.keys.queries import API_KEYS
from domain.keys.rules import ADDRESSES_MAX, DOCUMENTS_MAX, OVERLAP, OVERLAP_MAX
from domain.keys.text import shown_prefix

HOURS = 3600


@strawberry.type(description="What a program calls with. It runs registered documents only.")
class ApiKey(Node, listing=API_KEYS, scope=Scope.KEYS_READ):
    name: str = strawberry.field(description="What it is called; while it is rotated, two are.")
    partner: str | None = strawberry.field(
        description="Whose registered documents it runs; null: anybody's in the company."
    )
    addresses: list[str] = strawberry.field(
        description="From where it may be used, as networks; none: from anywhere."
    )
    cost_max: int | None = strawberry.field(
        description="What its full budget holds; null: as much as everybody's."
    )
    cost_per_s: int | None = strawberry.field(
        description="What comes back to its budget in a second; null: as much as everybody's."
    )
    created_at: DateTime = strawberry.field(description="When it was made.")
    expires_at: DateTime | None = strawberry.field(description="When it ends, if it does.")
    revoked_at: DateTime | None = strawberry.field(description="When it was revoked, if it was.")
    last_used_at: DateTime | None = strawberry.field(
        description="When it was used last, to a minute."
    )
    version: int = strawberry.field(description="Goes up with each change.")
    branch: Branch | None = belongs_to(
        BRANCHES, "branch_id", "The only branch it sees, if so.", scope=Scope.COMPANY_READ
    )
    field: Field | None = belongs_to(
        FIELDS, "field_id", "The only field it sees, if so.", scope=Scope.COMPANY_READ
    )

    user: User | None = belongs_to(
        USERS, "user_id", "Whom it was given to, if to anybody.", scope=Scope.USERS_READ
    )

    @strawberry.field(description="How the key itself begins; no secret.")
    def prefix(self) -> str:
        return shown_prefix(KeyId(self.row_id))

    @strawberry.field(description="What it may do at most.")
    def scopes(self) -> list[Scope]:
        return sorted(scopes_named(self.row["scopes"]), key=lambda scope: scope.name)

    @strawberry.field(description="Whether it can be used now.")
    def live(self, info: Info) -> bool:
        ends_at = self.row["expires_at"]
        is_over = ends_at is not None and ends_at <= info.context.clock()
        return self.row["revoked_at"] is None and not is_over

    @strawberry.field(
        description="The only documents it runs; null: all, or all of its partner's.",
        extensions=[requires(Scope.DOCUMENTS_READ)],
    )
    async def documents(self, info: Info) -> list[RegisteredDocument] | None:
        ids = self.row["document_ids"]
        if ids is None:
            return None
        rows = await info.context.loaders.row(DOCUMENTS).load_many(ids)
        return [RegisteredDocument.of(row) for row in rows if row is not None]


@strawberry.input(description="An API key to make. It never does more than you may.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="What it is called; no other live key is.")
    scopes: list[Scope] = strawberry.field(description="What it may do, of what you may.")
    partner: str | None = strawberry.field(
        default=None, description="Whose registered documents it runs; anybody's by default."
    )
    document_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"The ids of the only registered documents it runs, at most {DOCUMENTS_MAX}.",
    )
    branch_id: strawberry.ID | None = strawberry.field(
        default=None, description="The only branch it sees."
    )
    field_id: strawberry.ID | None = strawberry.field(
        default=None, description="The only field it sees."
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Whom it is given to: it never does more than that user may, and ends with it.",
    )
    addresses: list[str] = strawberry.field(
        default_factory=list,
        description="From where it may be used, such as 192.0.2.0/24; anywhere by default."
        f" At most {ADDRESSES_MAX}.",
    )
    cost_max: int | None = strawberry.field(
        default=None, description="What its full budget holds; the usual at most and by default."
    )
    cost_per_s: int | None = strawberry.field(
        default=None,
        description="What comes back to its budget in a second; the usual at most and by default.",
    )
    expires_at: DateTime | None = strawberry.field(
        default=None, description="When it ends; never by default."
    )


@strawberry.input(description="A key to rotate.")
class RotateApiKeyInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    old_ends_at: DateTime | None = strawberry.field(
        default=None,
        description=f"When it ends: within {OVERLAP_MAX.days} days; by default after"
        f" {OVERLAP.total_seconds() / HOURS:g} hours.",
    )


@strawberry.input(description="A key to revoke.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="How making a key ended.")
class NewApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="The new key.")
    secret: str | None = strawberry.field(
        description="The key itself, for `Authorization: Bearer`. It is shown this once."
    )
    user_errors: list[UserError] = strawberry.field(description="Why none was made.")


@strawberry.type(description="How revoking a key ended.")
class RevokeApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="The key as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why it was not revoked.")
