"""Reading the books: transactions, entries and adjustments."""

from db.enums import AdjustmentState, JournalKind, LedgerAccountKind
from domain.facets import date, id_of, instant, money, word
from domain.filters import Comparison, Every, Operator
from domain.listing import Listing, Relation

SIDE = """(
    select l.kind from ledger_account l
    where l.company_id = entry.company_id and l.id = entry.ledger_account_id)"""
TAX_CODE = """(
    select l.code from ledger_account l
    where l.company_id = entry.company_id and l.id = entry.ledger_account_id)"""
KIND = """(
    select j.kind from journal j
    where j.company_id = entry.company_id and j.id = entry.journal_id)"""
ENERGY_DATE = """(
    select j.energy_date from journal j
    where j.company_id = entry.company_id and j.id = entry.journal_id)"""

TRANSACTIONS = Listing(
    table="journal",
    columns=(
        "id",
        "kind",
        "occurred_at",
        "recorded_at",
        "energy_date",
        "corrects",
        "reason",
        "user_id",
        "key_id",
    ),
    facets=(
        instant("journal.occurred_at"),
        word("journal.kind", JournalKind),
        date("journal.energy_date", nullable=True),
    ),
    order="occurred_at",
    newest_first=True,
)
ENTRIES = Listing(
    table="entry",
    columns=(
        "id",
        "journal_id",
        "account_id",
        "amount",
        "currency",
        "occurred_at",
        f"{SIDE} as side",
        f"{TAX_CODE} as tax_code",
        f"{KIND} as kind",
        f"{ENERGY_DATE} as energy_date",
    ),
    facets=(
        instant("entry.occurred_at"),
        word(SIDE, LedgerAccountKind, name="side"),
        word(KIND, JournalKind, name="kind"),
        money("(entry.amount * 1000000)::int8", name="amount"),
        date(ENERGY_DATE, name="energy_date", nullable=True),
        id_of("account", "entry.account_id", nullable=True),
        id_of("journal", "entry.journal_id", name="transaction_id"),
    ),
    order="occurred_at",
    newest_first=True,
)
ADJUSTMENTS = Listing(
    table="adjustment",
    columns=(
        "id",
        "account_id",
        "side",
        "amount_micro",
        "(select c.currency from company c where c.id = adjustment.company_id) as currency",
        "reason",
        "state",
        "proposed_by",
        "proposed_by_key",
        "proposed_at",
        "decided_by",
        "decided_by_key",
        "decided_at",
        "rejection_reason",
        "journal_id",
        "version",
    ),
    facets=(
        instant("adjustment.proposed_at"),
        instant("adjustment.decided_at", nullable=True),
        word("adjustment.state", AdjustmentState),
        word("adjustment.side", LedgerAccountKind),
        money("adjustment.amount_micro", name="amount"),
        id_of("account", "adjustment.account_id"),
    ),
    order="proposed_at",
    newest_first=True,
)

ENTRIES_OF_ACCOUNT = Relation(ENTRIES, "entry.account_id = parent.id")
ENTRIES_OF_TRANSACTION = Relation(ENTRIES, "entry.journal_id = parent.id")
CORRECTIONS_OF_TRANSACTION = Relation(TRANSACTIONS, "journal.corrects = parent.id")


def of_credit(start: object, end: object) -> Every:
    """Return the condition of the entries that move balances in a time; end: exclusive."""
    at = ENTRIES.facet("occurred_at")
    return Every(
        (
            Comparison(ENTRIES.facet("side"), Operator.EQ, LedgerAccountKind.CREDIT),
            Comparison(at, Operator.GTE, start),
            Comparison(at, Operator.LT, end),
        )
    )
