"""Jobs of payments."""

import logging
from datetime import datetime

from domain.payments import forgetting

log = logging.getLogger(__name__)


async def forget_texts(*, now: datetime) -> None:
    """Forget what payers wrote, past its retention. Safe to run twice."""
    forgotten = await forgetting.forget(now=now)
    if forgotten:
        log.info("payments.texts_forgotten", extra={"transfers": forgotten})
