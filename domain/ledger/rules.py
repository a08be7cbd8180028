"""What a transaction of the ledger has to be before the database sees it. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId, JournalId

LINES_MAX = 100
KEY_CHARACTERS_MAX = 200
REASON_CHARACTERS_MAX = 500

SIDES_OF_ACCOUNTS = frozenset(
    {
        LedgerAccountKind.CREDIT,
        LedgerAccountKind.DEBT,
        LedgerAccountKind.EMERGENCY_CREDIT,
        LedgerAccountKind.IN_FLIGHT,
    }
)
# Bought credit, which gets an invoice.
PURCHASES = frozenset(
    {
        JournalKind.CASH_TOP_UP,
        JournalKind.BANK_TOP_UP,
        JournalKind.CARD_TOP_UP,
        JournalKind.TOP_UP,
    }
)
# Kept apart by tax.
TAXES = frozenset({LedgerAccountKind.TAX, LedgerAccountKind.TAX_IN_ADVANCE})
# What accrued is in the balance since it was charged; posting it moves nothing.
ACCRUED = (JournalKind.ENERGY, LedgerAccountKind.CREDIT)


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of a transaction.

    amount: major units, not zero, six decimals at most; above zero credits the ledger account.
    account_id: whose, of a side that is an account's. code: which tax, where they are kept apart.
    """

    side: LedgerAccountKind
    amount: Decimal
    account_id: AccountId | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A transaction to be posted, once per company, kind and key.

    request: what was asked for, in one form; the same key with another request is refused. It
        need not tell the lines, which may depend on how the account stands.
    corrects: the transaction that this one puts right. energy_date: the local day of an ENERGY.
    """

    company_id: CompanyId
    kind: JournalKind
    idempotency_key: str
    request: str
    occurred_at: datetime
    lines: Sequence[Line]
    corrects: JournalId | None = None
    energy_date: date | None = None
    reason: str | None = None

    @property
    def key(self) -> tuple[JournalKind, str]:
        return (self.kind, self.idempotency_key)

    def moves(self, line: Line) -> bool:
        """Whether posting the line changes how its account stands."""
        return line.account_id is not None and (self.kind, line.side) != ACCRUED


def check(posting: Posting) -> None:
    """Return if the books can take a transaction.

    :raises ValueError: they cannot, which is a mistake of whoever made it
    """
    where = f"{posting.kind} {posting.idempotency_key!r}"
    if not 1 <= len(posting.idempotency_key) <= KEY_CHARACTERS_MAX:
        raise ValueError(f"{where}: the key has to have 1 to {KEY_CHARACTERS_MAX} characters")
    if not 2 <= len(posting.lines) <= LINES_MAX:  # noqa: PLR2004 - a debit and a credit
        raise ValueError(f"{where}: {len(posting.lines)} lines; expected 2 to {LINES_MAX}")
    for line in posting.lines:
        _check_line(line, where)
    total = sum(line.amount for line in posting.lines)
    if total != 0:
        raise ValueError(f"{where}: the lines sum to {total}; expected zero")
    if posting.kind is JournalKind.ENERGY and posting.energy_date is None:
        raise ValueError(f"{where}: energy of which day")


def _check_line(line: Line, where: str) -> None:
    if line.amount == 0:
        raise ValueError(f"{where}: nothing moves on {line.side}")
    if (line.side in SIDES_OF_ACCOUNTS) != (line.account_id is not None):
        raise ValueError(f"{where}: {line.side} of account {line.account_id}")
    if line.code is not None and line.side not in TAXES:
        raise ValueError(f"{where}: {line.side} has no codes")


def check_all(postings: Sequence[Posting]) -> CompanyId:
    """Return whose transactions these are, if the books can take them together.

    :raises ValueError: they are of several companies, or one key comes twice
    """
    for posting in postings:
        check(posting)
    companies = {posting.company_id for posting in postings}
    if len(companies) != 1:
        raise ValueError(f"{len(companies)} companies; expected one")
    twice = [key for key, times in Counter(p.key for p in postings).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]} comes twice")
    return companies.pop()


def countered(lines: Sequence[Line]) -> list[Line]:
    """Return the lines that undo these."""
    return [replace(line, amount=-line.amount) for line in lines]
