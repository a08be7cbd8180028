"""Undoing a transaction of the ledger: by its exact opposite, once. The first one stays."""

from datetime import datetime

from db.access import Connection
from db.enums import JournalKind, LedgerAccountKind
from db.ids import CompanyId, JournalId
from domain import values
from domain.ledger.posting import IdempotencyConflict, post
from domain.ledger.rules import REASON_CHARACTERS_MAX, Line, Posting, countered
from domain.refusals import NotThere, Refused

# What energy and months cost follows from readings: corrected ones post the difference themselves.
# What went through a payment provider is given back there.
# What an invoice or a credit note did is told by it, and answered by another.
IRREVERSIBLE = frozenset(
    {
        JournalKind.ENERGY,
        JournalKind.MONTH_CHARGE,
        JournalKind.REVERSAL,
        JournalKind.INVOICE_ROUNDING,
        JournalKind.CREDIT_NOTE,
        JournalKind.PAYMENT_IN_FLIGHT,
        JournalKind.TOP_UP,
        JournalKind.REFUND,
        JournalKind.DISPUTE,
        JournalKind.PROVIDER_FEE,
    }
)
LINES = """
    select j.kind as journal_kind, l.kind, l.account_id, l.code, e.amount
    from journal j
    join entry e on e.company_id = j.company_id and e.journal_id = j.id
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where j.company_id = $1 and j.id = $2 order by e.line
"""


class NotReversible(Refused):
    """Transactions of the kind, the fact `kind`, are put right in another way."""


class AlreadyReversed(Refused):
    """Somebody reversed the transaction before, for another reason."""


async def reverse(
    connection: Connection,
    *,
    company_id: CompanyId,
    journal_id: JournalId,
    reason: str,
    now: datetime,
    request: str | None = None,
) -> JournalId:
    """Post what undoes a transaction, in the caller's transaction.

    request: what a retry is known by; by default, the reason.
    Returns the journal's id; on a retry, that of the one already made.

    :raises NotThere, NotReversible, AlreadyReversed, InvalidValue: nothing was written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    rows = await connection.fetch(LINES, company_id, journal_id)
    if not rows:
        raise NotThere
    if JournalKind(rows[0]["journal_kind"]) in IRREVERSIBLE:
        raise NotReversible(kind=rows[0]["journal_kind"])
    lines = [
        Line(LedgerAccountKind(row["kind"]), row["amount"], row["account_id"], row["code"])
        for row in rows
    ]
    posting = Posting(
        company_id=company_id,
        kind=JournalKind.REVERSAL,
        idempotency_key=f"reversal/{journal_id}",
        request=reason if request is None else request,
        occurred_at=now,
        lines=countered(lines),
        corrects=journal_id,
        reason=reason,
    )
    try:
        return await post(connection, posting, now=now)
    except IdempotencyConflict as error:
        raise AlreadyReversed from error
