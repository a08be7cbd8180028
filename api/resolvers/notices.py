"""Notices of overdue invoices."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import ended, seen
from api.permissions.requires import requires
from api.schema.invoices import Invoice
from api.schema.notices import (
    IssueOverdueNoticeInput,
    OverdueNotice,
    OverdueNoticePayload,
    RecordNoticeDeliveryInput,
)
from api.schema.paging import Connection
from api.schema.relations import listed
from db.enums import Scope
from db.ids import InvoiceId, NoticeId
from domain.notices import operations
from domain.notices.listings import NOTICES

Issued = Annotated[IssueOverdueNoticeInput, strawberry.argument(description="Of what.")]
Delivered = Annotated[RecordNoticeDeliveryInput, strawberry.argument(description="What arrived.")]


@strawberry.type
class NoticeQuery:
    overdue_notices: Connection[OverdueNotice] | None = listed(
        NOTICES, "Notices of overdue invoices, the oldest first.", scope=Scope.INVOICES_READ
    )


@strawberry.type
class NoticeMutation:
    @strawberry.mutation(
        description="Tell the subscriber that an invoice is overdue; the notice before has to have"
        " arrived.",
        extensions=[requires(Scope.INVOICES_WRITE)],
    )
    async def issue_overdue_notice(self, info: Info, input: Issued) -> OverdueNoticePayload | None:
        invoice_id = await seen(info, Invoice, input.invoice_id, argument="input.invoiceId")
        operation = operations.issue(
            company_id=info.context.signed_in.company_id,
            invoice_id=InvoiceId(invoice_id),
            now=info.context.clock(),
        )
        return await ended(info, OverdueNoticePayload, OverdueNotice, operation)

    @strawberry.mutation(
        description="Say that a notice arrived, and what proves it.",
        extensions=[requires(Scope.INVOICES_WRITE)],
    )
    async def record_notice_delivery(
        self, info: Info, input: Delivered
    ) -> OverdueNoticePayload | None:
        operation = operations.record_delivery(
            company_id=info.context.signed_in.company_id,
            notice_id=NoticeId(await seen(info, OverdueNotice, input.id)),
            expected_version=input.expected_version,
            method=input.method,
            evidence=input.evidence,
            delivered_at=input.delivered_at,
            now=info.context.clock(),
        )
        return await ended(info, OverdueNoticePayload, OverdueNotice, operation)
