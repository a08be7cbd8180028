"""Jobs that keep indicators."""

import logging
from datetime import datetime

from domain.analytics import folding, measuring

log = logging.getLogger(__name__)


async def fold(*, now: datetime) -> None:
    """Add what was posted to the sums of the books. Safe to run twice."""
    folded = await folding.fold()
    if folded:
        log.info("analytics.folded", extra={"journals": folded})


async def measure(*, now: datetime) -> None:
    """Measure the energy of days, and how accounts stand. Safe to run twice."""
    measured = await measuring.measure(now=now)
    log.info("analytics.measured", extra={"companies": measured})
