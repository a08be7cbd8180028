"""Sending messages that wait in the queue, a few at a time."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import asyncpg

from db.access import DatabaseUnavailable
from db.acting import Actor, acting
from db.enums import ActorKind, MessageChannel
from db.settings import Settings
from domain.identity.keys import Keys
from domain.messages import forgetting, operations
from domain.messages.letters import NoAddress, Office
from domain.messages.making import letter_of
from domain.messages.operations import Waiting
from domain.subscribers.keyring import Keyring
from workers.delivery import Delivery, Undelivered
from workers.mail_delivery import FolderDelivery, SmtpDelivery
from workers.sms_delivery import LogGateway, SmsDelivery

FOLDER = Path("mail")
IDLE_WAIT_S = 1.0
RETRY_PAUSE_S = 5.0
JOB = Actor(kind=ActorKind.JOB, name="messages.deliver")

Deliveries = Mapping[MessageChannel, Delivery]

log = logging.getLogger(__name__)


class Postman:
    """Sends what waits by the channels that it can; several may run beside each other."""

    def __init__(
        self, office: Office, deliveries: Deliveries, *, clock: Callable[[], datetime]
    ) -> None:
        self._office = office
        self._deliveries = deliveries
        self._clock = clock

    async def run(self) -> None:
        """Send until cancelled; what fails waits in the queue and is tried again."""
        while True:
            try:
                with acting(JOB):
                    worked = await self.deliver_waiting()
            except (*DatabaseUnavailable, asyncpg.PostgresError) as error:
                log.warning("messages.interrupted", extra={"reason": repr(error)})
                await asyncio.sleep(RETRY_PAUSE_S)
            except Exception:
                log.exception("messages.failed")
                await asyncio.sleep(RETRY_PAUSE_S)
            else:
                await asyncio.sleep(0 if worked else IDLE_WAIT_S)

    async def deliver_waiting(self) -> int:
        """Send messages that are due; return how many were. One that fails stops no other."""
        # Each channel by itself, so that none keeps another waiting beyond what it has claimed.
        return sum([await self._deliver_due(channel) for channel in self._deliveries])

    async def _deliver_due(self, channel: MessageChannel) -> int:
        waiting = await operations.claim(channel=channel, now=self._clock())
        for message in waiting:
            try:
                await self._deliver(message)
            except DatabaseUnavailable:
                raise
            except Exception:
                log.exception("message.failed", extra={"message_id": message.id})
                await self._fail(message, "FAILED", again=True)
        return len(waiting)

    async def _deliver(self, message: Waiting) -> None:
        facts = {"message_id": message.id, "kind": message.kind, "attempt": message.attempts}
        try:
            letter = await letter_of(self._office, message, now=self._clock())
            if letter is None:
                await operations.drop(message, now=self._clock())
                log.info("message.dropped", extra=facts)
                return
            receipt = await self._deliveries[message.channel].deliver(letter, now=self._clock())
        except NoAddress:
            await self._fail(message, "NO_ADDRESS", again=False)
            log.info("message.unaddressed", extra=facts)
        except Undelivered as error:
            again = await self._fail(message, str(error), again=error.again)
            extra = {**facts, "reason": str(error), "again": again}
            log.warning("message.undelivered", extra=extra)
        else:
            await operations.sent(message, receipt, kept=letter.kept, now=self._clock())
            log.info("message.sent", extra=facts)

    async def _fail(self, message: Waiting, reason: str, *, again: bool) -> bool:
        chance = random.random()  # noqa: S311 - it spreads, and guards nothing
        return await operations.fail(message, reason, again=again, now=self._clock(), chance=chance)


async def forget(*, now: datetime) -> None:
    """Forget messages past their retention. Safe to run twice."""
    forgotten = await forgetting.forget(now=now)
    if forgotten:
        log.info("messages.forgotten", extra={"messages": forgotten})


def postman_of(
    settings: Settings, *, keyring: Keyring, clock: Callable[[], datetime]
) -> Postman | None:
    """Return who sends messages; None where none can leave, and all wait for that.

    settings: with the secret of tokens, from which the tokens of links are derived.
    """
    deliveries: dict[MessageChannel, Delivery] = {}
    if settings.smtp_url is not None:
        deliveries[MessageChannel.MAIL] = SmtpDelivery(settings.smtp_url, sender=settings.mail_from)
    elif settings.production:
        log.warning("mail.no_server", extra={"setting": "WATTLEDGER_SMTP_URL"})
    else:
        folder = FolderDelivery(settings.home / FOLDER, settings.mail_from)
        deliveries[MessageChannel.MAIL] = folder
    if settings.sms_gateway is not None:
        deliveries[MessageChannel.SMS] = SmsDelivery(LogGateway())
    if not deliveries:
        return None
    if settings.token_secret is None:
        raise ValueError("expected the secret of tokens")
    office = Office(Keys(settings.token_secret), keyring, settings.public_url)
    return Postman(office, deliveries, clock=clock)
