"""What of bought credit pays for use that invoices of months tell: that is no purchase.

An account that once paid later may owe for it when it buys credit, whether its invoice is there
already or comes at the month's end. What it used since by paying before comes first, as in
`own_credit`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from db.access import Connection
from db.ids import AccountId, CompanyId, JournalId
from domain.currencies import in_whole_coins, payable
from domain.invoices import own_credit
from domain.invoices.charges import invoiced_by_month, posted_by_month
from domain.invoices.consumption import settled_days
from domain.invoices.postpaid import POSTPAID_DAYS
from domain.invoices.rules import Month
from domain.listing import Record
from domain.money import major, micro

ZERO = Decimal(0)

# What the account lacked before it bought, without what it was lent. Who pays later buys nothing.
STANDING = """
    select c.currency, c.time_zone, bought.micro as bought_micro,
        bought.micro - own.micro as lacked_micro
    from account_balance b
    join account a on a.company_id = b.company_id and a.id = b.account_id
        and a.billing_mode = 'PREPAID'
    join company c on c.id = b.company_id
    cross join lateral (select b.balance_micro - b.emergency_used_micro as micro) own
    cross join lateral (
        select (sum(e.amount) * 1000000)::int8 as micro from entry e
        join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
        where e.company_id = $1 and e.journal_id = $3
            and l.kind in ('CREDIT', 'EMERGENCY_CREDIT')
    ) bought
    where b.company_id = $1 and b.account_id = $2 and bought.micro > own.micro
        and exists (select from account_mode s
            where s.company_id = $1 and s.account_id = $2 and s.mode = 'POSTPAID')
"""
# What invoices of months tell that is not paid, but for what is left of payments to pay it.
OPEN = """
    select min(month) as first, max(month) as last,
        coalesce(sum(greatest(total_micro - paid_micro - credited_micro, 0)), 0)::int8
        - coalesce((select sum(p.amount_micro - p.allocated_micro)
            from payment p where p.company_id = $1 and p.account_id = $2
                and p.state = 'POSTED' and p.allocated_micro < p.amount_micro), 0)::int8
        as open_micro
    from invoice where company_id = $1 and account_id = $2 and kind = 'MONTHLY'
"""
# What is used by paying before is no such charge; see `own_credit`.
ACCRUED = f"""
    with postpaid as ({POSTPAID_DAYS})
    select coalesce(sum(charged_micro - posted_micro) filter (where local_date <@ days), 0)::int8
            as unposted_micro,
        coalesce(sum(charged_micro) filter (where (local_date <@ days) is not true), 0)::int8
            as used_micro
    from accrual left join postpaid using (account_id)
    where company_id = $1 and account_id = any($2::int8[]) and local_date >= $3
"""
KEPT = own_credit.KEPT.format(account="$2")
NOTE = """
    insert into purchase_offset (company_id, account_id, journal_id, amount_micro, kept_micro)
    values ($1, $2, $3, $4, $5)
"""
NOTED = "select amount_micro from purchase_offset where company_id = $1 and journal_id = $2"


async def note(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    journal_id: JournalId,
    now: datetime,
) -> None:
    """Note how much of what has just bought credit is no purchase, in whole coins, and let it pay.

    In the caller's transaction, which has posted it. Invoices are paid before anything uses it up.
    """
    standing = await connection.fetchrow(STANDING, company_id, account_id, journal_id)
    if standing is None:
        return
    today = now.astimezone(ZoneInfo(standing["time_zone"])).date()
    told = await _told(connection, company_id, account_id, standing, Month.of(today))
    free = told - major(standing["lacked_micro"])
    covered = _Covered(told, standing["currency"])
    offset = covered.by(free + major(standing["bought_micro"])) - covered.by(free)
    if offset <= 0:
        return
    (before,) = await connection.fetch(OPEN, company_id, account_id)
    await own_credit.settle(connection, company_id=company_id, account_ids=[account_id])
    (after,) = await connection.fetch(OPEN, company_id, account_id)
    kept_micro = max(0, micro(offset) - before["open_micro"] + after["open_micro"])
    await connection.execute(NOTE, company_id, account_id, journal_id, micro(offset), kept_micro)


async def noted(connection: Connection, *, company_id: CompanyId, journal_id: JournalId) -> Decimal:
    """Return how much of bought credit is no purchase."""
    return major(await connection.fetchval(NOTED, company_id, journal_id) or 0)


@dataclass(frozen=True, slots=True)
class _Covered:
    """What invoices come to, as far as credit pays them."""

    told: Decimal
    currency: str

    def by(self, credit: Decimal) -> Decimal:
        coins = in_whole_coins(max(credit, ZERO), self.currency)
        return min(coins, payable(max(self.told, ZERO), self.currency))


async def _told(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    standing: Record,
    this: Month,
) -> Decimal:
    """Return what invoices of months tell that is not paid, and what they will tell.

    They will tell as well what came late to months that they told. Left out is what was bought
    before for those that will come.
    """
    (row,) = await connection.fetch(OPEN, company_id, account_id)
    following = this.moved(-1)
    if row["last"] is not None:
        following = max(following, Month(row["last"]).moved(1))
    since, _ = settled_days(following)
    since = max(since, row["first"] or since)
    whose = (company_id, [account_id])
    posted = await posted_by_month(connection, *whose, since, this.moved(1).first)
    invoiced = await invoiced_by_month(connection, *whose, since)
    charged = sum((one.gross for one in posted[account_id].values()), ZERO)
    told = sum((one.gross for one in invoiced[account_id].values()), ZERO)
    (accrued,) = await connection.fetch(ACCRUED, *whose, since)
    found = charged - told + major(row["open_micro"] + accrued["unposted_micro"])
    (kept,) = await connection.fetch(KEPT, company_id, account_id)
    left = found - major(standing["lacked_micro"] - accrued["used_micro"])
    return found - max(ZERO, min(major(kept["micro"]), left))
