"""Revisions of what a month is charged: each one journal, with lines and taxes beside it."""

from datetime import datetime

from db.access import Connection
from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId
from domain.invoices.rules import Month
from domain.ledger.posting import post
from domain.ledger.rules import Line, Posting
from domain.money import major
from domain.month_charges import stored
from domain.month_charges.charges import Charges, difference


async def settle(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    month: Month,
    due: Charges,
    now: datetime,
) -> bool:
    """Post what is due of a month and was not charged yet; return whether there was anything.

    The account's balance is locked by the caller.
    """
    before = await stored.charged(connection, company_id, account_id, month)
    owed = difference(due, before)
    if not owed.moves_money:
        return False
    revision = await stored.last_revision(connection, company_id, account_id, month) + 1
    posting = Posting(
        company_id=company_id,
        kind=JournalKind.MONTH_CHARGE,
        idempotency_key=f"month/{account_id}/{month.first}/{revision}",
        request=str(owed.gross_micro),
        occurred_at=now,
        energy_date=month.last,
        lines=_lines(account_id, owed),
    )
    await stored.add(
        connection,
        company_id,
        account_id,
        month,
        revision,
        owed,
        journal_id=await post(connection, posting, now=now),
        now=now,
    )
    return True


def _lines(account_id: AccountId, owed: Charges) -> list[Line]:
    """Return what a revision moves: gross from the account, its taxes apart from what was sold."""
    lines = [
        Line(LedgerAccountKind.CREDIT, -major(owed.gross_micro), account_id),
        Line(LedgerAccountKind.REVENUE, major(owed.net_micro)),
        *(
            Line(side, major(amount), code=name)
            for (side, name), amount in owed.tax_micro().items()
        ),
    ]
    return [line for line in lines if line.amount]
