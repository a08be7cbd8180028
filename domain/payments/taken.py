"""Money that was taken for an account, as somebody told of it: the same wish makes it once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import JournalKind, PaymentMethod
from db.ids import AccountId, CompanyId, InvoiceId, PaymentId
from domain.ledger.posting import IdempotencyConflict, hash_of
from domain.ledger.rules import Line, Posting
from domain.money import micro
from domain.payments.rules import SIDES

# The same key waits here for whoever uses it at the same time.
LOCK_KEY = "select pg_advisory_xact_lock(hashtextextended('payment/' || $2, $1))"
MADE_BEFORE = """
    select id, request_hash from payment where company_id = $1 and idempotency_key = $2
"""


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


async def made_before(connection: Connection, taken: Taken) -> PaymentId | None:
    """Return the payment that the same wish has made; whoever has its key waits for the others."""
    await connection.execute(LOCK_KEY, taken.company_id, taken.key)
    made = await connection.fetchrow(MADE_BEFORE, taken.company_id, taken.key)
    if made is None:
        return None
    if made["request_hash"] != taken.request_hash:
        raise IdempotencyConflict
    return PaymentId(made["id"])
