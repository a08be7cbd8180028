"""Posting to the double-entry ledger: credit bought, and the energy of closed days."""

import hashlib
import logging
from datetime import date, datetime
from decimal import Decimal

from db import access
from db.access import Connection, DatabaseUnavailable
from db.enums import JournalKind
from db.ids import AccountId, CompanyId
from domain.billing.accrual import OPEN_DAYS_LOCK_ALONE, change_balances
from domain.money import micro

log = logging.getLogger(__name__)

CLOSE_CHUNK = 1_000


class PostingConflict(Exception):
    """The idempotency key was used before, for something else; nothing was written."""


class AmountNotPositive(Exception):
    """Only amounts above zero can be credited; nothing was written."""


async def credit_cash(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    amount: Decimal,
    idempotency_key: str,
    occurred_at: datetime,
) -> int:
    """Credit an account with cash that was taken, at most once per idempotency key.

    amount: major units of the company's currency, above zero, six decimals at most.
    Returns the journal's id; on a retry, that of the one already made.

    :raises AmountNotPositive, PostingConflict, LookupError: before anything is written
    """
    amount_micro = micro(amount)
    if amount_micro <= 0:
        raise AmountNotPositive(f"amount is {amount}; more than zero was expected")
    request = hashlib.sha256(f"CASH_TOP_UP/{account_id}/{amount_micro}".encode()).digest()
    async with access.tenant(company_id) as connection:
        # The row lock orders retries of one key, so that the second finds what the first made.
        found = await connection.fetchval(
            "select account_id from account_balance where company_id = $1 and account_id = $2"
            " for update",
            company_id,
            account_id,
        )
        if found is None:
            raise LookupError(f"account {account_id} is unknown")
        made = await _made(connection, company_id, idempotency_key, request)
        if made is not None:
            return made
        await _ensure_sides(connection, company_id, [account_id])
        journal_id = await _post_cash(
            connection, company_id, account_id, amount_micro, idempotency_key, request, occurred_at
        )
        await change_balances(
            connection,
            f"select {int(company_id)} as company_id, {int(account_id)}::int8 as account_id,"
            f" {amount_micro}::int8 as amount_micro",
            now=occurred_at,
        )
    return journal_id


async def _made(
    connection: Connection, company_id: CompanyId, idempotency_key: str, request: bytes
) -> int | None:
    row = await connection.fetchrow(
        "select id, request_hash from journal"
        " where company_id = $1 and kind = $2 and idempotency_key = $3",
        company_id,
        JournalKind.CASH_TOP_UP,
        idempotency_key,
    )
    if row is None:
        return None
    if row["request_hash"] != request:
        raise PostingConflict(idempotency_key)
    return int(row["id"])


async def _post_cash(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    amount_micro: int,
    idempotency_key: str,
    request: bytes,
    occurred_at: datetime,
) -> int:
    journal_id = await connection.fetchval(
        "insert into journal (company_id, kind, idempotency_key, request_hash, occurred_at)"
        " values ($1, $2, $3, $4, $5) returning id",
        company_id,
        JournalKind.CASH_TOP_UP,
        idempotency_key,
        request,
        occurred_at,
    )
    await connection.execute(
        """
        insert into entry (company_id, journal_id, line, ledger_account_id, amount, currency)
        select company_id, $3, case kind when 'CREDIT' then 1 else 2 end, id,
            case kind when 'CREDIT' then $4::numeric else -$4::numeric end * 0.000001, currency
        from ledger_account
        where company_id = $1
            and ((kind = 'CREDIT' and account_id = $2) or kind = 'CASH')
        """,
        company_id,
        account_id,
        journal_id,
        Decimal(amount_micro),
    )
    return int(journal_id)


async def _ensure_sides(
    connection: Connection, company_id: CompanyId, account_ids: list[AccountId]
) -> None:
    """Make the ledger accounts of a company and of these accounts where they are missing."""
    await connection.execute(
        """
        insert into ledger_account (company_id, kind, account_id, currency)
        select c.id, side.kind, side.account_id, c.currency
        from company c, (
            select 'CASH' as kind, null::int8 as account_id union all select 'REVENUE', null
            union all select 'CREDIT', unnest($2::int8[])
        ) side
        where c.id = $1
        order by side.kind, side.account_id
        for key share of c -- its currency stays, or is settled first
        on conflict do nothing
        """,
        company_id,
        account_ids,
    )


