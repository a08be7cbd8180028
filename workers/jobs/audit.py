"""Jobs that keep the audit honest."""

import logging
from datetime import datetime

from domain.audit import sealing

log = logging.getLogger(__name__)


async def seal(*, now: datetime) -> None:
    """Chain the daily entries that have come since. Safe to run twice, and by several at once."""
    sealed = await sealing.seal(now=now)
    if sealed:
        log.debug("audit.sealed", extra={"entries": sealed})
