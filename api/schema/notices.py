"""Notices of overdue invoices."""

import strawberry

from api.schema.invoices import Invoice
from api.schema.messages import Message
from api.schema.money import Money
from api.schema.node import Node
from api.schema.relations import belongs_to
from api.schema.scalars import DateTime
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import DeliveryMethod, Scope
from domain.invoices.listings import INVOICES
from domain.messages.listings import MESSAGES
from domain.notices.listings import NOTICES


@strawberry.type(description="That somebody was told of an overdue invoice.")
class OverdueNotice(Node, listing=NOTICES, scope=Scope.INVOICES_READ):
    number: int = strawberry.field(description="The how manyth of its invoice, from 1 on.")
    issued_at: DateTime = strawberry.field(description="When it was made.")
    delivered_at: DateTime | None = strawberry.field(
        description="When it arrived; null while nothing proves it."
    )
    delivery_method: DeliveryMethod | None = strawberry.field(description="How it arrived.")
    delivery_evidence: str | None = strawberry.field(
        description="What proves it; null where its message does, `ERASED` once the person is"
        " forgotten."
    )
    version: int = strawberry.field(description="Goes up with each change.")
    invoice: Invoice | None = belongs_to(
        INVOICES, "invoice_id", "What is overdue.", scope=Scope.INVOICES_READ
    )

    message: Message | None = belongs_to(
        MESSAGES,
        "message_id",
        "What it went with; when that is proven to have arrived, so is the notice.",
        scope=Scope.MESSAGES_READ,
    )

    @strawberry.field(description="How much of the invoice was open then.")
    def open(self) -> Money:
        return self.money("open_micro")


@strawberry.input(description="An overdue invoice that somebody is told of.")
class IssueOverdueNoticeInput:
    invoice_id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.input(description="That a notice arrived.")
class RecordNoticeDeliveryInput:
    id: strawberry.ID = strawberry.field(description="Which notice.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    method: DeliveryMethod = strawberry.field(description="How.")
    evidence: str = strawberry.field(description="What proves it; 1 to 500 characters.")
    delivered_at: DateTime = strawberry.field(description="When; never in the future.")


@strawberry.type(description="How changing a notice ended.")
class OverdueNoticePayload:
    overdue_notice: OverdueNotice | None = strawberry.field(description="The notice as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
