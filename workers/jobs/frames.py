"""Jobs that keep raw frames moving."""

import logging
from datetime import datetime

from domain.frames import forgetting, operations

log = logging.getLogger(__name__)


async def release_matchable(*, now: datetime) -> None:
    """Queue frames whose meter has come. Safe to run twice."""
    released = await operations.release_matchable()
    if released:
        log.info("frames.released", extra={"frames": released})


async def forget(*, now: datetime) -> None:
    """Delete frames past their company's retention. Safe to run twice."""
    forgotten = await forgetting.forget(now=now)
    if forgotten:
        log.info("frames.forgotten", extra={"frames": forgotten})
