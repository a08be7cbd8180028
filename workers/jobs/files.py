"""Jobs that make room."""

import logging
from datetime import datetime

from domain.files import contents

log = logging.getLogger(__name__)


async def remove_expired(*, now: datetime) -> None:
    """Remove files that have expired. Safe to run twice."""
    removed = await contents.remove_expired(now=now)
    if removed:
        log.info("files.removed", extra={"files": removed})
