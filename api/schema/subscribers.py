"""Subscribers, who they are, and why some of them are protected.

A field guarded more strictly than its parent is nullable: a refusal then costs only that field.
"""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.messages import Message
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.relations import belongs_to, children
from api.schema.scalars import DateTime, LocalDate
from api.schema.topups import SavedCard
from db.enums import ErasureReason, ProtectionKind, Scope
from domain.accounts.queries import ACCOUNTS_OF_SUBSCRIBER, SUBSCRIBERS
from domain.messages.listings import MESSAGES_OF_SUBSCRIBER
from domain.subscribers.protection import PROOFS, PROOFS_OF_SUBSCRIBER, Detail
from domain.topups.listings import CARDS_OF_SUBSCRIBER

if TYPE_CHECKING:
    from api.schema.accounts import Account

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]


def contact_field(name: str, description: str) -> Any:
    """Return a field of people's data: opened when it is asked for, and by whom is recorded."""

    async def resolve(root: Node, info: Info):  # type: ignore[no-untyped-def]
        contact = await info.context.loaders.contact.load(root.row_id)
        return None if contact is None else contact.field(name)

    return strawberry.field(
        resolver=resolve, description=description, extensions=[requires(Scope.SUBSCRIBERS_CONTACT)]
    )


@strawberry.type(description="Who is supplied: a person or a firm.")
class Subscriber(Node, listing=SUBSCRIBERS, scope=Scope.SUBSCRIBERS_READ):
    reference: str = strawberry.field(description="What the company calls it.")
    name: str | None = contact_field("name", "The person's or the firm's name.")
    email: str | None = contact_field("email", "Where to write to.")
    phone: str | None = contact_field("phone", "Where to call.")
    address: str | None = contact_field("address", "Where it lives or has its seat.")
    invoice_address: str | None = contact_field(
        "invoice_address", "Where invoices go, if that is another address."
    )
    identity_number: str | None = contact_field(
        "identity_number", "The person's national number, or the firm's tax number."
    )
    language: str | None = contact_field(
        "language", "The language in which it is addressed: `tr`, `en-GB`."
    )
    is_protected: bool = strawberry.field(
        description="Whether there is a reason today why it must not be cut off."
    )
    erased_at: DateTime | None = strawberry.field(
        description="When its personal data was destroyed; null while it is there."
    )
    erasure_reason: ErasureReason | None = strawberry.field(description="Why it was destroyed.")
    version: int = strawberry.field(description="Goes up with each change.")
    accounts: Connection[LazyAccount] | None = children(
        ACCOUNTS_OF_SUBSCRIBER, "The subscriber's accounts, by number.", scope=Scope.ACCOUNTS_READ
    )
    messages: Connection[Message] | None = children(
        MESSAGES_OF_SUBSCRIBER, "What it was sent, newest first.", scope=Scope.MESSAGES_READ
    )
    saved_cards: Connection[SavedCard] | None = children(
        CARDS_OF_SUBSCRIBER, "Cards that can pay, the newest first.", scope=Scope.TOPUPS_READ
    )
    protection_proofs: Connection["ProtectionProof"] | None = children(
        PROOFS_OF_SUBSCRIBER,
        "Why it is or was protected, by start.",
        scope=Scope.SUBSCRIBERS_PROTECTION,
    )


@strawberry.type(description="Why a subscriber must not be cut off, and what proves it.")
class ProtectionProof(Node, listing=PROOFS, scope=Scope.SUBSCRIBERS_PROTECTION):
    valid_from: LocalDate = strawberry.field(description="The first day, in the company's zone.")
    valid_until: LocalDate | None = strawberry.field(
        description="The last day; null until somebody ends it."
    )
    version: int = strawberry.field(description="Goes up with each change.")
    subscriber: Subscriber | None = belongs_to(
        SUBSCRIBERS, "subscriber_id", "Who is protected.", scope=Scope.SUBSCRIBERS_READ
    )

    @strawberry.field(description="Why; null when the subscriber's data was destroyed.")
    async def kind(self, info: Info) -> ProtectionKind | None:
        detail = await self._detail(info)
        return None if detail is None else detail.kind

    @strawberry.field(description="Where the proof is filed.")
    async def document(self, info: Info) -> str | None:
        detail = await self._detail(info)
        return None if detail is None else detail.document

    @strawberry.field(description="What else one has to know.")
    async def note(self, info: Info) -> str | None:
        detail = await self._detail(info)
        return None if detail is None else detail.note

    async def _detail(self, info: Info) -> Detail | None:
        return await info.context.loaders.protection.load(self.row_id)
