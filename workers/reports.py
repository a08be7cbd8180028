"""The loop that sends daily reports. Not a recurring job: checking large books takes minutes."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from asyncpg import PostgresError

from db.access import DatabaseUnavailable
from db.acting import Actor, acting
from db.enums import ActorKind
from domain.jobs import claim
from domain.reports import daily

log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0
# Two workers that check the same books at once send one report, but do the work twice.
PERIOD = timedelta(minutes=10)
NAME = "reports.send"
ACTOR = Actor(kind=ActorKind.JOB, name=NAME)


async def send_reports(*, clock: Callable[[], datetime]) -> None:
    """Send what is due until cancelled; what fails is due still."""
    while True:
        try:
            if await claim(name=NAME, period=PERIOD, now=clock()):
                with acting(ACTOR):
                    sent = await daily.send_due(now=clock())
                if sent:
                    log.info("reports.sent", extra={"reports": sent})
        except (*DatabaseUnavailable, PostgresError) as error:
            log.warning("reports.interrupted", extra={"reason": repr(error)})
        except Exception:
            log.exception("reports.failed")
        await asyncio.sleep(LOOK_EVERY_S)
