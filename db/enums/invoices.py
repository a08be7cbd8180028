"""Invoices, how they are paid, and notices of those that are not."""

from enum import StrEnum


class InvoiceKind(StrEnum):
    """What an invoice is: of a month, of bought credit, or one that takes another back."""

    MONTHLY = "MONTHLY"
    PURCHASE = "PURCHASE"
    CREDIT_NOTE = "CREDIT_NOTE"


class InvoiceState(StrEnum):
    """How far an invoice is; a function of facts, never stored."""

    ISSUED = "ISSUED"
    PARTLY_PAID = "PARTLY_PAID"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    CANCELLED = "CANCELLED"


class InvoiceLineKind(StrEnum):
    """What a line of an invoice is about."""

    ENERGY = "ENERGY"
    FIXED = "FIXED"
    DEDUCTION = "DEDUCTION"
    DEMAND = "DEMAND"
    REACTIVE = "REACTIVE"
    NETTING = "NETTING"
    SETTLEMENT = "SETTLEMENT"
    CREDIT = "CREDIT"


class InvoiceLanguage(StrEnum):
    """In which language an invoice is shown."""

    EN = "EN"
    TR = "TR"


class TransmissionState(StrEnum):
    """How far an e-invoice is on its way to the integrator; the last two are final."""

    WAITING = "WAITING"
    SENT = "SENT"
    REFUSED = "REFUSED"


class DeliveryMethod(StrEnum):
    """How a notice reached somebody."""

    HAND = "HAND"
    POST = "POST"
    REGISTERED_POST = "REGISTERED_POST"
    EMAIL = "EMAIL"
    SMS = "SMS"


class PurchaseGrouping(StrEnum):
    """What is told apart of bought credit."""

    PERIOD = "PERIOD"
    BRANCH = "BRANCH"
    FIELD = "FIELD"
    METHOD = "METHOD"


class PaymentMethod(StrEnum):
    """How an invoice is paid: at the cash desk, by bank transfer, or by card at a terminal."""

    CASH = "CASH"
    BANK_TRANSFER = "BANK_TRANSFER"
    CARD = "CARD"


class StatementFormat(StrEnum):
    """How a bank tells what was transferred."""

    CSV = "CSV"
    MT940 = "MT940"
    CAMT_053 = "CAMT_053"


class TransferState(StrEnum):
    """What became of a bank transfer; REVIEW waits for a person."""

    MATCHED = "MATCHED"
    REVIEW = "REVIEW"
    IGNORED = "IGNORED"


class PaymentState(StrEnum):
    """Whether a payment counts; the last is final."""

    POSTED = "POSTED"
    REVERSED = "REVERSED"
