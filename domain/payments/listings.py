"""Looking at payments, and at what banks say was transferred."""

from db.enums import PaymentMethod, PaymentState, TransferState
from domain.facets import date, id_of, instant, money, text, word
from domain.listing import Listing, Relation

CURRENCY = "(select c.currency from company c where c.id = payment.company_id) as currency"

PAYMENTS = Listing(
    table="payment",
    columns=(
        "id",
        "account_id",
        "amount_micro",
        "allocated_micro",
        CURRENCY,
        "method",
        "reference",
        "received_at",
        "recorded_at",
        "state",
        "journal_id",
        "reversal_id",
        "reversal_reason",
        "version",
    ),
    facets=(
        instant("payment.received_at"),
        word("payment.method", PaymentMethod),
        word("payment.state", PaymentState),
        text("payment.reference", nullable=True),
        money("payment.amount_micro", name="amount"),
        money("(payment.amount_micro - payment.allocated_micro)", name="unallocated"),
        id_of("account", "payment.account_id"),
    ),
    order="received_at",
    newest_first=True,
)
TRANSFERS = Listing(
    table="bank_transfer",
    columns=(
        "id",
        "booked_date",
        "amount_micro",
        "currency",
        "text",
        "bank_reference",
        "state",
        "imported_at",
        "payment_id",
        "suggested_invoice_id",
        "ignored_because",
        "version",
    ),
    facets=(
        date("bank_transfer.booked_date"),
        word("bank_transfer.state", TransferState),
        text("bank_transfer.text"),
        money("bank_transfer.amount_micro", name="amount"),
    ),
    order="booked_date",
    newest_first=True,
)
PAYMENTS_OF_ACCOUNT = Relation(PAYMENTS, "payment.account_id = parent.id")
