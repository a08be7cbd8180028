"""Which invoices money pays. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.enums import JournalKind, LedgerAccountKind, PaymentMethod
from db.ids import InvoiceId, PaymentId

SIDES = {
    PaymentMethod.CASH: LedgerAccountKind.CASH,
    PaymentMethod.BANK_TRANSFER: LedgerAccountKind.BANK,
    PaymentMethod.CARD: LedgerAccountKind.PROVIDER_CLEARING,
}
"""Where the money lies after each."""
PURCHASES = {
    PaymentMethod.CASH: JournalKind.CASH_TOP_UP,
    PaymentMethod.BANK_TRANSFER: JournalKind.BANK_TOP_UP,
    PaymentMethod.CARD: JournalKind.CARD_TOP_UP,
}
"""What each is in the books where it buys credit."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a payment pays an invoice, in millionths."""

    payment_id: PaymentId
    invoice_id: InvoiceId
    amount_micro: int


def shares(
    waiting: Sequence[tuple[PaymentId, int]], due: Sequence[tuple[InvoiceId, int]]
) -> list[Share]:
    """Return what pays what: the first payments pay the first invoices, as far as they go.

    waiting: how much of each payment is left. due: how much of each invoice is open; both in
    millionths, in their order.
    """
    made = []
    open_due = [[invoice_id, amount] for invoice_id, amount in due]
    for payment_id, left in waiting:
        rest = left
        for place in open_due:
            part = min(rest, place[1])
            if part > 0:
                made.append(Share(payment_id, InvoiceId(place[0]), part))
                place[1] -= part
                rest -= part
    return made
