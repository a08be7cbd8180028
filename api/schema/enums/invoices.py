"""Invoices, how they are paid, and notices of those that are not."""

from api.schema.enums.meanings import describe
from db.enums import (
    DeliveryMethod,
    InvoiceKind,
    InvoiceLanguage,
    InvoiceLineKind,
    InvoiceState,
    PaymentMethod,
    PaymentState,
    PurchaseGrouping,
    StatementFormat,
    TransferState,
    TransmissionState,
)

describe(
    InvoiceKind,
    "What an invoice is.",
    {
        InvoiceKind.MONTHLY: "Of a month, for an account that pays later.",
        InvoiceKind.PURCHASE: "Of bought credit, which paid it.",
        InvoiceKind.CREDIT_NOTE: "One that takes another back, in full or in part.",
    },
)
describe(
    InvoiceState,
    "How far an invoice is.",
    {
        InvoiceState.ISSUED: "Nothing of it is paid.",
        InvoiceState.PARTLY_PAID: "Some of it is paid, and it is not due yet.",
        InvoiceState.PAID: "It is paid, but for what was taken back.",
        InvoiceState.OVERDUE: "Some of it is open, and its last day is over.",
        InvoiceState.CANCELLED: "All of it was taken back.",
    },
)
describe(
    InvoiceLineKind,
    "What a line of an invoice is about.",
    {
        InvoiceLineKind.ENERGY: "Energy of a meter, by one component at one price.",
        InvoiceLineKind.FIXED: "A fixed charge for each day.",
        InvoiceLineKind.DEDUCTION: "Energy that the account of a submeter pays for.",
        InvoiceLineKind.DEMAND: "The highest demand of a month.",
        InvoiceLineKind.REACTIVE: "Reactive energy of a month, beyond a limit.",
        InvoiceLineKind.NETTING: "Energy that is not charged, or not credited, for it was netted.",
        InvoiceLineKind.SETTLEMENT: "What came late of a month, or was corrected.",
        InvoiceLineKind.CREDIT: "Credit that was bought.",
    },
)
describe(
    InvoiceLanguage,
    "In which language an invoice is shown.",
    {InvoiceLanguage.EN: "English.", InvoiceLanguage.TR: "Turkish."},
)
describe(
    PurchaseGrouping,
    "What is told apart of bought credit.",
    {
        PurchaseGrouping.PERIOD: "The company's local months.",
        PurchaseGrouping.BRANCH: "Branches.",
        PurchaseGrouping.FIELD: "Fields.",
        PurchaseGrouping.METHOD: "Ways of buying it.",
    },
)
describe(
    PaymentMethod,
    "How an invoice is paid.",
    {
        PaymentMethod.CASH: "At the cash desk.",
        PaymentMethod.BANK_TRANSFER: "By bank transfer.",
        PaymentMethod.CARD: "By card, at a terminal.",
    },
)
describe(
    PaymentState,
    "Whether a payment counts.",
    {
        PaymentState.POSTED: "It is in the books.",
        PaymentState.REVERSED: "It was undone by its opposite.",
    },
)
describe(
    StatementFormat,
    "How a bank tells what was transferred.",
    {
        StatementFormat.CSV: "A table with the columns date, amount, currency, reference and, if"
        " there is one, bank_reference.",
        StatementFormat.MT940: "SWIFT's customer statement message.",
        StatementFormat.CAMT_053: "ISO 20022's bank to customer statement, in any version.",
    },
)
describe(
    TransferState,
    "What became of a bank transfer.",
    {
        TransferState.MATCHED: "It is a payment.",
        TransferState.REVIEW: "A person has to say whose it is.",
        TransferState.IGNORED: "It pays nothing here.",
    },
)
describe(
    TransmissionState,
    "How far an e-invoice is on its way to the integrator.",
    {
        TransmissionState.WAITING: "Nobody has taken it yet.",
        TransmissionState.SENT: "The integrator has it.",
        TransmissionState.REFUSED: "The integrator does not take it.",
    },
)
describe(
    DeliveryMethod,
    "How a notice reached somebody.",
    {
        DeliveryMethod.HAND: "Somebody brought it.",
        DeliveryMethod.POST: "By post.",
        DeliveryMethod.REGISTERED_POST: "By registered post.",
        DeliveryMethod.EMAIL: "By e-mail.",
        DeliveryMethod.SMS: "By text message.",
    },
)
