"""What an integrator of e-invoices is. One module here implements it per integrator."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A legal document on its way. uuid: the same however often it is sent. xml: UBL."""

    uuid: str
    number: str
    xml: bytes


class IntegratorUnreachable(Exception):
    """Nobody took it. Worth trying again later."""


class IntegratorRefused(Exception):
    """The integrator said no. Trying again will not help; the text says why."""


class EInvoiceIntegrator(Protocol):
    """Takes legal documents. Drivers only translate: retries and states belong to the caller."""

    async def send(self, envelope: Envelope) -> str:
        """Hand a document over, and return what the integrator calls it.

        Sending the same `uuid` again is not an error, and makes no second document.

        :raises IntegratorUnreachable: it may or may not have been taken
        :raises IntegratorRefused: it was not
        """
        ...
