"""Progress from PostgreSQL alone: whatever is due is run, whether or not anybody rang."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from asyncpg import PostgresError

from db.access import DatabaseUnavailable
from workers.schedule import RECURRING, run_if_due

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 5.0


async def sweep(*, clock: Callable[[], datetime]) -> None:
    """Run what is due, every five seconds until cancelled. One job's failure stops no other."""
    while True:
        for name in RECURRING:
            try:
                await run_if_due(name, clock=clock)
            except (*DatabaseUnavailable, PostgresError) as error:
                log.warning("sweep.interrupted", extra={"job": name, "reason": repr(error)})
            except Exception:
                log.exception("sweep.failed", extra={"job": name})
        await asyncio.sleep(SWEEP_EVERY_S)
