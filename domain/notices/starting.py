"""Notices that go out by themselves, where a company wants that.

The first goes out so many days after the invoice was due. The second follows the proven delivery
of the first after as many working days as have to lie between the second and a cut. More notices
than these, and notices at other times, are for people to send.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from db import access
from db.access import DatabaseUnavailable
from db.ids import CompanyId, InvoiceId
from domain.listing import Record
from domain.notices import operations
from domain.notices.rules import GATING_NOTICE, is_working, proven_by
from domain.refusals import Refused

log = logging.getLogger(__name__)

COMPANIES_MAX = 1_000
CHUNK = 100
# Of a company at a time: others wait for it.
NOTICES_MAX = 500
# Local hours in which people may be written to without being woken up, the last one exclusive.
HOURS = range(9, 18)

COMPANIES = """
    select c.id, c.time_zone, c.notice_after_days, c.notice_working_days,
        array(select h.day from holiday h where h.company_id = c.id) as holidays
    from company c where c.active and c.notice_after_days is not null order by c.id limit $1
"""
DUE = """
    select i.due_date, i.id, coalesce(last.number, 0) + 1 as number
    from invoice i
    left join lateral (
        select n.number, n.delivered_at from overdue_notice n
        where n.company_id = i.company_id and n.invoice_id = i.id order by n.number desc limit 1
    ) last on true
    where i.company_id = $1 and i.kind = 'MONTHLY'
        and i.total_micro > i.paid_micro + i.credited_micro
        and i.due_date <= $2 and (i.due_date, i.id) > ($3, $4)
        and (last.number is null
            or last.number < $7 and (last.delivered_at at time zone $5)::date <= $6)
    order by i.due_date, i.id limit $8
"""


@dataclass(frozen=True, slots=True)
class _Due:
    """What is due on a local day. due_by: invoices; proven_by: the notices before."""

    company_id: CompanyId
    zone: str
    due_by: date
    proven_by: date

    @classmethod
    def of(cls, company: Record, today: date) -> "_Due":
        # Due on that very day is not overdue.
        after = timedelta(days=max(1, company["notice_after_days"]))
        return cls(
            company_id=CompanyId(company["id"]),
            zone=company["time_zone"],
            due_by=today - after,
            proven_by=proven_by(
                today,
                working_days=company["notice_working_days"],
                holidays=frozenset(company["holidays"]),
            ),
        )


async def work(*, now: datetime) -> int:
    """Send the notices that are due, some of each company, and return how many.

    Safe to repeat: each goes out once. What fails stops no other, and is tried again the next time.
    """
    async with access.system() as connection:
        companies = await connection.fetch(COMPANIES, COMPANIES_MAX)
    return sum([await _of_company(company, now) for company in companies])


def _failed(error: Exception, **facts: int) -> None:
    """Say what failed: others go on, and fail as well where it was PostgreSQL that went."""
    if isinstance(error, DatabaseUnavailable):
        log.warning("notices.interrupted", extra=facts | {"reason": repr(error)})
    else:
        log.error("notices.failed", extra=facts, exc_info=error)


async def _of_company(company: Record, now: datetime) -> int:
    issued = 0
    try:
        async for invoice_id, number in _invoices(company, now):
            issued += await _issue(CompanyId(company["id"]), invoice_id, number, now)
            if issued == NOTICES_MAX:
                break
    except Exception as error:
        _failed(error, company=company["id"])
    return issued


async def _invoices(company: Record, now: datetime) -> AsyncIterator[tuple[InvoiceId, int]]:
    """Yield invoices whose next notice is due, and its number, oldest first."""
    local = now.astimezone(ZoneInfo(company["time_zone"]))
    if local.hour not in HOURS or not is_working(local.date(), company["holidays"]):
        return
    due = _Due.of(company, local.date())
    after = (date.min, 0)
    while True:
        async with access.reading(due.company_id) as connection:
            rows = await connection.fetch(
                DUE,
                due.company_id,
                due.due_by,
                *after,
                due.zone,
                due.proven_by,
                GATING_NOTICE,
                CHUNK,
            )
        for row in rows:
            yield InvoiceId(row["id"]), row["number"]
        if len(rows) < CHUNK:
            return
        after = (rows[-1]["due_date"], rows[-1]["id"])


async def _issue(company_id: CompanyId, invoice_id: InvoiceId, number: int, now: datetime) -> bool:
    try:
        await operations.issue(company_id=company_id, invoice_id=invoice_id, number=number, now=now)
    except (Refused, operations.NotNext):
        # Somebody paid, or was quicker.
        return False
    except Exception as error:
        _failed(error, company=company_id, invoice=invoice_id)
        return False
    return True
