"""Forgetting load profiles that nobody keeps any longer."""

import logging
from datetime import datetime

from domain.profiles import forgetting

log = logging.getLogger(__name__)


async def forget(*, now: datetime) -> None:
    forgotten = await forgetting.forget(now=now)
    if forgotten != forgetting.Forgotten():
        log.info(
            "profiles.forgotten",
            extra={
                "intervals": forgotten.intervals,
                "reviewed": forgotten.reviewed,
                "days": forgotten.days,
            },
        )
