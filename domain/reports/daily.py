"""The report that a company's administrators get each morning about the day before.

Not here: what anybody does about it.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime, time

import asyncpg

from db import access
from db.access import Connection, DatabaseUnavailable
from db.enums import Role
from db.ids import CompanyId
from domain.ledger.queries import verify
from domain.messages.facts import SystemReport
from domain.messages.members import members_with, tell_member

# By the company's clock.
SENT_FROM = time(6)
COMPANIES_MAX = 1_000

log = logging.getLogger(__name__)

# A company that was founded today did nothing the day before.
DUE = """
    select c.id as company_id, days.report_date
    from company c
    cross join lateral (
        select ($1::timestamptz at time zone c.time_zone)::date - 1 as report_date
    ) days
    left join system_report r on r.company_id = c.id
    where c.active and ($1::timestamptz at time zone c.time_zone)::time >= $2
        and (c.created_at at time zone c.time_zone)::date <= days.report_date
        and (r.report_date is null or r.report_date < days.report_date)
    order by c.id limit $3
"""
MARK = """
    insert into system_report as r (company_id, report_date) values ($1, $2)
    on conflict (company_id) do update set report_date = excluded.report_date
    where r.report_date < excluded.report_date
    returning true
"""
COUNTS = """
    select (
        select count(*) from collector d
        where d.company_id = c.id and d.active and d.silent_since is not null
    ) as silent_collectors, (
        select count(*) from rf_module d
        where d.company_id = c.id and d.active and d.silent_since is not null
    ) as silent_rf_modules, (
        select count(*) from held_reading where company_id = c.id
    ) as held_readings, (
        select count(*) from message m
        where m.company_id = c.id and m.state in ('FAILED', 'BOUNCED')
            and m.ended_at >= $2::date::timestamp at time zone c.time_zone
            and m.ended_at < ($2::date + 1)::timestamp at time zone c.time_zone
    ) as failed_messages, (
        select count(*) from bank_transfer where company_id = c.id and state = 'REVIEW'
    ) as unmatched_transfers, (
        select count(*) from account a
        join account_balance b on b.company_id = a.company_id and b.account_id = a.id
        where a.company_id = c.id and a.closed_at is not null
            and (b.balance_micro <> 0 or b.emergency_used_micro <> 0)
    ) as unsettled_accounts
    from company c where c.id = $1
"""


@dataclass(frozen=True, slots=True)
class _Due:
    company_id: CompanyId
    report_date: date


async def send_due(*, now: datetime) -> int:
    """Send each company's report that is due; return how many were. Safe to repeat, and at once.

    One company's failure stops no other's. Checking the books may take minutes.
    """
    async with access.system() as connection:
        rows = await connection.fetch(DUE, now, SENT_FROM, COMPANIES_MAX)
    due = [_Due(CompanyId(row["company_id"]), row["report_date"]) for row in rows]
    return sum([await _send(one, now) for one in due])


async def _send(due: _Due, now: datetime) -> bool:
    differences = await _differences(due.company_id)
    async with access.tenant(due.company_id) as connection:
        if not await connection.fetchval(MARK, due.company_id, due.report_date):
            return False
        report = await _report(connection, due, differences)
        administrators = await members_with(
            connection, company_id=due.company_id, roles=[Role.ADMINISTRATOR]
        )
        for member in administrators:
            if member.sees_all:
                await tell_member(
                    connection, company_id=due.company_id, member=member, facts=report, now=now
                )
    return True


async def _differences(company_id: CompanyId) -> int | None:
    """Return how many differences the books have; None when checking them did not come to an end.

    The report says so then, and does not wait for another time.
    """
    try:
        return len(await verify(company_id))
    except (*DatabaseUnavailable, asyncpg.PostgresError) as error:
        log.warning("reports.unverified", extra={"company_id": company_id, "reason": repr(error)})
        return None


async def _report(connection: Connection, due: _Due, differences: int | None) -> SystemReport:
    counts = await connection.fetchrow(COUNTS, due.company_id, due.report_date)
    if counts is None:
        raise LookupError(due.company_id)
    return SystemReport(report_date=due.report_date, book_differences=differences, **counts)
