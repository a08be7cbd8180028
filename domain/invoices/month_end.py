"""The invoices of all postpaid accounts for a month that has ended, some accounts at a time.

How far a month is stands in a row, which moves on in the transaction that makes the invoices: who
dies leaves nothing half done, and two who work at once do not meet. Each account has one invoice
of a month, which the database sees to as well. A company whose month does not get on waits, and
others have their turn.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from db import access
from db.access import Connection, DatabaseUnavailable
from db.ids import AccountId, CompanyId, InvoiceId
from domain.invoices.consumption import settled_days
from domain.invoices.monthly import issue_all
from domain.invoices.postpaid import IS_POSTPAID
from domain.invoices.rules import Month
from domain.invoices.writing import Issuer
from domain.listing import Record
from domain.month_charges.invoiced import IS_UNCHARGED
from domain.turns import turn

log = logging.getLogger(__name__)

# A tariff with many components takes some milliseconds an account, within the transaction's time.
CHUNK_ACCOUNTS = 100
# Other jobs of the process wait for this one.
CHUNKS_MAX = 50
RETRY_AFTER = timedelta(minutes=1)

# Once the company's days after the month's end are over, and the books have all of the month, with
# what is due at its end. Only the month that ended last: what was never invoiced is not made up for
# by itself.
BEGIN = f"""
    insert into invoicing_run (company_id, month, begun_at)
    select c.id, ended.month, $1
    from company c
    cross join lateral (select ($1::timestamptz at time zone c.time_zone)::date as today) local
    cross join lateral (
        select (date_trunc('month', local.today) - interval '1 month')::date as month) ended
    where c.active and c.invoice_after_days is not null
        and extract(day from local.today) > c.invoice_after_days
        and not exists (select from invoicing_run r
            where r.company_id = c.id and r.month = ended.month)
        and not exists (select from open_day d where d.company_id = c.id
            and d.local_date >= ended.month and d.local_date < ended.month + interval '1 month')
        and not {IS_UNCHARGED.format(company="c.id", month="ended.month")}
    on conflict do nothing
"""
TAKE = """
    select company_id, month, after_account_id, failures from invoicing_run
    where ended_at is null and due_at <= $1
    order by due_at, company_id, month limit 1 for update skip locked
"""
# Those that were open at any time of the month, and paid later in it or in one that it settles.
ACCOUNTS = f"""
    select id from account a
    where company_id = $1 and id > $2 and opened_at < $4 and (closed_at is null or closed_at > $3)
        and {IS_POSTPAID.format(account="a.id", since="$6::date", until="$7::date")}
    order by id limit $5
"""
ADVANCE = """
    update invoicing_run set after_account_id = $3, issued = issued + $4, failed = failed + $5,
        due_at = $6, failures = 0
    where company_id = $1 and month = $2
"""
PUT_OFF = """
    update invoicing_run set due_at = $3, failures = failures + 1
    where company_id = $1 and month = $2 and ended_at is null
"""
END = "update invoicing_run set ended_at = $3 where company_id = $1 and month = $2"


async def work(*, now: datetime, chunks_max: int = CHUNKS_MAX) -> int:
    """Make invoices of months that have ended, and return how many. Safe to repeat."""
    async with access.system() as connection:
        await connection.execute(BEGIN, now)
    issued = 0
    for _ in range(chunks_max):
        made = await turn(TAKE, go_on=_go_on, put_off=_put_off, now=now)
        if made is None:
            break
        issued += made
    return issued


async def _go_on(connection: Connection, run: Record, now: datetime) -> int:
    """Make the next invoices and return how many."""
    company_id, month = CompanyId(run["company_id"]), Month(run["month"])
    issuer = await Issuer.of(connection, company_id)
    account_ids = await _next_accounts(connection, issuer, run)
    if not account_ids:
        await connection.execute(END, company_id, month.first, now)
        return 0
    issued, failed = await _issue(connection, issuer, account_ids, month, now)
    await connection.execute(ADVANCE, company_id, month.first, account_ids[-1], issued, failed, now)
    return issued


async def _put_off(run: Record, error: Exception, now: datetime) -> None:
    facts = {"company": run["company_id"], "month": str(run["month"]), "failures": run["failures"]}
    if isinstance(error, DatabaseUnavailable):
        log.warning("invoices.run_interrupted", extra=facts | {"reason": repr(error)})
    else:
        log.error("invoices.run_failed", extra=facts, exc_info=error)
    async with access.system() as connection:
        await connection.execute(PUT_OFF, run["company_id"], run["month"], now + RETRY_AFTER)


async def _next_accounts(connection: Connection, issuer: Issuer, run: Record) -> list[AccountId]:
    month = Month(run["month"])
    rows = await connection.fetch(
        ACCOUNTS,
        issuer.company_id,
        run["after_account_id"],
        month.starts_at(issuer.zone),
        month.ends_at(issuer.zone),
        # What takes too long together may go through one by one.
        max(1, CHUNK_ACCOUNTS >> run["failures"]),
        *settled_days(month),
    )
    return [AccountId(row["id"]) for row in rows]


async def _issue(
    connection: Connection,
    issuer: Issuer,
    account_ids: Sequence[AccountId],
    month: Month,
    now: datetime,
) -> tuple[int, int]:
    """Invoice all, or, where one of them cannot be, halves of them; return how many of each."""
    try:
        return len(await _try(connection, issuer, account_ids, month, now)), 0
    except DatabaseUnavailable:
        raise
    except Exception:
        if len(account_ids) == 1:
            log.exception("invoices.account_failed", extra={"account": account_ids[0]})
            return 0, 1
    middle = len(account_ids) // 2
    issued, failed = 0, 0
    for half in (account_ids[:middle], account_ids[middle:]):
        made, unmade = await _issue(connection, issuer, half, month, now)
        issued, failed = issued + made, failed + unmade
    return issued, failed


async def _try(
    connection: Connection,
    issuer: Issuer,
    account_ids: Sequence[AccountId],
    month: Month,
    now: datetime,
) -> list[InvoiceId]:
    async with connection.transaction():
        return await issue_all(connection, issuer, account_ids, month, now=now)
