"""What the books charged accounts in each month, and what their invoices have told of it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TypeAlias

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.invoices.postpaid import LAST_DAY, POSTPAID_DAYS
from domain.invoices.rules import Month
from domain.invoices.settlements import Charged
from domain.invoices.stored import tax_of
from domain.money import major

Charges: TypeAlias = dict[AccountId, dict[Month, Charged]]

MONTH_END = LAST_DAY.format(month="month")
POSTED = f"""
    with postpaid as ({POSTPAID_DAYS})
    select account_id, month, sum(amount_micro)::int8 as amount_micro
    from (
        select account_id, date_trunc('month', local_date)::date as month,
            posted_micro as amount_micro
        from accrual join postpaid using (account_id)
        where company_id = $1 and account_id = any($2::int8[])
            and local_date >= $3::date and local_date < $4::date and local_date <@ days
        union all
        select account_id, month, amount_micro
        from month_charge join postpaid using (account_id)
        where company_id = $1 and account_id = any($2::int8[])
            and month >= $3::date and month < $4::date and {MONTH_END} <@ days
    ) charged
    group by 1, 2
"""
POSTED_TAXES = f"""
    with postpaid as ({POSTPAID_DAYS})
    select account_id, date_trunc('month', local_date)::date as month, tax as name,
        null::numeric as rate, 0::int8 as base_micro, sum(posted_micro)::int8 as amount_micro
    from accrued_tax join postpaid using (account_id)
    where company_id = $1 and account_id = any($2::int8[])
        and local_date >= $3::date and local_date < $4::date and local_date <@ days
    group by 1, 2, 3
    union all
    select account_id, month, name, null, 0, sum(amount_micro)::int8
    from month_charge_tax join postpaid using (account_id)
    where company_id = $1 and account_id = any($2::int8[])
        and month >= $3::date and month < $4::date and {MONTH_END} <@ days
    group by 1, 2, 3 order by 1, 2, 3
"""
# From the first month on that was invoiced at all: what was before was paid in another way. Taxes
# that no line is known to bear are of what the month used itself.
INVOICED_TAXES = """
    select told.account_id, told.month, told.name, told.rate,
        0::int8 as base_micro, sum(told.amount_micro)::int8 as amount_micro
    from (
        select i.account_id, l.energy_month as month, t.name, t.rate, t.amount_micro
        from invoice i
        join invoice_line l on l.company_id = i.company_id and l.invoice_id = i.id
        join invoice_line_tax t on t.company_id = i.company_id and t.invoice_id = i.id
            and t.line = l.line
        where i.company_id = $1 and i.account_id = any($2::int8[]) and i.kind = 'MONTHLY'
            and i.month >= $3::date and l.energy_month >= $3::date
        union all
        select i.account_id, i.month, t.name, t.rate, t.amount_micro
        from invoice i
        cross join lateral (
            select x.name, x.rate, x.amount_micro from invoice_tax x
            where x.company_id = i.company_id and x.invoice_id = i.id
            union all
            select x.name, x.rate, -x.amount_micro from invoice_line_tax x
            where x.company_id = i.company_id and x.invoice_id = i.id
        ) t
        where i.company_id = $1 and i.account_id = any($2::int8[]) and i.kind = 'MONTHLY'
            and i.month >= $3::date
    ) told
    group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
INVOICED = """
    select i.account_id, l.energy_month as month, sum(l.amount_micro)::int8 as amount_micro
    from invoice i
    join invoice_line l on l.company_id = i.company_id and l.invoice_id = i.id
    where i.company_id = $1 and i.account_id = any($2::int8[]) and i.kind = 'MONTHLY'
        and i.month >= $3::date and l.energy_month >= $3::date
    group by 1, 2
"""


async def posted_by_month(
    connection: Connection,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    since: date,
    until: date,
) -> Charges:
    """Return what the books charged for the days on which accounts paid later."""
    charges = await _charges(connection, POSTED, company_id, account_ids, since, until)
    await _add_taxes(connection, POSTED_TAXES, charges, company_id, account_ids, since, until)
    return charges


async def invoiced_by_month(
    connection: Connection, company_id: CompanyId, account_ids: Sequence[AccountId], since: date
) -> Charges:
    """Return what monthly invoices told of each month of energy."""
    charges = await _charges(connection, INVOICED, company_id, account_ids, since)
    await _add_taxes(
        connection, INVOICED_TAXES, charges, company_id, account_ids, since, is_net=True
    )
    return charges


async def _charges(
    connection: Connection,
    query: str,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    *days: date,
) -> Charges:
    charges: Charges = defaultdict(lambda: defaultdict(Charged))
    for row in await connection.fetch(query, company_id, account_ids, *days):
        charges[row["account_id"]][Month(row["month"])].gross += major(row["amount_micro"])
    return charges


async def _add_taxes(
    connection: Connection,
    query: str,
    charges: Charges,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    *days: date,
    is_net: bool = False,
) -> None:
    """Count the taxes of months in. is_net: what is counted so far is without them."""
    for row in await connection.fetch(query, company_id, account_ids, *days):
        charged, tax = charges[row["account_id"]][Month(row["month"])], tax_of(row)
        charged.add([tax])
        if is_net:
            charged.gross += tax.amount
