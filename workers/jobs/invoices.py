"""Jobs that invoice."""

import logging
from datetime import datetime

from domain.invoices import bought
from domain.invoices import month_end as run

log = logging.getLogger(__name__)


async def month_end(*, now: datetime) -> None:
    """Make some of the invoices of a month that has ended. Safe to run twice and to be killed."""
    issued = await run.work(now=now)
    if issued:
        log.info("invoices.issued", extra={"invoices": issued})


async def purchases(*, now: datetime) -> None:
    """Make the invoices and credit notes that bought credit lacks. Safe to run twice."""
    made = await bought.work(now=now)
    if made:
        log.info("purchases.invoiced", extra={"purchases": made})
