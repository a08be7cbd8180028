"""Jobs that act on where accounts stand."""

import logging
from datetime import datetime

from domain.warnings import asking, operations

log = logging.getLogger(__name__)

# Of accounts whose company's limits changed; what is left waits for the next run.
CHUNKS_MAX = 5


async def attend(*, now: datetime) -> None:
    """Look at accounts that crossed a mark or whose limits changed. Safe to run twice."""
    for _ in range(CHUNKS_MAX):
        if not await asking.ask_attention():
            break
    warned = await operations.attend(now=now)
    if warned:
        log.info("accounts.warned", extra={"accounts": warned})
