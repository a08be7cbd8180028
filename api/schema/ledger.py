"""The books: transactions, their entries, and statements of accounts."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from api.context import Info
from api.global_ids import optional_id
from api.permissions.requires import requires
from api.schema.money import Money
from api.schema.node import Node
from api.schema.paging import Connection, Paged
from api.schema.relations import belongs_to, children
from api.schema.scalars import DateTime, LocalDate
from db.enums import JournalKind, LedgerAccountKind, Scope
from domain.accounts.queries import ACCOUNTS
from domain.filters import Every
from domain.ledger.listings import (
    CORRECTIONS_OF_TRANSACTION,
    ENTRIES,
    ENTRIES_OF_ACCOUNT,
    ENTRIES_OF_TRANSACTION,
    TRANSACTIONS,
    of_credit,
)
from domain.ledger.statements import Statement
from domain.listing import Window

if TYPE_CHECKING:
    from api.schema.accounts import Account

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]


@strawberry.type(description="A transaction of the ledger: entries that sum to zero. Immutable.")
class LedgerTransaction(Node, listing=TRANSACTIONS, scope=Scope.BALANCES_READ):
    kind: JournalKind = strawberry.field(description="What it is about.")
    occurred_at: DateTime = strawberry.field(description="When it happened; dates its entries.")
    recorded_at: DateTime = strawberry.field(description="When it was written into the books.")
    energy_date: LocalDate | None = strawberry.field(description="Which day's energy it charges.")
    reason: str | None = strawberry.field(description="Why, when somebody had to say so.")
    corrects: "LedgerTransaction | None" = belongs_to(
        TRANSACTIONS, "corrects", "The one that it puts right.", scope=Scope.BALANCES_READ
    )
    corrections: Connection["LedgerTransaction"] | None = children(
        CORRECTIONS_OF_TRANSACTION, "Those that put it right.", scope=Scope.BALANCES_READ
    )
    entries: Connection["LedgerEntry"] | None = children(
        ENTRIES_OF_TRANSACTION, "Its entries that you may see.", scope=Scope.BALANCES_READ
    )

    @strawberry.field(
        description="Which user made it, when one did.", extensions=[requires(Scope.AUDIT_READ)]
    )
    def user_id(self) -> strawberry.ID | None:
        return optional_id("User", self.row["user_id"])

    @strawberry.field(
        description="With which API key it was made, when it was with one.",
        extensions=[requires(Scope.AUDIT_READ)],
    )
    def api_key_id(self) -> strawberry.ID | None:
        return optional_id("ApiKey", self.row["key_id"])


@strawberry.type(description="One movement of a transaction, on one side of the books. Immutable.")
class LedgerEntry(Node, listing=ENTRIES, scope=Scope.BALANCES_READ):
    side: LedgerAccountKind = strawberry.field(description="On which side of the books.")
    tax_code: str | None = strawberry.field(
        description="Which tax, where the company keeps them apart."
    )
    kind: JournalKind = strawberry.field(description="What its transaction is about.")
    occurred_at: DateTime = strawberry.field(description="When it happened.")
    energy_date: LocalDate | None = strawberry.field(description="Which day's energy it charges.")
    account: LazyAccount | None = belongs_to(
        ACCOUNTS,
        "account_id",
        "Whose side it is; null when it is the company's own.",
        scope=Scope.ACCOUNTS_READ,
    )
    transaction: LedgerTransaction | None = belongs_to(
        TRANSACTIONS, "journal_id", "What it is a part of.", scope=Scope.BALANCES_READ
    )

    @strawberry.field(description="How much; above zero credits the side.")
    def amount(self) -> Money:
        return Money.of(self.row["amount"], self.row["currency"])


@strawberry.type(description="What the transactions of one kind moved.")
class StatementTotal:
    kind: JournalKind = strawberry.field(description="Which kind.")
    amount: Money = strawberry.field(description="How much; above zero raised the balance.")
    entry_count: int = strawberry.field(description="In how many entries.")


async def _entries(root: "AccountStatement", info: Info, window: Window) -> Connection[LedgerEntry]:
    loaders = info.context.loaders
    where = Every((window.where, of_credit(root.from_, root.to)))
    found = await loaders.page(ENTRIES_OF_ACCOUNT, replace(window, where=where)).load(root.row_id)
    counts = loaders.count(ENTRIES_OF_ACCOUNT, where)
    return Connection.of(found, ENTRIES, lambda: counts.load(root.row_id))


@strawberry.type(
    description="What moved an account's balance: opening, totals and unposted sum to closing."
)
class AccountStatement:
    row_id: strawberry.Private[int]
    from_: DateTime = strawberry.field(name="from", description="When it begins, inclusive.")
    to: DateTime = strawberry.field(description="When it ends, exclusive.")
    opening: Money = strawberry.field(description="The balance at the beginning.")
    totals: list[StatementTotal] = strawberry.field(description="What was posted, by kind.")
    unposted: Money = strawberry.field(
        description="Charges of days that begin in the span, as far as they are not posted yet."
    )
    closing: Money = strawberry.field(description="The balance at the end.")
    estimated_days: list[LocalDate] = strawberry.field(
        description="Local days that begin in the span and whose energy was split between prices"
        " by an estimate, as no register or reading told it apart."
    )
    entries: Connection[LedgerEntry] | None = strawberry.field(
        resolver=_entries,
        description="What was posted, the newest first.",
        extensions=[Paged(ENTRIES), requires(Scope.BALANCES_READ)],
    )

    @classmethod
    def of(cls, row_id: int, statement: Statement, *, start: DateTime, end: DateTime) -> Self:
        currency = statement.currency
        totals = [
            StatementTotal(
                kind=total.kind,
                amount=Money.of(total.amount, currency),
                entry_count=total.entries,
            )
            for total in statement.totals
        ]
        return cls(
            row_id=row_id,
            from_=start,
            to=end,
            opening=Money.of(statement.opening, currency),
            totals=totals,
            unposted=Money.of(statement.unposted, currency),
            closing=Money.of(statement.closing, currency),
            estimated_days=[LocalDate(day) for day in statement.estimated_days],
        )