async def close_days(*, now: datetime) -> int:
    """Post what closed local days charged and the ledger lacks; return how many postings.

    Each day of an account is one journal per revision: what came after a close makes the next one.
    Works in chunks of one short transaction each. Safe to repeat and to run twice at once.
    """
    posted = 0
    for company_id, local_date in await _closed_days(now):
        try:
            posted += await _close_day(company_id, local_date, now)
        except DatabaseUnavailable:
            raise
        except Exception:
            # The day stays open, which is an alarm; the other companies' days are closed.
            log.exception(
                "ledger.day_not_closed", extra={"company": company_id, "day": str(local_date)}
            )
    return posted


async def _close_day(company_id: CompanyId, local_date: date, now: datetime) -> int:
    posted = 0
    while count := await _close_chunk(company_id, local_date, now):
        posted += count
    await _forget_closed(company_id, local_date)
    return posted


async def _closed_days(now: datetime) -> list[tuple[CompanyId, date]]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select d.company_id, d.local_date from open_day d"
            " join company c on c.id = d.company_id"
            " where d.local_date < ($1 at time zone c.time_zone)::date order by 1, 2",
            now,
        )
    return [(row["company_id"], row["local_date"]) for row in rows]


async def _close_chunk(company_id: CompanyId, local_date: date, now: datetime) -> int:
    async with access.system() as connection:
        accounts = [
            row["account_id"]
            for row in await connection.fetch(
                "select account_id from accrual where company_id = $1 and local_date = $2"
                " and charged_micro <> posted_micro order by account_id limit $3 for update",
                company_id,
                local_date,
                CLOSE_CHUNK,
            )
        ]
        if accounts:
            await _ensure_sides(connection, company_id, accounts)
            await _post_energy(connection, company_id, local_date, accounts, now)
    return len(accounts)


async def _post_energy(
    connection: Connection,
    company_id: CompanyId,
    local_date: date,
    account_ids: list[AccountId],
    now: datetime,
) -> None:
    """Post the difference of each account's day; balances stay, for accruals shrink by it."""
    await connection.execute(
        """
        with due as materialized (
            select a.company_id, a.account_id, a.charged_micro - a.posted_micro as amount_micro,
                format('energy/%s/%s/%s', a.account_id, a.local_date, a.revision + 1) as key
            from accrual a
            where a.company_id = $1 and a.local_date = $2 and a.account_id = any($3)
        ), journals as (
            insert into journal
                (company_id, kind, idempotency_key, request_hash, occurred_at, energy_date)
            select company_id, 'ENERGY', key, sha256(convert_to(amount_micro::text, 'UTF8')), $4, $2
            from due
            returning id, idempotency_key
        ), entries as (
            insert into entry (company_id, journal_id, line, ledger_account_id, amount, currency)
            select d.company_id, j.id, side.line, l.id, side.sign * d.amount_micro * 0.000001,
                l.currency
            from due d
            join journals j on j.idempotency_key = d.key
            cross join (values (1, 'CREDIT', -1), (2, 'REVENUE', 1)) side (line, kind, sign)
            join ledger_account l on l.company_id = d.company_id and l.kind = side.kind
                and (l.account_id = d.account_id or side.kind = 'REVENUE')
        )
        update accrual a set posted_micro = a.charged_micro, revision = a.revision + 1
        from due d
        where a.company_id = $1 and a.local_date = $2 and a.account_id = d.account_id
        """,
        company_id,
        local_date,
        account_ids,
        now,
    )


async def _forget_closed(company_id: CompanyId, local_date: date) -> None:
    """Take a day off the list unless something was charged to it meanwhile."""
    async with access.system() as connection:
        await connection.execute(OPEN_DAYS_LOCK_ALONE)
        await connection.execute(
            "delete from open_day where company_id = $1 and local_date = $2 and not exists ("
            " select from accrual where company_id = $1 and local_date = $2"
            " and charged_micro <> posted_micro)",
            company_id,
            local_date,
        )
