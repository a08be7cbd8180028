"""Posting to the double-entry ledger: credit bought, and the energy of closed days."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from db import access
from db.access import Connection, DatabaseUnavailable
from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId, JournalId
from domain.billing.accrual import OPEN_DAYS_LOCK_ALONE
from domain.ledger.posting import POSTINGS_MAX, post, post_all
from domain.ledger.rules import Line, Posting
from domain.listing import Record
from domain.money import major, micro
from domain.tariffs.tax_in_advance import with_taxes

log = logging.getLogger(__name__)

# Whoever charges an account's day holds its accrual, so that its taxes stay as they are, too.
DUE = """
    with due as (
        select account_id from accrual
        where company_id = $1 and local_date = $2 and charged_micro <> posted_micro
        union
        select account_id from accrued_tax
        where company_id = $1 and local_date = $2 and charged_micro <> posted_micro
        order by account_id limit $3
    )
    select account_id, revision, charged_micro - posted_micro as due_micro from accrual
    where company_id = $1 and local_date = $2 and account_id in (select account_id from due)
    order by account_id for update
"""
TAXES_DUE = """
    select account_id, side, tax, charged_micro - posted_micro as due_micro from accrued_tax
    where company_id = $1 and local_date = $2 and account_id = any($3::int8[])
        and charged_micro <> posted_micro
    order by account_id, side, tax
"""
NOTE_TAXES_POSTED = """
    update accrued_tax set posted_micro = charged_micro
    where company_id = $1 and local_date = $2 and account_id = any($3::int8[])
"""
NOTE_POSTED = """
    update accrual set posted_micro = charged_micro, revision = revision + 1
    where company_id = $1 and local_date = $2 and account_id = any($3::int8[])
"""


class AmountNotPositive(Exception):
    """Only amounts above zero can be credited; nothing was written."""


async def credit_cash(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    amount: Decimal,
    idempotency_key: str,
    occurred_at: datetime,
) -> JournalId:
    """Credit an account with cash as it is taken, at most once per idempotency key.

    amount: major units of the company's currency, above zero, six decimals at most.
    Returns the journal's id; on a retry, that of the one already made.

    :raises AmountNotPositive, IdempotencyConflict, NotThere: nothing was written
    """
    amount_micro = micro(amount)
    if amount_micro <= 0:
        raise AmountNotPositive(f"amount is {amount}; more than zero was expected")
    posting = Posting(
        company_id=company_id,
        kind=JournalKind.CASH_TOP_UP,
        idempotency_key=idempotency_key,
        request=f"{JournalKind.CASH_TOP_UP}/{account_id}/{amount_micro}",
        occurred_at=occurred_at,
        lines=[
            Line(LedgerAccountKind.CREDIT, amount, account_id),
            Line(LedgerAccountKind.CASH, -amount),
        ],
    )
    async with access.tenant(company_id) as connection:
        return await post(connection, await with_taxes(connection, posting), now=occurred_at)


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
    """Post the difference of each account's day; balances stay, for accruals shrink by it."""
    async with access.system() as connection:
        due = await connection.fetch(DUE, company_id, local_date, POSTINGS_MAX)
        accounts = [row["account_id"] for row in due]
        taxes = await _taxes(connection, company_id, local_date, accounts)
        made = [_energy(company_id, local_date, row, taxes[row["account_id"]], now) for row in due]
        # Who closes the same day at the same time may have posted all of it meanwhile.
        postings = [posting for posting in made if posting.lines]
        if postings:
            await post_all(connection, postings, now=now)
            await connection.execute(NOTE_POSTED, company_id, local_date, accounts)
            await connection.execute(NOTE_TAXES_POSTED, company_id, local_date, accounts)
    return len(postings)


async def _taxes(
    connection: Connection, company_id: CompanyId, local_date: date, account_ids: list[int]
) -> Mapping[int, list[Line]]:
    """Return the lines of taxes that accrued, by account."""
    lines: dict[int, list[Line]] = defaultdict(list)
    for row in await connection.fetch(TAXES_DUE, company_id, local_date, account_ids):
        side = LedgerAccountKind(row["side"])
        lines[row["account_id"]].append(Line(side, major(row["due_micro"]), code=row["tax"]))
    return lines


def _energy(
    company_id: CompanyId, local_date: date, due: Record, taxes: Sequence[Line], now: datetime
) -> Posting:
    """Return what is due of a day: gross from the account, its taxes apart from what was sold."""
    account_id, amount = due["account_id"], major(due["due_micro"])
    net = amount - sum((line.amount for line in taxes), Decimal(0))
    moved = [
        Line(LedgerAccountKind.CREDIT, -amount, account_id),
        Line(LedgerAccountKind.REVENUE, net),
        *taxes,
    ]
    return Posting(
        company_id=company_id,
        kind=JournalKind.ENERGY,
        idempotency_key=f"energy/{account_id}/{local_date}/{due['revision'] + 1}",
        request=str(due["due_micro"]),
        occurred_at=now,
        energy_date=local_date,
        lines=[line for line in moved if line.amount],
    )


async def _forget_closed(company_id: CompanyId, local_date: date) -> None:
    """Take a day off the list unless something was charged to it meanwhile."""
    async with access.system() as connection:
        await connection.execute(OPEN_DAYS_LOCK_ALONE)
        await connection.execute(
            "delete from open_day where company_id = $1 and local_date = $2 and not exists ("
            " select from accrual where company_id = $1 and local_date = $2"
            " and charged_micro <> posted_micro) and not exists ("
            " select from accrued_tax where company_id = $1 and local_date = $2"
            " and charged_micro <> posted_micro)",
            company_id,
            local_date,
        )
