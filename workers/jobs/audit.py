"""Jobs that keep the audit honest."""

import logging
from datetime import datetime

from domain.audit import forgetting, sealing

log = logging.getLogger(__name__)


async def seal(*, now: datetime) -> None:
    """Chain the daily entries that have come since. Safe to run twice, and by several at once."""
    sealed = await sealing.seal(now=now)
    if sealed:
        log.debug("audit.sealed", extra={"entries": sealed})


async def forget_contact_reads(*, now: datetime) -> None:
    """Forget who read contact data, past the retention of that. Safe to run twice."""
    forgotten = await forgetting.forget_contact_reads(now=now)
    if forgotten:
        log.info("audit.contact_reads_forgotten", extra={"entries": forgotten})
