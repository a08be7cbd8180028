"""What of bought credit pays for use that invoices of months tell: that is no purchase.

An account that once paid later may owe for it when it buys credit, whether its invoice is there
already or comes at the month's end.
"""

from decimal import Decimal

from db.access import Connection
from db.ids import AccountId, CompanyId, JournalId
from domain.currencies import in_whole_coins
from domain.invoices.postpaid import LAST_DAY, POSTPAID_DAYS
from domain.money import major, micro

# What the account lacked before it bought. Who pays later buys nothing.
STANDING = """
    select c.currency, bought.micro as bought_micro, bought.micro - b.balance_micro as lacked_micro
    from account_balance b
    join account a on a.company_id = b.company_id and a.id = b.account_id
        and a.billing_mode = 'PREPAID'
    join company c on c.id = b.company_id
    cross join lateral (
        select (sum(e.amount) * 1000000)::int8 as micro from entry e
        join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
        where e.company_id = $1 and e.journal_id = $3 and l.kind = 'CREDIT'
    ) bought
    where b.company_id = $1 and b.account_id = $2 and bought.micro > b.balance_micro
        and exists (select from account_mode s
            where s.company_id = $1 and s.account_id = $2 and s.mode = 'POSTPAID')
"""
# What invoices of months tell that is not paid, and what they will tell.
TOLD = f"""
    with postpaid as ({POSTPAID_DAYS})
    select (told.open_micro + coalesce(sum(charged.amount_micro), 0))::int8
    from (
        select max(month) as month,
            coalesce(sum(greatest(total_micro - paid_micro - credited_micro, 0)), 0) as open_micro
        from invoice where company_id = $1 and account_id = any($2::int8[]) and kind = 'MONTHLY'
    ) told
    left join lateral (
        select a.charged_micro as amount_micro from accrual a join postpaid using (account_id)
        where a.company_id = $1 and a.local_date <@ postpaid.days
            and (told.month is null or a.local_date >= told.month + interval '1 month')
        union all
        select m.amount_micro from month_charge m join postpaid using (account_id)
        where m.company_id = $1 and {LAST_DAY.format(month="m.month")} <@ postpaid.days
            and (told.month is null or m.month > told.month)
    ) charged on true
    group by told.open_micro
"""
NOTE = "insert into purchase_offset (company_id, journal_id, amount_micro) values ($1, $2, $3)"
NOTED = "select amount_micro from purchase_offset where company_id = $1 and journal_id = $2"


async def note(
    connection: Connection, *, company_id: CompanyId, account_id: AccountId, journal_id: JournalId
) -> None:
    """Note how much of what has just bought credit is no purchase, in whole coins.

    In the caller's transaction, which has posted it.
    """
    standing = await connection.fetchrow(STANDING, company_id, account_id, journal_id)
    if standing is None:
        return
    told_micro = await connection.fetchval(TOLD, company_id, [account_id])
    found = min(standing["bought_micro"], standing["lacked_micro"], told_micro)
    offset = in_whole_coins(major(found), standing["currency"])
    if offset > 0:
        await connection.execute(NOTE, company_id, journal_id, micro(offset))


async def noted(connection: Connection, *, company_id: CompanyId, journal_id: JournalId) -> Decimal:
    """Return how much of bought credit is no purchase."""
    return major(await connection.fetchval(NOTED, company_id, journal_id) or 0)
