"""Checking the books: every projection rebuilt from entries and accruals."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.money import MICRO, major

DIFFERENCES_MAX = 1_000
CHECK_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures that must be equal and are not, in major units."""

    company_id: CompanyId
    what: str
    account_id: AccountId | None
    stored: Decimal
    rebuilt: Decimal


async def verify(
    company_id: CompanyId | None = None, *, at_most: int | None = DIFFERENCES_MAX
) -> list[Difference]:
    """Rebuild whatever follows from the entries, and return what differs.

    company_id: whose books; None: everybody's. at_most: differences of a kind; None: all.
    Reads one snapshot and writes nothing. Balances, debts, emergency credit and payments in flight;
    posted days and months with their taxes; that transactions sum to zero and have entries; that
    reversals are exact; and what entries repeat of their transactions and ledger accounts.
    """
    door = (
        access.system(snapshot=True)
        if company_id is None
        else access.tenant(company_id, snapshot=True)
    )
    checks = (STANDINGS, POSTED_DAYS, TAXES, MONTHS, JOURNALS, REVERSALS, COPIES)
    async with door as connection:
        return await differences(connection, checks, at_most=at_most)


async def differences(
    connection: Connection, checks: Iterable[str], *, at_most: int | None
) -> list[Difference]:
    """Return what checks find, in the connection's snapshot. at_most: of each; None: all."""
    await connection.execute(access.LAST_LONGER)
    return [
        Difference(
            row["company_id"],
            row["what"],
            row["account_id"],
            row["stored"].quantize(MICRO),
            row["rebuilt"].quantize(MICRO),
        )
        for check in checks
        for row in await connection.fetch(
            f"{check} limit {at_most or 'all'}", timeout=CHECK_TIMEOUT_S
        )
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


# All four of an account that is posted to, and all four of one that has a balance.
STANDINGS = """
    with posted as (
        select l.company_id, l.account_id,
            sum(e.amount) filter (where l.kind = 'CREDIT') as credit,
            -sum(e.amount) filter (where l.kind = 'DEBT') as debt,
            -sum(e.amount) filter (where l.kind = 'EMERGENCY_CREDIT') as emergency,
            sum(e.amount) filter (where l.kind = 'IN_FLIGHT') as in_flight
        from ledger_account l
        join entry e on e.company_id = l.company_id and e.ledger_account_id = l.id
        where l.account_id is not null group by l.company_id, l.account_id
    ), accrued as (
        select company_id, account_id, sum(charged_micro - posted_micro) * 0.000001 as open
        from accrual group by company_id, account_id
    )
    select company_id, side.what, account_id, side.stored, side.rebuilt
    from account_balance b
    full join posted p using (company_id, account_id)
    full join accrued a using (company_id, account_id)
    cross join lateral (values
        ('balance', b.balance_micro, coalesce(p.credit, 0) - coalesce(a.open, 0)),
        ('debt', b.debt_micro, p.debt),
        ('emergency credit used', b.emergency_used_micro, p.emergency),
        ('in flight', b.in_flight_micro, p.in_flight)
    ) as figure (what, stored_micro, rebuilt)
    cross join lateral (
        select figure.what, coalesce(figure.stored_micro, 0) * 0.000001 as stored,
            coalesce(figure.rebuilt, 0) as rebuilt
    ) side
    where side.stored <> side.rebuilt
"""

POSTED_DAYS = """
    with posted as (
        select l.company_id, l.account_id, j.energy_date as local_date, -sum(e.amount) as amount
        from ledger_account l
        join entry e on e.company_id = l.company_id and e.ledger_account_id = l.id
        join journal j on j.company_id = e.company_id and j.id = e.journal_id
        where l.kind = 'CREDIT' and j.kind = 'ENERGY'
        group by l.company_id, l.account_id, j.energy_date
    )
    select company_id, 'posted ' || local_date as what, account_id,
        coalesce(a.posted_micro, 0) * 0.000001 as stored, coalesce(p.amount, 0) as rebuilt
    from accrual a full join posted p using (company_id, account_id, local_date)
    where coalesce(a.posted_micro, 0) * 0.000001 <> coalesce(p.amount, 0)
"""

# Whose taxes they are, no entry says: a day's transactions are an account's by their keys.
TAXES = """
    with posted as (
        select j.company_id, split_part(j.idempotency_key, '/', 2)::int8 as account_id,
            j.energy_date as local_date, l.kind as side, l.code as tax, sum(e.amount) as amount
        from ledger_account l
        join entry e on e.company_id = l.company_id and e.ledger_account_id = l.id
        join journal j on j.company_id = e.company_id and j.id = e.journal_id
        where l.kind in ('TAX', 'TAX_IN_ADVANCE') and j.kind = 'ENERGY'
        group by 1, 2, 3, 4, 5
    )
    select company_id, concat_ws(' ', 'posted', side, tax, local_date) as what, account_id,
        coalesce(t.posted_micro, 0) * 0.000001 as stored, coalesce(p.amount, 0) as rebuilt
    from accrued_tax t full join posted p using (company_id, account_id, local_date, side, tax)
    where coalesce(t.posted_micro, 0) * 0.000001 <> coalesce(p.amount, 0)
"""

# Whole months are told by lines and taxes of their own, beside their transactions.
MONTHS = """
    with posted as (
        select j.company_id, j.id as journal_id,
            -sum(e.amount) filter (where l.kind = 'CREDIT') as gross,
            sum(e.amount) filter (where l.kind = 'REVENUE') as net,
            sum(e.amount) filter (where l.kind in ('TAX', 'TAX_IN_ADVANCE')) as tax
        from journal j
        join entry e on e.company_id = j.company_id and e.journal_id = j.id
        join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
        where j.kind = 'MONTH_CHARGE' group by j.company_id, j.id
    ), told as (
        select m.*, lines.net_micro, taxes.tax_micro
        from month_charge m
        cross join lateral (
            select sum(amount_micro) as net_micro from month_charge_line l
            where (l.company_id, l.account_id, l.month, l.revision)
                = (m.company_id, m.account_id, m.month, m.revision)) lines
        cross join lateral (
            select sum(amount_micro) as tax_micro from month_charge_tax t
            where (t.company_id, t.account_id, t.month, t.revision)
                = (m.company_id, m.account_id, m.month, m.revision)) taxes
    )
    select company_id, 'month charge of journal ' || journal_id || ', ' || figure.what as what,
        account_id, side.stored, side.rebuilt
    from told full join posted using (company_id, journal_id)
    cross join lateral (values
        ('gross', amount_micro, gross), ('net', net_micro, net), ('taxes', tax_micro, tax)
    ) figure (what, stored_micro, rebuilt)
    cross join lateral (
        select coalesce(figure.stored_micro, 0) * 0.000001 as stored,
            coalesce(figure.rebuilt, 0) as rebuilt
    ) side
    where side.stored <> side.rebuilt
"""

# A transaction without entries is as wrong as one that does not sum to zero.
JOURNALS = """
    select company_id, 'journal ' || journal_id || ' ' || currency as what,
        null::int8 as account_id, sum(amount) as stored, 0::numeric as rebuilt
    from entry group by company_id, journal_id, currency having sum(amount) <> 0
    union all
    select j.company_id, 'entries of journal ' || j.id, null, 0, 2
    from journal j where not exists (
        select from entry e where e.company_id = j.company_id and e.journal_id = j.id)
"""

REVERSALS = """
    select j.company_id, 'reversal ' || j.id || ' of ' || j.corrects as what,
        e.account_id,
        coalesce(sum(e.amount) filter (where e.journal_id = j.id), 0) as stored,
        -coalesce(sum(e.amount) filter (where e.journal_id = j.corrects), 0) as rebuilt
    from journal j
    join entry e on e.company_id = j.company_id and e.journal_id in (j.id, j.corrects)
    where j.kind = 'REVERSAL'
    group by j.company_id, j.id, j.corrects, e.ledger_account_id, e.account_id
    having sum(e.amount) <> 0
"""

COPIES = """
    select e.company_id, 'copies in entry ' || e.id as what, e.account_id, 1::numeric as stored,
        0::numeric as rebuilt
    from entry e
    join journal j on j.company_id = e.company_id and j.id = e.journal_id
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where (e.occurred_at, e.currency) <> (j.occurred_at, l.currency)
        or e.account_id is distinct from l.account_id
"""
