"""What invoices show of months that were charged as a whole, and what they wait for."""

from collections import defaultdict
from collections.abc import Sequence

from db.access import Connection
from db.enums import InvoiceLineKind, LineUnit
from db.ids import AccountId, CompanyId
from domain.invoices.rules import InvoiceLine, Month, Parts, Priced, TaxLine
from domain.money import major
from domain.month_charges.terms import HAS_MONTHLY

# Whether a month of a company is not charged yet; one that is older than those that were begun is
# charged no more.
IS_UNCHARGED = f"""(
    exists (select from tariff_version where company_id = {{company}} and state = 'ACTIVE'
        and {HAS_MONTHLY})
    and not exists (select from month_run where company_id = {{company}} and month >= {{month}}
        and ended_at is not null))
"""
LINES = """
    select account_id, component, kind, unit, price, sum(quantity) as quantity,
        sum(amount_micro)::int8 as amount_micro
    from month_charge_line where company_id = $1 and account_id = any($2::int8[]) and month = $3
    group by account_id, point_id, component, kind, unit, price
    having sum(quantity) <> 0 or sum(amount_micro) <> 0
    order by account_id, min(revision), min(line)
"""
TAXES = """
    select account_id, name, rate, sum(base_micro)::int8 as base_micro,
        sum(amount_micro)::int8 as amount_micro
    from month_charge_tax where company_id = $1 and account_id = any($2::int8[]) and month = $3
    group by account_id, name, rate order by account_id, min(revision), min(place)
"""


async def is_uncharged(connection: Connection, company_id: CompanyId, month: Month) -> bool:
    """Whether something may fall due of a month that nobody has charged yet."""
    query = f"select {IS_UNCHARGED.format(company='$1', month='$2')}"
    return bool(await connection.fetchval(query, company_id, month.first))


async def charged_parts(
    connection: Connection, company_id: CompanyId, account_ids: Sequence[AccountId], month: Month
) -> dict[AccountId, Parts]:
    """Return the lines and taxes of what a month was charged as a whole, by account."""
    lines: dict[AccountId, list[InvoiceLine]] = defaultdict(list)
    taxes: dict[AccountId, list[TaxLine]] = defaultdict(list)
    for row in await connection.fetch(LINES, company_id, account_ids, month.first):
        priced = Priced(
            component=row["component"],
            quantity=row["quantity"],
            unit=LineUnit(row["unit"]),
            price=row["price"],
        )
        line = InvoiceLine(
            kind=InvoiceLineKind(row["kind"]),
            amount=major(row["amount_micro"]),
            energy_month=month,
            priced=priced,
        )
        lines[AccountId(row["account_id"])].append(line)
    for row in await connection.fetch(TAXES, company_id, account_ids, month.first):
        tax = TaxLine(
            row["name"], row["rate"], major(row["base_micro"]), major(row["amount_micro"])
        )
        taxes[AccountId(row["account_id"])].append(tax)
    return {account_id: Parts(lines[account_id], taxes[account_id]) for account_id in lines}
