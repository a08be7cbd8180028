"""What moved a balance in a span of time, so that it sums up to the last digit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from db.access import Connection
from db.enums import JournalKind
from domain.listing import Record, Wall, fetch

# One statement, and so one state of the books. Charges that are not posted yet stand where their
# local day begins (ADR 9).
STATEMENTS = """
    with wanted as (
        select a.company_id, a.id, c.currency, c.time_zone
        from account a join company c on c.id = a.company_id
        where a.company_id = {company} and a.id = any({ids}::int8[])
    ), posted as (
        select e.account_id, j.kind, e.occurred_at < {from}::timestamptz as is_before,
            sum(e.amount) as amount, count(*) as entries
        from wanted w
        join entry e on e.company_id = w.company_id and e.account_id = w.id
        join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
            and l.kind = 'CREDIT'
        join journal j on j.company_id = e.company_id and j.id = e.journal_id
        where e.occurred_at < {to}::timestamptz
        group by 1, 2, 3
    ), open as (
        select a.account_id, a.local_date::timestamp at time zone w.time_zone < {from}::timestamptz
                as is_before,
            -sum(a.charged_micro - a.posted_micro) * 0.000001 as amount
        from wanted w
        join accrual a on a.company_id = w.company_id and a.account_id = w.id
        where a.charged_micro <> a.posted_micro
            and a.local_date::timestamp at time zone w.time_zone < {to}::timestamptz
        group by 1, 2
    )
    select w.id, w.currency, p.kind, p.is_before, p.amount, p.entries
    from wanted w join posted p on p.account_id = w.id
    union all
    select w.id, w.currency, null, o.is_before, o.amount, 0
    from wanted w join open o on o.account_id = w.id
    union all
    select w.id, w.currency, null, true, 0, 0 from wanted w
"""
ESTIMATED = """
    select distinct e.account_id, e.local_date
    from estimated_charge e join company c on c.id = e.company_id
    where e.company_id = {company} and e.account_id = any({ids}::int8[])
        and e.local_date::timestamp at time zone c.time_zone >= {from}::timestamptz
        and e.local_date::timestamp at time zone c.time_zone < {to}::timestamptz
    order by e.local_date limit {days_max}
"""
# Of all accounts of one request together.
ESTIMATED_DAYS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Total:
    """What the transactions of a kind moved; entries: how many they were."""

    kind: JournalKind
    amount: Decimal
    entries: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A balance from one instant to another. opening + totals + unposted = closing.

    unposted: charges of days that begin in the span, as far as they are not in the books yet.
    estimated_days: those whose energy was split between prices by an estimate.
    """

    currency: str
    opening: Decimal
    totals: Sequence[Total]
    unposted: Decimal
    closing: Decimal
    estimated_days: Sequence[date] = ()


async def statements(
    connection: Connection,
    account_ids: Sequence[int],
    *,
    start: datetime,
    end: datetime,
    wall: Wall,
) -> dict[int, Statement]:
    """Return the statements of accounts, which the wall has let through, by account."""
    values = {**wall.values, "ids": list(account_ids), "from": start, "to": end}
    found: dict[int, list[Record]] = defaultdict(list)
    for row in await fetch(connection, STATEMENTS, values):
        found[row["id"]].append(row)
    estimated: dict[int, list[date]] = defaultdict(list)
    for row in await fetch(connection, ESTIMATED, values | {"days_max": ESTIMATED_DAYS_MAX}):
        estimated[row["account_id"]].append(row["local_date"])
    return {
        account_id: _statement(rows, estimated[account_id]) for account_id, rows in found.items()
    }


def _statement(rows: Sequence[Record], estimated_days: Sequence[date]) -> Statement:
    within = [row for row in rows if not row["is_before"]]
    totals = [
        Total(JournalKind(row["kind"]), row["amount"], row["entries"])
        for row in within
        if row["kind"] is not None
    ]
    return Statement(
        currency=rows[0]["currency"],
        opening=sum((row["amount"] for row in rows if row["is_before"]), Decimal(0)),
        totals=sorted(totals, key=lambda total: total.kind),
        unposted=sum((row["amount"] for row in within if row["kind"] is None), Decimal(0)),
        closing=sum((row["amount"] for row in rows), Decimal(0)),
        estimated_days=estimated_days,
    )
