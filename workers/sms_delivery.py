"""Short messages: what a gateway to telephones is, and one that only says what it would send."""

import logging
from datetime import datetime
from typing import Protocol

from domain.messages.letters import Letter
from domain.messages.operations import Receipt

log = logging.getLogger(__name__)


class SmsGateway(Protocol):
    """Speaks to one provider of short messages."""

    async def send(self, *, to: str, text: str, id: str) -> str:
        """Hand over a text, and return what the provider calls it.

        to: a telephone number as people write it. id: the same at every attempt; a provider that
            knows it already sends nothing.

        :raises Undelivered: it probably did not take it
        """
        ...


class LogGateway:
    """Sends nothing: the log says that something would go out, but neither what nor to whom."""

    async def send(self, *, to: str, text: str, id: str) -> str:
        log.info("sms.logged", extra={"letter": id, "digits": len(to), "characters": len(text)})
        return f"log-{id}"


class SmsDelivery:
    """Hands letters to a gateway."""

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway

    async def deliver(self, letter: Letter, *, now: datetime) -> Receipt:
        provider_id = await self._gateway.send(to=letter.to, text=letter.text, id=letter.id)
        return Receipt(provider_id=provider_id)
