"""Payments of invoices: taking them, undoing them, and what banks say."""

from typing import Annotated

import strawberry

from api.asking import asker_of
from api.context import Info
from api.mutations import check_whole_company, ended, once, seen
from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.files import Upload
from api.schema.invoices import Invoice
from api.schema.jobs import Job, JobPayload
from api.schema.paging import Connection
from api.schema.payments import (
    AllocatePaymentInput,
    BankTransfer,
    BankTransferPayload,
    IgnoreBankTransferInput,
    ImportBankStatementInput,
    MatchBankTransferInput,
    Payment,
    PaymentPayload,
    RecordPaymentInput,
    ReversePaymentInput,
)
from api.schema.relations import listed
from db.enums import Scope
from db.ids import AccountId, FileId, InvoiceId, PaymentId, TransferId
from domain.payments import operations, statement_work, transfers
from domain.payments.listings import PAYMENTS, TRANSFERS

Recorded = Annotated[RecordPaymentInput, strawberry.argument(description="What came.")]
Reversed = Annotated[ReversePaymentInput, strawberry.argument(description="Which payment.")]
Allocated = Annotated[AllocatePaymentInput, strawberry.argument(description="What pays what.")]
Imported = Annotated[ImportBankStatementInput, strawberry.argument(description="The file.")]
Matched = Annotated[MatchBankTransferInput, strawberry.argument(description="Whose it is.")]
Ignored = Annotated[IgnoreBankTransferInput, strawberry.argument(description="Which, and why.")]


@strawberry.type
class PaymentQuery:
    payments: Connection[Payment] | None = listed(
        PAYMENTS, "Payments of invoices, the newest first.", scope=Scope.INVOICES_READ
    )
    bank_transfers: Connection[BankTransfer] | None = listed(
        TRANSFERS, "What banks say has come, the newest first.", scope=Scope.PAYMENTS_READ
    )


@strawberry.type
class PaymentMutation:
    @strawberry.mutation(
        description="Take money for an account. It pays the invoice that is named, then the oldest"
        " due; what is left is credit that the next invoices take. Where an account pays before it"
        " consumes, what is left buys credit instead, with a receipt and an invoice.",
        extensions=[requires(Scope.PAYMENTS_WRITE)],
    )
    async def record_payment(self, info: Info, input: Recorded) -> PaymentPayload | None:
        account_id = await seen(info, Account, input.account_id, argument="input.accountId")
        operation = operations.record(
            company_id=info.context.signed_in.company_id,
            account_id=AccountId(account_id),
            amount=input.amount,
            method=input.method,
            reference=input.reference,
            received_at=input.received_at,
            idempotency_key=input.idempotency_key,
            invoice_id=await _invoice(info, input.invoice_id),
            now=info.context.clock(),
        )
        return await ended(info, PaymentPayload, Payment, operation)

    @strawberry.mutation(
        description="Undo a payment by its exact opposite; what it paid is open again, and a bank"
        " transfer that it came by waits for review again.",
        extensions=[requires(Scope.PAYMENTS_WRITE)],
    )
    async def reverse_payment(self, info: Info, input: Reversed) -> PaymentPayload | None:
        operation = operations.reverse(
            company_id=info.context.signed_in.company_id,
            payment_id=PaymentId(await seen(info, Payment, input.id)),
            expected_version=input.expected_version,
            reason=input.reason,
            now=info.context.clock(),
        )
        return await ended(info, PaymentPayload, Payment, operation)

    @strawberry.mutation(
        description="Say what a payment pays, instead of what it pays now.",
        extensions=[requires(Scope.PAYMENTS_WRITE)],
    )
    async def allocate_payment(self, info: Info, input: Allocated) -> PaymentPayload | None:
        payment_id = PaymentId(await seen(info, Payment, input.id))
        argument = "input.allocations.invoiceId"
        told = [
            (InvoiceId(await seen(info, Invoice, one.invoice_id, argument=argument)), one.amount)
            for one in input.allocations
        ]
        operation = operations.allocate(
            company_id=info.context.signed_in.company_id,
            payment_id=payment_id,
            expected_version=input.expected_version,
            amounts=once(told, argument="input.allocations"),
            now=info.context.clock(),
        )
        return await ended(info, PaymentPayload, Payment, operation)

    @strawberry.mutation(
        description="Take in a statement of a bank that was sent. What names an invoice or an"
        " account is paid in; the rest waits for review. Needs the whole company.",
        extensions=[requires(Scope.PAYMENTS_WRITE)],
    )
    async def import_bank_statement(self, info: Info, input: Imported) -> JobPayload | None:
        check_whole_company(info)
        caller = info.context.signed_in
        operation = statement_work.start(
            company_id=caller.company_id,
            asker=asker_of(caller),
            file_id=FileId(await seen(info, Upload, input.upload_id, argument="input.uploadId")),
            format=input.format,
            now=info.context.clock(),
        )
        return await ended(info, JobPayload, Job, operation)

    @strawberry.mutation(
        description="Say whose money a bank transfer is.",
        extensions=[requires(Scope.PAYMENTS_WRITE)],
    )
    async def match_bank_transfer(self, info: Info, input: Matched) -> BankTransferPayload | None:
        transfer_id = TransferId(await seen(info, BankTransfer, input.id))
        account_id = await seen(info, Account, input.account_id, argument="input.accountId")
        operation = transfers.match(
            company_id=info.context.signed_in.company_id,
            transfer_id=transfer_id,
            expected_version=input.expected_version,
            account_id=AccountId(account_id),
            invoice_id=await _invoice(info, input.invoice_id),
            now=info.context.clock(),
        )
        return await ended(info, BankTransferPayload, BankTransfer, operation)

    @strawberry.mutation(
        description="Say that a bank transfer pays nothing here.",
        extensions=[requires(Scope.PAYMENTS_WRITE)],
    )
    async def ignore_bank_transfer(self, info: Info, input: Ignored) -> BankTransferPayload | None:
        operation = transfers.ignore(
            company_id=info.context.signed_in.company_id,
            transfer_id=TransferId(await seen(info, BankTransfer, input.id)),
            expected_version=input.expected_version,
            reason=input.reason,
            now=info.context.clock(),
        )
        return await ended(info, BankTransferPayload, BankTransfer, operation)


async def _invoice(info: Info, id: strawberry.ID | None) -> InvoiceId | None:
    if id is None:
        return None
    return InvoiceId(await seen(info, Invoice, id, argument="input.invoiceId"))
