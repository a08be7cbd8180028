"""Jobs that watch how collectors and RF modules do."""

import logging
from datetime import datetime

from domain.hierarchy import synchronisations
from domain.reports import silences

log = logging.getLogger(__name__)


async def note_silences(*, now: datetime) -> None:
    """Record which devices have fallen silent or are heard again. Safe to run twice."""
    noted = await synchronisations.note_silences(now=now)
    if noted:
        log.info("devices.silence_noted", extra={"devices": noted})


async def tell_silences(*, now: datetime) -> None:
    """Tell members which devices have fallen silent. Safe to run twice."""
    told = await silences.tell_silences(now=now)
    if told:
        log.info("devices.silence_told", extra={"devices": told})


async def forget_synchronisations(*, now: datetime) -> None:
    """Drop records past their retention. Safe to run twice."""
    forgotten = await synchronisations.forget(now=now)
    if forgotten:
        log.info("devices.synchronisations_forgotten", extra={"records": forgotten})
