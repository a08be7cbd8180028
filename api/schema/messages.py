"""Messages that people were sent, and what became of them.

A field guarded more strictly than its parent is nullable: a refusal then costs only that field.
"""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.node import Node
from api.schema.relations import belongs_to
from api.schema.scalars import DateTime
from db.enums import MessageChannel, MessageKind, MessageState, Scope
from domain.accounts.queries import ACCOUNTS, SUBSCRIBERS
from domain.identity.queries import USERS
from domain.messages.listings import MESSAGES, Event, Said

if TYPE_CHECKING:
    from api.schema.accounts import Account
    from api.schema.subscribers import Subscriber
    from api.schema.users import User

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]
LazySubscriber = Annotated["Subscriber", strawberry.lazy("api.schema.subscribers")]
LazyUser = Annotated["User", strawberry.lazy("api.schema.users")]


@strawberry.type(description="Something that happened to a message.")
class MessageEvent:
    at: DateTime = strawberry.field(description="When.")
    state: MessageState = strawberry.field(description="How far the message was then.")
    attempt: int = strawberry.field(description="At which attempt; 0 before the first.")
    detail: str | None = strawberry.field(
        description="What a server or a gateway said, without addresses."
    )

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(
            at=DateTime(event.at), state=event.state, attempt=event.attempt, detail=event.detail
        )


@strawberry.type(description="A message to a subscriber or a user.")
class Message(Node, listing=MESSAGES, scope=Scope.MESSAGES_READ):
    channel: MessageChannel = strawberry.field(description="By which way it went.")
    kind: MessageKind = strawberry.field(description="What it is about.")
    state: MessageState = strawberry.field(description="How far it is.")
    attempts: int = strawberry.field(description="How often it was tried to send it.")
    created_at: DateTime = strawberry.field(description="When it was asked for.")
    next_attempt_at: DateTime | None = strawberry.field(
        description="When it is tried next; null once it does not wait any more."
    )
    sent_at: DateTime | None = strawberry.field(description="When somebody took it.")
    ended_at: DateTime | None = strawberry.field(description="When its state changed last.")
    failure: str | None = strawberry.field(description="Why it did not arrive, or not yet.")
    reply: str | None = strawberry.field(
        description="What the server or the gateway answered that took it, without addresses."
    )
    provider_id: str | None = strawberry.field(description="What the gateway calls it.")
    account: LazyAccount | None = belongs_to(
        ACCOUNTS, "account_id", "The account that it is about.", scope=Scope.ACCOUNTS_READ
    )
    subscriber: LazySubscriber | None = belongs_to(
        SUBSCRIBERS, "subscriber_id", "Whom it is for.", scope=Scope.SUBSCRIBERS_READ
    )
    user: LazyUser | None = belongs_to(
        USERS,
        "user_id",
        "The user whom it is for, among the company's members.",
        scope=Scope.USERS_READ,
    )

    @strawberry.field(description="What happened to it, in order.")
    async def history(self, info: Info) -> list[MessageEvent]:
        events = await info.context.loaders.message_history.load(self.row_id)
        return [MessageEvent.of(event) for event in events]

    @strawberry.field(
        description="To which address or number it went; null until then, and where it is a"
        " user's.",
        extensions=[requires(Scope.SUBSCRIBERS_CONTACT)],
    )
    async def recipient(self, info: Info) -> str | None:
        said = await self._said(info)
        return None if said is None else said.recipient

    @strawberry.field(
        description="What it was called; null for short messages, and for what is not kept.",
        extensions=[requires(Scope.SUBSCRIBERS_CONTACT)],
    )
    async def subject(self, info: Info) -> str | None:
        said = await self._said(info)
        return None if said is None else said.subject or None

    @strawberry.field(
        description="What it said, as text; null until it is sent, and for what is not kept:"
        " messages with a token.",
        extensions=[requires(Scope.SUBSCRIBERS_CONTACT)],
    )
    async def body(self, info: Info) -> str | None:
        said = await self._said(info)
        return None if said is None else said.text

    async def _said(self, info: Info) -> Said | None:
        return await info.context.loaders.message_said.load(self.row_id)
