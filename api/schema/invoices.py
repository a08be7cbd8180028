"""Invoices: what they charge, what pays them, and their pictures."""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from api.context import Info
from api.file_tokens import FileRight, Purpose
from api.global_ids import encode, optional_id
from api.invoice_files import path_of
from api.permissions.requires import requires
from api.schema.files import URL_TTL, Download
from api.schema.invoice_lines import InvoiceLine, InvoiceTax
from api.schema.ledger import LedgerTransaction
from api.schema.money import Money
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.relations import belongs_to, children
from api.schema.scalars import DateTime, ExactNumber, LocalDate, MoneyAmount
from api.schema.user_errors import UserError
from db.enums import (
    InvoiceKind,
    InvoiceLanguage,
    InvoiceState,
    Scope,
    TransmissionState,
)
from db.ids import FileId, InvoiceId
from domain.accounts.queries import ACCOUNTS
from domain.invoices import documents
from domain.invoices.documents import MIME_TYPE
from domain.invoices.listings import CREDIT_NOTES_OF_INVOICE, INVOICES
from domain.ledger.listings import TRANSACTIONS
from domain.listing import Record
from domain.money import major
from domain.notices.listings import NOTICES_OF_INVOICE
from domain.refusals import NotThere

if TYPE_CHECKING:
    from api.schema.accounts import Account
    from api.schema.notices import OverdueNotice

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]
LazyNotice = Annotated["OverdueNotice", strawberry.lazy("api.schema.notices")]
Language = Annotated[
    InvoiceLanguage | None,
    strawberry.argument(description="In which; the company's by default, else English."),
]


@strawberry.type(description="How much of a payment pays an invoice, or went elsewhere.")
class Allocation:
    invoice_id: strawberry.ID | None = strawberry.field(
        description="Which invoice; null for what pays none."
    )
    transaction_id: strawberry.ID | None = strawberry.field(
        description="What took it in the books, as when its account was settled; null for what"
        " pays an invoice."
    )
    payment_id: strawberry.ID = strawberry.field(description="Which payment.")
    amount: Money = strawberry.field(description="How much.")
    allocated_at: DateTime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(
            invoice_id=optional_id("Invoice", row["invoice_id"]),
            transaction_id=optional_id("LedgerTransaction", row["journal_id"]),
            payment_id=strawberry.ID(encode("Payment", row["payment_id"])),
            amount=Money.of(major(row["amount_micro"]), row["currency"]),
            allocated_at=DateTime(row["allocated_at"]),
        )


