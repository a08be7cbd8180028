"""Money that was taken for an account, as somebody told of it, and how it stands in the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.enums import JournalKind, PaymentMethod
from db.ids import AccountId, CompanyId, InvoiceId
from domain.ledger.posting import hash_of
from domain.ledger.rules import Line, Posting
from domain.money import micro
from domain.payments.rules import SIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Money that was taken for an account. invoice_id: what it is to pay first."""

    company_id: CompanyId
    account_id: AccountId
    amount: Decimal
    method: PaymentMethod
    reference: str | None
    received_at: datetime
    key: str
    invoice_id: InvoiceId | None

    @property
    def request_hash(self) -> bytes:
        asked = (
            self.account_id,
            micro(self.amount),
            self.method,
            self.received_at.timestamp(),
            self.reference,
            self.invoice_id,
        )
        return hash_of("/".join(map(str, asked)))

    def posting(self, kind: JournalKind, amount: Decimal, lines: Sequence[Line]) -> Posting:
        """Return what it, or a part of it, is in the books. lines: the account's."""
        return Posting(
            company_id=self.company_id,
            kind=kind,
            idempotency_key=f"payment/{hash_of(self.key).hex()}",
            request=self.request_hash.hex(),
            occurred_at=self.received_at,
            lines=[*lines, Line(SIDES[self.method], -amount)],
        )
