"""What the books show of a top-up. Each call posts a change once, under the row's next revision.

In the caller's transaction, which has the top-up's row locked.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import JournalKind, LedgerAccountKind, SharePeriod
from db.ids import AccountId, CompanyId, JournalId
from domain.ledger.posting import post
from domain.ledger.rules import Line, Posting
from domain.listing import Record
from domain.money import major
from domain.refusals import NotThere
from domain.topups.clearing import Cleared, Owed, Share, clear
from domain.topups.rules import in_flight_lines, period_start

STANDING = """
    select balance_micro, debt_micro, emergency_used_micro from account_balance
    where company_id = $1 and account_id = $2 for no key update
"""
AGREED = """
    select debt_share_percent, debt_share_cap_micro, debt_share_period,
        ($2::timestamptz at time zone time_zone)::date as today
    from company where id = $1
"""
TAKEN = """
    select coalesce(sum(t.debt_share_micro), 0) from top_up t join company c on c.id = t.company_id
    where t.company_id = $1 and t.account_id = $2 and t.debt_share_micro > 0
        and t.credited_at >= ($3::date)::timestamp at time zone c.time_zone
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

    async def post(self, kind: JournalKind, lines: list[Line]) -> JournalId:
        posting = Posting(
            company_id=self.company_id,
            kind=kind,
            idempotency_key=f"{self.name}/{self.revision + 1}",
            request=" ".join(f"{line.side} {line.amount:f}" for line in lines),
            occurred_at=self.now,
            lines=lines,
        )
        return await post(self.connection, posting, now=self.now)


async def book_in_flight(book: Book, change: Decimal) -> JournalId:
    """Show that a payment is on its way, or is not any more. change: not zero."""
    lines = in_flight_lines(book.account_id, change)
    return await book.post(JournalKind.PAYMENT_IN_FLIGHT, lines)


async def book_credit(
    book: Book, received: Decimal, *, was_in_flight: Decimal
) -> tuple[JournalId, Cleared]:
    """Credit what was paid, to what is owed first."""
    cleared = await _cleared(book, received)
    lines = cleared.lines(book.account_id)
    if was_in_flight:
        lines.append(Line(LedgerAccountKind.IN_FLIGHT, -was_in_flight, book.account_id))
    if received != was_in_flight:
        lines.append(Line(LedgerAccountKind.PROVIDER_CLEARING, was_in_flight - received))
    return await book.post(JournalKind.TOP_UP, lines), cleared


async def _cleared(book: Book, received: Decimal) -> Cleared:
    connection, company_id, account_id = book.connection, book.company_id, book.account_id
    standing = await connection.fetchrow(STANDING, company_id, account_id)
    agreed = await connection.fetchrow(AGREED, company_id, book.now)
    if standing is None or agreed is None:
        raise NotThere("account_id")
    share = await _share(book, agreed)
    debt = major(standing["debt_micro"])
    owed = Owed(
        shared_debt=Decimal(0) if share is None else debt,
        debt=debt if share is None else Decimal(0),
        balance=major(standing["balance_micro"]),
        emergency_used=major(standing["emergency_used_micro"]),
    )
    return clear(received, owed, share=share)


async def _share(book: Book, agreed: Record) -> Share | None:
    if agreed["debt_share_percent"] is None:
        return None
    cap_micro = agreed["debt_share_cap_micro"]
    start = period_start(agreed["today"], SharePeriod(agreed["debt_share_period"]))
    taken_micro = await book.connection.fetchval(TAKEN, book.company_id, book.account_id, start)
    cap = None if cap_micro is None else major(cap_micro)
    return Share(agreed["debt_share_percent"], cap, major(int(taken_micro)))
