"""Credit that came by no payment: bought before an account paid later, given, or left of a month.

It pays the next invoice, as what is left of payments does: nobody is asked for what the books show
as theirs.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.invoices.rules import Month
from domain.money import major

# What the balance has lost to charges that no invoice tells yet is not lost to these; nor is there
# anything for them of what earlier invoices and what is left of payments stand for.
UNTOLD = """
    select b.account_id, b.balance_micro
        + coalesce((select sum(case when c.local_date >= $3::date then c.charged_micro
                else c.charged_micro - c.posted_micro end)
            from accrual c where c.company_id = $1 and c.account_id = b.account_id), 0)
        + coalesce((select sum(greatest(i.total_micro - i.paid_micro - i.credited_micro, 0))
            from invoice i where i.company_id = $1 and i.account_id = b.account_id
                and i.kind = 'MONTHLY'), 0)
        - coalesce((select sum(p.amount_micro - p.allocated_micro)
            from payment p where p.company_id = $1 and p.account_id = b.account_id
                and p.state = 'POSTED' and p.allocated_micro < p.amount_micro), 0) as free_micro
    from account_balance b where b.company_id = $1 and b.account_id = any($2::int8[])
"""


async def free_credit(
    connection: Connection,
    *,
    company_id: CompanyId,
    totals: Mapping[AccountId, Decimal],
    month: Month,
) -> dict[AccountId, Decimal]:
    """Return how much of invoices of a month the accounts' own credit pays, by account.

    totals: what the invoices come to, in major units, which the balances have lost already.
    """
    accounts: Sequence[AccountId] = list(totals)
    rows = await connection.fetch(UNTOLD, company_id, accounts, month.moved(1).first)
    found = {AccountId(row["account_id"]): major(int(row["free_micro"])) for row in rows}
    return {
        account_id: min(max(found.get(account_id, Decimal(0)) + total, Decimal(0)), total)
        for account_id, total in totals.items()
    }
