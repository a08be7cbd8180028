"""What the books show of a top-up. Each call posts a change once, under the row's next revision.

In the caller's transaction, which has the top-up's row locked.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId, JournalId
from domain.invoices import own_credit
from domain.ledger.posting import post
from domain.ledger.rules import Line, Posting
from domain.money import major
from domain.refusals import NotThere
from domain.tariffs.tax_in_advance import with_taxes
from domain.topups.clearing import Cleared, Owed, clear
from domain.topups.rules import in_flight_lines
from domain.topups.shares import SHARE, share_of

STANDING = """
    select balance_micro, debt_micro, emergency_used_micro from account_balance
    where company_id = $1 and account_id = $2 for no key update
"""
AGREED = f"""
    select {SHARE.format(at="$3")} from account a join company c on c.id = a.company_id
    where a.company_id = $1 and a.id = $2
"""


@dataclass(frozen=True, slots=True)
class Book:
    """Where changes of one object are posted. name: `top-up/12`. revision: the last one."""

    connection: Connection
    company_id: CompanyId
    account_id: AccountId
    name: str
    revision: int
    now: datetime

    async def post(
        self, kind: JournalKind, lines: list[Line], *, bought_at: datetime | None = None
    ) -> JournalId:
        """Post a change. bought_at: when the credit that it takes back was bought."""
        posting = Posting(
            company_id=self.company_id,
            kind=kind,
            idempotency_key=f"{self.name}/{self.revision + 1}",
            request=" ".join(f"{line.side} {line.amount:f}" for line in lines),
            occurred_at=self.now,
            lines=lines,
        )
        taxed = await with_taxes(self.connection, posting, bought_at=bought_at)
        return await post(self.connection, taxed, now=self.now)


async def book_in_flight(book: Book, change: Decimal) -> JournalId:
    """Show that a payment is on its way, or is not any more. change: not zero."""
    lines = in_flight_lines(book.account_id, change)
    return await book.post(JournalKind.PAYMENT_IN_FLIGHT, lines)


async def book_credit(
    book: Book, received: Decimal, *, was_in_flight: Decimal
) -> tuple[JournalId, Cleared]:
    """Credit what was paid, to what is owed first."""
    cleared = await cleared_now(
        book.connection,
        company_id=book.company_id,
        account_id=book.account_id,
        received=received,
        now=book.now,
    )
    lines = cleared.lines(book.account_id)
    if was_in_flight:
        lines.append(Line(LedgerAccountKind.IN_FLIGHT, -was_in_flight, book.account_id))
    if received != was_in_flight:
        lines.append(Line(LedgerAccountKind.PROVIDER_CLEARING, was_in_flight - received))
    journal_id = await book.post(JournalKind.TOP_UP, lines)
    await own_credit.settle(
        book.connection,
        company_id=book.company_id,
        account_ids=[book.account_id],
        bought=journal_id,
        now=book.now,
    )
    return journal_id, cleared


async def cleared_now(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    received: Decimal,
    now: datetime,
) -> Cleared:
    """Return where a payment goes as the account stands, which is locked from here on."""
    standing = await connection.fetchrow(STANDING, company_id, account_id)
    agreed = await connection.fetchrow(AGREED, company_id, account_id, now)
    if standing is None or agreed is None:
        raise NotThere("account_id")
    share = share_of(agreed)
    owed = Owed.of(
        debt=major(standing["debt_micro"]),
        balance=major(standing["balance_micro"]),
        emergency_used=major(standing["emergency_used_micro"]),
        share=share,
    )
    return clear(received, owed, share=share)
