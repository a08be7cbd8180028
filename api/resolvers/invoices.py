"""Invoices: looking at them, making them, and taking them back."""

from typing import Annotated

import strawberry

from api.context import Info
from api.global_ids import optional_id
from api.mutations import ended, once, seen
from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.invoices import CreditInvoiceInput, Invoice, InvoicePayload, IssueInvoiceInput
from api.schema.money import Money
from api.schema.paging import Connection
from api.schema.payments import CreditPurchases
from api.schema.readings import TimeRangeInput
from api.schema.relations import listed
from api.schema.scalars import LocalDate
from db.enums import PurchaseGrouping, Scope
from db.ids import AccountId, InvoiceId
from domain.invoices import analysis, credit_notes, monthly
from domain.invoices.analysis import Purchases
from domain.invoices.listings import INVOICES
from domain.invoices.rules import Month

Issued = Annotated[IssueInvoiceInput, strawberry.argument(description="For whom and when.")]
Credited = Annotated[CreditInvoiceInput, strawberry.argument(description="What is taken back.")]
Range = Annotated[TimeRangeInput, strawberry.argument(description="From when to when.")]
By = Annotated[PurchaseGrouping, strawberry.argument(description="What is told apart.")]


@strawberry.type
class InvoiceQuery:
    invoices: Connection[Invoice] | None = listed(
        INVOICES, "Invoices and credit notes, the newest first.", scope=Scope.INVOICES_READ
    )

    @strawberry.field(
        description="How much credit was bought, at most 1,000 groups.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def credit_purchases(
        self, info: Info, range: Range, group_by: By
    ) -> list[CreditPurchases] | None:
        range.check()
        reach = info.context.loaders.reach
        async with reach.connection() as connection:
            found = await analysis.purchases(
                connection,
                start=range.from_,
                end=range.to,
                grouping=group_by,
                wall=reach.wall,
            )
        return [_purchases(one) for one in found]


@strawberry.type
class InvoiceMutation:
    @strawberry.mutation(
        description="Invoice an account for a month that is over; asking again returns the same.",
        extensions=[requires(Scope.INVOICES_WRITE)],
    )
    async def issue_invoice(self, info: Info, input: Issued) -> InvoicePayload | None:
        account_id = await seen(info, Account, input.account_id, argument="input.accountId")
        operation = monthly.issue(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(account_id),
            month=Month.of(input.month),
            now=info.context.clock(),
        )
        return await ended(info, InvoicePayload, Invoice, operation)

    @strawberry.mutation(
        description="Take an invoice back by a credit note, in full or by line.",
        extensions=[requires(Scope.INVOICES_WRITE)],
    )
    async def credit_invoice(self, info: Info, input: Credited) -> InvoicePayload | None:
        invoice_id = await seen(info, Invoice, input.invoice_id, argument="input.invoiceId")
        lines = input.lines
        amounts = None
        if lines is not None:
            amounts = once(((one.number, one.amount) for one in lines), argument="input.lines")
        operation = credit_notes.credit(
            company_id=info.context.signed_in.company_id,
            invoice_id=InvoiceId(invoice_id),
            amounts=amounts,
            reason=input.reason,
            idempotency_key=input.idempotency_key,
            now=info.context.clock(),
        )
        return await ended(info, InvoicePayload, Invoice, operation)


def _purchases(found: Purchases) -> CreditPurchases:
    return CreditPurchases(
        amount=Money.of(found.amount, found.currency),
        purchase_count=found.purchases,
        month=None if found.month is None else LocalDate(found.month),
        branch_id=optional_id("Branch", found.branch_id),
        field_id=optional_id("Field", found.field_id),
        method=found.kind,
    )
