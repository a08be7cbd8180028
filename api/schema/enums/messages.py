"""What people are told."""

from api.schema.enums.meanings import describe
from db.enums import MessageChannel, MessageKind, MessageState

describe(
    MessageChannel,
    "By which way a message reaches people.",
    {MessageChannel.MAIL: "By e-mail.", MessageChannel.SMS: "As a short message."},
)
describe(
    MessageKind,
    "What a message is about.",
    {
        MessageKind.INVITATION: "Somebody is invited into the company.",
        MessageKind.PASSWORD_RESET: "Somebody may choose a new password.",
        MessageKind.PASSWORD_CHANGED: "A password was changed.",
        MessageKind.LOW_CREDIT: "An account's credit is running low, or is used up.",
        MessageKind.TOP_UP_RECEIPT: "A payment was credited.",
        MessageKind.CUT_OFF: "A supply was cut off.",
        MessageKind.RECONNECTION: "A supply is back.",
        MessageKind.INVOICE: "There is an invoice or a credit note.",
        MessageKind.OVERDUE_NOTICE: "An invoice is overdue.",
        MessageKind.SYSTEM_REPORT: "What an operator should know of a day.",
        MessageKind.FAULT_NOTICE: "A device has a fault.",
    },
)
describe(
    MessageState,
    "How far a message is.",
    {
        MessageState.WAITING: "It waits to be sent, for the first time or again.",
        MessageState.SENT: "A server or a gateway took it.",
        MessageState.DELIVERED: "It is reported to have arrived.",
        MessageState.BOUNCED: "It is reported not to have arrived.",
        MessageState.FAILED: "Nobody took it; `failure` says why.",
        MessageState.DROPPED: "Nobody has to get it any more.",
    },
)
