"""How much credit was bought: by month, branch, field or method, as the books have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from db.access import Connection
from db.enums import JournalKind, PurchaseGrouping
from domain.ledger import rules
from domain.listing import Wall, fetch

GROUPS_MAX = 1_000

GROUPINGS = {
    PurchaseGrouping.PERIOD: (
        "date_trunc('month', j.occurred_at at time zone c.time_zone)::date as month",
        "1",
    ),
    PurchaseGrouping.BRANCH: ("f.branch_id", "f.branch_id"),
    PurchaseGrouping.FIELD: ("f.id as field_id", "f.id"),
    PurchaseGrouping.METHOD: ("bought.kind", "bought.kind"),
}
# What undoes a top-up counts against it, when that happened; so does what the provider gives back
# or holds.
PURCHASES = """
    select {group}, c.currency, sum(paid.amount) as amount,
        count(*) filter (where j.kind = bought.kind) as purchases
    from journal j
    left join journal t on t.company_id = j.company_id and t.id = j.corrects
    cross join lateral (
        select case j.kind when 'REVERSAL' then t.kind when 'REFUND' then 'TOP_UP'
            when 'DISPUTE' then 'TOP_UP' else j.kind end as kind
    ) bought
    join lateral (
        select max(e.account_id) as account_id, coalesce(sum(e.amount) filter (
            where l.kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT')), 0) as amount
        from entry e
        join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
        where e.company_id = j.company_id and e.journal_id = j.id
    ) paid on true
    join account on account.company_id = j.company_id and account.id = paid.account_id
    join premises p on p.company_id = account.company_id and p.id = account.premises_id
    join field f on f.company_id = p.company_id and f.id = p.field_id
    join company c on c.id = j.company_id
    where j.company_id = {{company}} and bought.kind = any({{kinds}}::text[]) and {wall}
        and j.occurred_at >= {{from}}::timestamptz and j.occurred_at < {{to}}::timestamptz
    group by {by}, c.currency order by {by} limit {{limit}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """What was bought in a group; purchases: how often, what was undone included."""

    amount: Decimal
    currency: str
    purchases: int
    month: date | None = None
    branch_id: int | None = None
    field_id: int | None = None
    kind: JournalKind | None = None


async def purchases(
    connection: Connection,
    *,
    start: datetime,
    end: datetime,
    grouping: PurchaseGrouping,
    wall: Wall,
) -> Sequence[Purchases]:
    """Return what was bought in a span by accounts that the wall lets through; end: exclusive."""
    group, by = GROUPINGS[grouping]
    template = PURCHASES.format(group=group, by=by, wall=wall.condition("account"))
    values = {
        **wall.values,
        "kinds": sorted(rules.PURCHASES),
        "from": start,
        "to": end,
        "limit": GROUPS_MAX,
    }
    return [Purchases(**dict(row)) for row in await fetch(connection, template, values)]
