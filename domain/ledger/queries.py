"""Checking the books: every balance rebuilt from its entries and accruals."""

from dataclasses import dataclass
from decimal import Decimal

from db import access
from db.ids import AccountId, CompanyId
from domain.money import major

DIFFERENCES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures that must be equal and are not, in major units."""

    company_id: CompanyId
    what: str
    account_id: AccountId | None
    stored: Decimal
    rebuilt: Decimal


async def verify() -> list[Difference]:
    """Rebuild every balance and every posted day, and return what differs, at most 1,000 of each.

    Reads one snapshot and writes nothing.
    """
    async with access.system(snapshot=True) as connection:
        await connection.execute("set local statement_timeout = '10min'")
        await connection.execute("set local transaction_timeout = '10min'")
        rows = [
            row
            for check in (BALANCES, POSTED_DAYS, JOURNALS)
            for row in await connection.fetch(check + f" limit {DIFFERENCES_MAX}", timeout=600)
        ]
    return [
        Difference(row["company_id"], row["what"], row["account_id"], row["stored"], row["rebuilt"])
        for row in rows
    ]


async def balance_of(*, company_id: CompanyId, account_id: AccountId) -> Decimal:
    """Return an account's balance in major units of the company's currency."""
    async with access.tenant(company_id) as connection:
        return major(
            await connection.fetchval(
                "select balance_micro from account_balance"
                " where company_id = $1 and account_id = $2",
                company_id,
                account_id,
            )
        )


BALANCES = """
    select b.company_id, 'balance' as what, b.account_id, b.balance_micro * 0.000001 as stored,
        coalesce(p.posted, 0) - coalesce(o.open_micro, 0) * 0.000001 as rebuilt
    from account_balance b
    left join (
        select l.company_id, l.account_id, sum(e.amount) as posted
        from ledger_account l
        join entry e on e.company_id = l.company_id and e.ledger_account_id = l.id
        where l.kind = 'CREDIT' group by l.company_id, l.account_id
    ) p on p.company_id = b.company_id and p.account_id = b.account_id
    left join (
        select company_id, account_id, sum(charged_micro - posted_micro) as open_micro
        from accrual group by company_id, account_id
    ) o on o.company_id = b.company_id and o.account_id = b.account_id
    where b.balance_micro * 0.000001
        <> coalesce(p.posted, 0) - coalesce(o.open_micro, 0) * 0.000001
"""

POSTED_DAYS = """
    select a.company_id, 'posted ' || a.local_date as what, a.account_id,
        a.posted_micro * 0.000001 as stored, coalesce(-p.posted, 0) as rebuilt
    from accrual a
    left join (
        select l.company_id, l.account_id, j.energy_date, sum(e.amount) as posted
        from ledger_account l
        join entry e on e.company_id = l.company_id and e.ledger_account_id = l.id
        join journal j on j.company_id = e.company_id and j.id = e.journal_id
        where l.kind = 'CREDIT' and j.kind = 'ENERGY'
        group by l.company_id, l.account_id, j.energy_date
    ) p on p.company_id = a.company_id and p.account_id = a.account_id
        and p.energy_date = a.local_date
    where a.posted_micro * 0.000001 <> coalesce(-p.posted, 0)
"""

JOURNALS = """
    select company_id, 'journal ' || journal_id || ' ' || currency as what,
        null::int8 as account_id, sum(amount) as stored, 0::numeric as rebuilt
    from entry group by company_id, journal_id, currency having sum(amount) <> 0
"""
