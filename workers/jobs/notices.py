"""Notices of overdue invoices that go out by themselves."""

import logging
from datetime import datetime

from domain.notices import starting

log = logging.getLogger(__name__)


async def start(*, now: datetime) -> None:
    """Send notices that are due. Safe to run twice and to be killed."""
    issued = await starting.work(now=now)
    if issued:
        log.info("notices.issued", extra={"notices": issued})
