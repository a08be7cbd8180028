"""Jobs that remove what ended long ago."""

import logging
from datetime import datetime

from domain.identity import ended_sessions
from domain.longwork import forgetting

log = logging.getLogger(__name__)


async def remove(*, now: datetime) -> None:
    """Remove long work and sessions that have ended. Safe to run twice."""
    jobs = await forgetting.remove_ended(now=now)
    sessions = await ended_sessions.remove_ended(now=now)
    if jobs or sessions:
        log.info("leftovers.removed", extra={"jobs": jobs, "sessions": sessions})
