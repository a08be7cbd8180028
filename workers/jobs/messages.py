"""Sending mail that waits in the queue, a few at a time."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import asyncpg

from db.access import DatabaseUnavailable
from db.acting import Actor, acting
from db.enums import ActorKind
from db.settings import Settings
from domain.identity.keys import Keys
from domain.messages import operations
from domain.messages.letters import Office
from domain.messages.operations import Waiting
from workers.mail_delivery import Delivery, FolderDelivery, SmtpDelivery, Undelivered

FOLDER = Path("mail")
IDLE_WAIT_S = 1.0
RETRY_PAUSE_S = 5.0
JOB = Actor(kind=ActorKind.JOB, name="mail.deliver")

log = logging.getLogger(__name__)


class Postman:
    """Sends what waits; several may run beside each other."""

    def __init__(
        self, office: Office, delivery: Delivery, *, clock: Callable[[], datetime]
    ) -> None:
        self._office = office
        self._delivery = delivery
        self._clock = clock

    async def run(self) -> None:
        """Send until cancelled; what fails waits in the queue and is tried again."""
        while True:
            try:
                with acting(JOB):
                    worked = await self.deliver_waiting()
            except (*DatabaseUnavailable, asyncpg.PostgresError) as error:
                log.warning("mail.interrupted", extra={"reason": repr(error)})
                await asyncio.sleep(RETRY_PAUSE_S)
            except Exception:
                log.exception("mail.failed")
                await asyncio.sleep(RETRY_PAUSE_S)
            else:
                await asyncio.sleep(0 if worked else IDLE_WAIT_S)

    async def deliver_waiting(self) -> int:
        """Send mail that is due; return how much was. A letter that fails stops no other."""
        waiting = await operations.claim(now=self._clock())
        for mail in waiting:
            try:
                await self._deliver(mail)
            except DatabaseUnavailable:
                raise
            except Exception:
                log.exception("mail.failed", extra={"mail": mail.id})
                await operations.fail(mail, "FAILED", again=True, now=self._clock())
        return len(waiting)

    async def _deliver(self, mail: Waiting) -> None:
        letter = await self._office.letter(mail, now=self._clock())
        facts = {"mail": mail.id, "kind": mail.kind, "attempt": mail.attempts}
        if letter is None:
            await operations.drop(mail, now=self._clock())
            log.info("mail.dropped", extra=facts)
            return
        try:
            await self._delivery.deliver(letter, now=self._clock())
        except Undelivered as error:
            again = await operations.fail(mail, str(error), again=error.again, now=self._clock())
            log.warning("mail.undelivered", extra={**facts, "reason": str(error), "again": again})
        else:
            await operations.sent(mail, now=self._clock())
            log.info("mail.sent", extra=facts)


def postman_of(settings: Settings, *, clock: Callable[[], datetime]) -> Postman | None:
    """Return who sends mail; None in production without a mail server, where it waits for one.

    settings: with the secret of tokens, from which the tokens of links are derived.
    """
    delivery: Delivery
    if settings.smtp_url is not None:
        delivery = SmtpDelivery(settings.smtp_url, sender=settings.mail_from)
    elif settings.production:
        log.warning("mail.no_server", extra={"setting": "WATTLEDGER_SMTP_URL"})
        return None
    else:
        delivery = FolderDelivery(settings.home / FOLDER, settings.mail_from)
    if settings.token_secret is None:
        raise ValueError("expected the secret of tokens")
    office = Office(Keys(settings.token_secret), settings.public_url)
    return Postman(office, delivery, clock=clock)
