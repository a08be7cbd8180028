"""Credit bought through payment providers."""

from enum import StrEnum


class PaymentWay(StrEnum):
    """How a payer pays through a payment provider."""

    CHECKOUT = "CHECKOUT"
    CARD_FORM = "CARD_FORM"
    SAVED_CARD = "SAVED_CARD"


class PaymentStatus(StrEnum):
    """How far a payment is at its provider; the last two are final."""

    OPEN = "OPEN"
    PROCESSING = "PROCESSING"
    CANCELLED = "CANCELLED"
    SUCCEEDED = "SUCCEEDED"


class TopUpState(StrEnum):
    """How far a top-up is; a function of what the provider said of its payment."""

    STARTED = "STARTED"
    IN_FLIGHT = "IN_FLIGHT"
    CREDITED = "CREDITED"
    FAILED = "FAILED"
    LAPSED = "LAPSED"
    REFUNDED = "REFUNDED"
    DISPUTED = "DISPUTED"
    CHARGED_BACK = "CHARGED_BACK"


class RefundState(StrEnum):
    """How far a refund is; one that succeeded may still fail, and FAILED is final."""

    REQUESTED = "REQUESTED"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class DisputeState(StrEnum):
    """How far a dispute is; the last two are final, but funds may move after them."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"
