"""Jobs that keep the books."""

import logging
from datetime import datetime

from domain.ledger import operations
from domain.month_charges import runs

log = logging.getLogger(__name__)


async def close_days(*, now: datetime) -> None:
    """Post the charges of days that have ended. Safe to run twice."""
    posted = await operations.close_days(now=now)
    if posted:
        log.info("ledger.days_closed", extra={"postings": posted})


async def charge_months(*, now: datetime) -> None:
    """Charge what falls due when months have ended. Safe to run twice and to be killed."""
    posted = await runs.work(now=now)
    if posted:
        log.info("ledger.months_charged", extra={"postings": posted})
