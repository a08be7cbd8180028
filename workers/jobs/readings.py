"""Jobs on stored readings."""

import logging
from datetime import datetime

from domain.readings import forgetting

log = logging.getLogger(__name__)


async def forget(*, now: datetime) -> None:
    """Forget readings past their retention. Safe to run twice."""
    forgotten = await forgetting.forget(now=now)
    if forgotten != forgetting.Forgotten():
        log.info(
            "readings.forgotten",
            extra={
                "readings": forgotten.readings,
                "reviewed": forgotten.reviewed,
                "days": forgotten.days,
            },
        )
