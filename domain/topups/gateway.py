"""What a payment provider is to us. One module implements it for each; see `stripe`.

A gateway only translates: keys, retries over days, state and money belong to the caller. Whatever
the payer still has to do (a page of the provider, 3-D Secure, a plan of instalments) is in the
`Offer` that it makes, so that a provider with other steps needs no change here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from db.enums import PaymentWay
from domain.topups.facts import CardFact, Fact, PaymentFact, PaymentKey, RefundFact


class ProviderUnavailable(Exception):
    """The provider did not answer: it may or may not have done it. The same key helps later."""


class ProviderRefused(Exception):
    """The provider said no, and nothing was done; `code` is its word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotGenuine(Exception):
    """What claims to come from the provider does not, or not now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """A payment to be begun, at most once for its key.

    card, customer: what the provider calls them. is_present: whether the payer can be asked for
    anything. save_card: keep the card for later. return_url: where a page sends the payer back.
    """

    key: PaymentKey
    way: PaymentWay
    amount: Decimal
    currency: str
    description: str
    lapses_at: datetime
    return_url: str | None = None
    customer: str | None = None
    card: str | None = None
    save_card: bool = False
    is_present: bool = True
    instalments: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A payment, and what its payer does next.

    url: a page to send the payer to, for paying or for 3-D Secure. client_secret: lets the
    provider's own form in an app go on. Both None when nothing is left to do.
    """

    payment: PaymentFact
    url: str | None = None
    client_secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """A refund to be begun, at most once for its key. payment: what the provider calls it."""

    key: UUID
    payment: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """An event that the provider has signed. kind: the provider's own word."""

    id: str
    kind: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class FactPage:
    """Facts of a list. next: where the next page begins; None after the last one."""

    facts: Sequence[Fact]
    next: str | None


class PaymentGateway(Protocol):
    """Speaks with one provider.

    name: the provider's, kept with all that came from it. ways: how it lets people pay.
    instalments_max: how many it takes. keys_kept: how long it answers a repeated request as it did
    the first one; later, repeating could charge twice. lists: what `listed` can be asked for.

    All methods but `verified` and `facts` raise ProviderUnavailable when there was no answer.
    """

    name: str
    ways: frozenset[PaymentWay]
    instalments_max: int
    keys_kept: timedelta
    lists: Sequence[str]

    async def begin(self, request: PaymentRequest) -> Offer:
        """Begin a payment. A card that is declined is no error: the payment says so.

        :raises ProviderRefused: nothing was begun
        """
        ...

    async def offer(self, key: PaymentKey, *, checkout: str | None, reference: str | None) -> Offer:
        """Return how a payment is, and what is left to do. One of its names is known.

        :raises ProviderRefused: it is not there
        """
        ...

    async def cancel(
        self, key: PaymentKey, *, checkout: str | None, reference: str | None
    ) -> PaymentFact:
        """Let nobody pay it any more, unless somebody has; return how it is now.

        :raises ProviderRefused: it is not there
        """
        ...

    async def refund(self, request: RefundRequest) -> RefundFact:
        """Give money back.

        :raises ProviderRefused: nothing is given back
        """
        ...

    async def refund_now(self, reference: str) -> Fact:
        """Return how a refund is."""
        ...

    async def dispute_now(self, reference: str) -> Fact:
        """Return how a dispute is."""
        ...

    async def customer(self, *, key: UUID, described: Mapping[str, str]) -> str:
        """Make a payer known for saving cards, once for the key; return the provider's name."""
        ...

    async def cards(self, customer: str) -> Sequence[CardFact]:
        """Return a customer's saved cards."""
        ...

    async def forget_card(self, card: str) -> None:
        """Forget a saved card. Safe to repeat."""
        ...

    async def forget_customer(self, customer: str) -> None:
        """Forget a customer with all of their cards. Safe to repeat.

        :raises ProviderRefused: they are there still
        """
        ...

    async def listed(
        self, name: str, *, since: datetime, until: datetime, after: str | None
    ) -> FactPage:
        """Return a page of the objects that were made in a time, by one of `lists`."""
        ...

    def verified(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent:
        """Return which event a request brings, if the provider has just signed it.

        headers: by their names in lower case.

        :raises NotGenuine: it has not
        """
        ...

    def facts(self, body: bytes) -> Sequence[Fact]:
        """Return what an event that was verified says; nothing for kinds that do not matter."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Gateways:
    """The providers of this installation; the first is the one that new payments take."""

    def __init__(self, *gateways: PaymentGateway) -> None:
        self._by_name = {gateway.name: gateway for gateway in gateways}

    @property
    def first(self) -> PaymentGateway | None:
        return next(iter(self._by_name.values()), None)

    def named(self, name: str) -> PaymentGateway | None:
        return self._by_name.get(name)

    def all(self) -> Sequence[PaymentGateway]:
        return list(self._by_name.values())

    async def close(self) -> None:
        for gateway in self._by_name.values():
            await gateway.close()
