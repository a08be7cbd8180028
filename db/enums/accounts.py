"""Accounts and their books."""

from enum import StrEnum


class BillingMode(StrEnum):
    """Whether an account pays before or after it consumes."""

    PREPAID = "PREPAID"
    POSTPAID = "POSTPAID"


class Segment(StrEnum):
    """Where an account stands; a function of facts, never stored."""

    NO_ENERGY = "NO_ENERGY"
    INVOICED = "INVOICED"
    WARNING_LIMIT = "WARNING_LIMIT"
    CREDIT = "CREDIT"


class JournalKind(StrEnum):
    """What a journal transaction is about."""

    ENERGY = "ENERGY"
    MONTH_CHARGE = "MONTH_CHARGE"
    CASH_TOP_UP = "CASH_TOP_UP"
    BANK_TOP_UP = "BANK_TOP_UP"
    CARD_TOP_UP = "CARD_TOP_UP"
    ADJUSTMENT = "ADJUSTMENT"
    REVERSAL = "REVERSAL"
    INVOICE_ROUNDING = "INVOICE_ROUNDING"
    CREDIT_NOTE = "CREDIT_NOTE"
    PAYMENT = "PAYMENT"
    SETTLEMENT = "SETTLEMENT"
    EMERGENCY_CREDIT = "EMERGENCY_CREDIT"
    PAYMENT_IN_FLIGHT = "PAYMENT_IN_FLIGHT"
    TOP_UP = "TOP_UP"
    REFUND = "REFUND"
    DISPUTE = "DISPUTE"
    PROVIDER_FEE = "PROVIDER_FEE"


class RefundWay(StrEnum):
    """How what is left on an account that ends is paid out."""

    CASH = "CASH"
    BANK = "BANK"


class LedgerAccountKind(StrEnum):
    """Sides of the books: the first four are an account's, the others the company's own."""

    CREDIT = "CREDIT"
    DEBT = "DEBT"
    EMERGENCY_CREDIT = "EMERGENCY_CREDIT"
    IN_FLIGHT = "IN_FLIGHT"
    REVENUE = "REVENUE"
    CASH = "CASH"
    BANK = "BANK"
    PROVIDER_CLEARING = "PROVIDER_CLEARING"
    PROVIDER_FEES = "PROVIDER_FEES"
    TAX = "TAX"
    TAX_IN_ADVANCE = "TAX_IN_ADVANCE"
    ADJUSTMENTS = "ADJUSTMENTS"
    WRITE_OFF = "WRITE_OFF"
    DISPUTED = "DISPUTED"


class AdjustmentState(StrEnum):
    """How far an adjustment is; the last two are final."""

    PROPOSED = "PROPOSED"
    POSTED = "POSTED"
    REJECTED = "REJECTED"


class SharePeriod(StrEnum):
    """In what time the cap of a debt share counts, by the company's calendar."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
