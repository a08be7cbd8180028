"""What people are told."""

from enum import StrEnum


class MessageKind(StrEnum):
    """What a message is about."""

    INVITATION = "INVITATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - no password
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - no password
    LOW_CREDIT = "LOW_CREDIT"
    TOP_UP_RECEIPT = "TOP_UP_RECEIPT"
    CUT_OFF = "CUT_OFF"
    RECONNECTION = "RECONNECTION"
    INVOICE = "INVOICE"
    OVERDUE_NOTICE = "OVERDUE_NOTICE"
    SYSTEM_REPORT = "SYSTEM_REPORT"
    FAULT_NOTICE = "FAULT_NOTICE"


class MessageChannel(StrEnum):
    """By which way a message reaches people."""

    MAIL = "MAIL"
    SMS = "SMS"


class MessageState(StrEnum):
    """How far a message is. Nobody has to get one that is DROPPED any more."""

    WAITING = "WAITING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    FAILED = "FAILED"
    DROPPED = "DROPPED"