@strawberry.type(description="What was invoiced. It never changes: a credit note answers it.")
class Invoice(Node, listing=INVOICES, scope=Scope.INVOICES_READ):
    number: str = strawberry.field(description="Without gaps in its series and year.")
    kind: InvoiceKind = strawberry.field(description="What it is.")
    state: InvoiceState = strawberry.field(description="How far it is; follows from facts.")
    month: LocalDate | None = strawberry.field(
        description="The first day of the month that it is for; null for other kinds."
    )
    issued_at: DateTime = strawberry.field(description="When it was made.")
    issue_date: LocalDate = strawberry.field(description="The local day on which it was made.")
    due_date: LocalDate = strawberry.field(description="The last day to pay it.")
    is_estimated: bool = strawberry.field(
        name="estimated", description="Whether one of its lines is."
    )
    reason: str | None = strawberry.field(description="Why, of a credit note.")
    einvoice_state: TransmissionState | None = strawberry.field(
        name="eInvoiceState",
        description="How far its legal document is on its way; null where none is sent.",
    )
    einvoice_uuid: str | None = strawberry.field(
        name="eInvoiceUuid", description="What the legal document is called, once it is sent."
    )
    einvoice_error: str | None = strawberry.field(
        name="eInvoiceError", description="Why it has not been taken."
    )
    account: LazyAccount | None = belongs_to(
        ACCOUNTS, "account_id", "Whose it is.", scope=Scope.ACCOUNTS_READ
    )
    refers_to: "Invoice | None" = belongs_to(
        INVOICES,
        "refers_to",
        "The invoice that a credit note takes back.",
        scope=Scope.INVOICES_READ,
    )
    notices: Connection[LazyNotice] | None = children(
        NOTICES_OF_INVOICE,
        "Notices that it is overdue, the first first.",
        scope=Scope.INVOICES_READ,
    )
    credit_notes: Connection["Invoice"] | None = children(
        CREDIT_NOTES_OF_INVOICE, "What takes it back, the newest first.", scope=Scope.INVOICES_READ
    )
    transaction: LedgerTransaction | None = belongs_to(
        TRANSACTIONS,
        "journal_id",
        "What it did to the books: its rounding, its credit note, or the top-up that it is for.",
        scope=Scope.BALANCES_READ,
    )

    @strawberry.field(description="What its lines sum up to, before taxes.")
    def subtotal(self) -> Money:
        return self.money("lines_micro")

    @strawberry.field(description="What its taxes sum up to.")
    def tax(self) -> Money:
        return self.money("tax_micro")

    @strawberry.field(description="What makes it an amount that can be paid.")
    def rounding(self) -> Money:
        return self.money("rounding_micro")

    @strawberry.field(description="What was to be paid, or is given back.")
    def total(self) -> Money:
        return self.money("total_micro")

    @strawberry.field(description="How much of it is paid.")
    def paid(self) -> Money:
        return self.money("paid_micro")

    @strawberry.field(description="How much of it credit notes take back.")
    def credited(self) -> Money:
        return self.money("credited_micro")

    @strawberry.field(description="How much is still to be paid.")
    def open(self) -> Money:
        return self.money("open_micro")

    @strawberry.field(description="What it charges.")
    async def lines(self, info: Info) -> list[InvoiceLine]:
        parts = await info.context.loaders.invoice_parts.load(self.row_id)
        currency = self.row["currency"]
        return [InvoiceLine.of(n, line, currency) for n, line in enumerate(parts.lines, start=1)]

    @strawberry.field(description="Its taxes.")
    async def taxes(self, info: Info) -> list[InvoiceTax]:
        parts = await info.context.loaders.invoice_parts.load(self.row_id)
        currency = self.row["currency"]
        return [
            InvoiceTax(
                name=tax.name,
                rate=None if tax.rate is None else ExactNumber(tax.rate),
                base=Money.of(tax.base, currency),
                amount=Money.of(tax.amount, currency),
            )
            for tax in parts.taxes
        ]

    @strawberry.field(description="What pays it.")
    async def allocations(self, info: Info) -> list[Allocation]:
        rows = await info.context.loaders.allocations("invoice_id").load(self.row_id)
        return [Allocation.of(row) for row in rows]

    @strawberry.field(
        description="It as PDF, made when it is first asked for; null once the person that it was"
        " for has been erased.",
        extensions=[requires(Scope.SUBSCRIBERS_CONTACT)],
    )
    async def pdf(self, info: Info, language: Language = None) -> Download | None:
        context, caller = info.context, info.context.signed_in
        now = context.clock()
        try:
            document = await documents.document(
                company_id=caller.company_id,
                invoice_id=InvoiceId(self.row_id),
                language=language,
                keyring=context.equipment.keyring,
                now=now,
            )
        except NotThere:
            return None
        right = FileRight(
            purpose=Purpose.INVOICE,
            company_id=caller.company_id,
            file_id=FileId(document.id),
            size=document.size,
            expires_at=now + URL_TTL,
        )
        return Download(
            url=path_of(context.equipment.files, right),
            expires_at=DateTime(right.expires_at),
            file_name=document.file_name,
            mime_type=MIME_TYPE,
            size=document.size,
            sha256=document.sha256.hex(),
        )


@strawberry.input(description="An account, and the month that it is to be invoiced for.")
class IssueInvoiceInput:
    account_id: strawberry.ID = strawberry.field(description="Whose.")
    month: LocalDate = strawberry.field(description="Any day of the month, which has to be over.")


@strawberry.input(description="A part of a line to take back.")
class CreditedLineInput:
    number: int = strawberry.field(description="The line's place on the invoice.")
    amount: MoneyAmount = strawberry.field(description="How much of it, before taxes.")


@strawberry.input(description="An invoice to take back, in full or by line.")
class CreditInvoiceInput:
    invoice_id: strawberry.ID = strawberry.field(description="Which one.")
    lines: list[CreditedLineInput] | None = strawberry.field(
        default=None, description="What of it; all that is left if left out."
    )
    reason: str = strawberry.field(description="Why; 1 to 500 characters.")
    idempotency_key: str = strawberry.field(
        description="The same key asks for the same credit note, and makes it once."
    )


@strawberry.type(description="How making an invoice or a credit note ended.")
class InvoicePayload:
    invoice: Invoice | None = strawberry.field(description="What was made.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was made.")
