"""The loop that hands e-invoices to the integrator that the settings name."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from asyncpg import PostgresError

from db.access import DatabaseUnavailable
from db.acting import Actor, acting
from db.enums import ActorKind
from db.settings import Settings
from domain.einvoices import transmission
from domain.einvoices.folder import FolderIntegrator
from domain.einvoices.integrator import EInvoiceIntegrator
from domain.subscribers.keyring import Keyring

log = logging.getLogger(__name__)

IDLE_WAIT_S = 5.0
ACTOR = Actor(kind=ActorKind.JOB, name="einvoices.hand_over")


def integrator_of(settings: Settings) -> EInvoiceIntegrator | None:
    """Return who takes e-invoices; None where nobody does, and they wait."""
    folder = settings.einvoice_folder
    return None if folder is None else FolderIntegrator(folder)


async def hand_over(
    integrator: EInvoiceIntegrator, *, keyring: Keyring, clock: Callable[[], datetime]
) -> None:
    """Hand over what waits until cancelled."""
    while True:
        taken = 0
        try:
            with acting(ACTOR):
                taken = await transmission.transmit(integrator, keyring=keyring, now=clock())
        except (*DatabaseUnavailable, PostgresError) as error:
            log.warning("einvoices.interrupted", extra={"reason": repr(error)})
        except Exception:
            log.exception("einvoices.unforeseen")
        if taken:
            log.info("einvoices.sent", extra={"invoices": taken})
        else:
            await asyncio.sleep(IDLE_WAIT_S)
