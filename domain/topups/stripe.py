"""Stripe as a payment gateway: the only module that knows its library."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import stripe

from db.enums import PaymentWay
from domain.topups import stripe_facts as read
from domain.topups.facts import CardFact, Fact, PaymentFact, PaymentKey, RefundFact
from domain.topups.gateway import (
    FactPage,
    NotGenuine,
    Offer,
    PaymentRequest,
    ProviderEvent,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
)

API_URL = "https://api.stripe.com"
# The library would wait for 80 s and not try again.
TIMEOUT_S = 10
RETRIES = 2
PAGE = 100
CARDS_MAX = 100
GONE = "resource_missing"
SIGNATURE_HEADER = "stripe-signature"
EVENT_AGE_MAX = timedelta(minutes=5)
# The library lets events from the future pass.
EVENT_AHEAD_MAX = timedelta(minutes=1)
# Stripe may forget a key after 24 h; a request that is under way then must not be a new one.
KEYS_KEPT = timedelta(hours=23)

Result = TypeVar("Result")


class StripeGateway:
    """See `domain.topups.gateway.PaymentGateway`.

    webhook_secrets: all that are valid, while one replaces another.
    """

    name = "stripe"
    ways = frozenset(PaymentWay)
    instalments_max = 1
    keys_kept = KEYS_KEPT
    lists: Sequence[str] = ("payments", "refunds", "disputes", "fees")

    def __init__(
        self,
        *,
        secret_key: str,
        webhook_secrets: Sequence[str],
        clock: Callable[[], datetime],
        api_url: str = API_URL,
        retries: int = RETRIES,
    ) -> None:
        self._secrets = webhook_secrets
        self._clock = clock
        self._http = stripe.HTTPXClient(timeout=TIMEOUT_S)
        client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_url},
            max_network_retries=retries,
            http_client=self._http,
        )
        self._api = client.v1

    async def begin(self, request: PaymentRequest) -> Offer:
        options: Any = {"idempotency_key": f"payment-{request.key.key}"}
        if request.way is PaymentWay.CHECKOUT:
            made = self._api.checkout.sessions.create_async(_checkout(request), options)
            return self._offer_of_checkout(await _asked(made))
        params = _intent(request)
        try:
            intent = await _asked(self._api.payment_intents.create_async(params, options))
        except _Declined as declined:
            return Offer(payment=read.payment(declined.intent, at=self._clock()))
        return self._offer_of_intent(intent)

    async def offer(self, key: PaymentKey, *, checkout: str | None, reference: str | None) -> Offer:
        if checkout is None:
            return self._offer_of_intent(await self._intent(reference or ""))
        session = await _asked(self._api.checkout.sessions.retrieve_async(checkout))
        offer = self._offer_of_checkout(session)
        if (reference := reference or offer.payment.reference) is None:
            return offer
        # The page does not say why a payment failed.
        intent = read.payment(await self._intent(reference), at=self._clock())
        return Offer(payment=intent, url=offer.url)

    async def cancel(
        self, key: PaymentKey, *, checkout: str | None, reference: str | None
    ) -> PaymentFact:
        # What is paid or cancelled already refuses, and says how it is when it is asked.
        with suppress(ProviderRefused):
            if checkout is not None:
                await _asked(self._api.checkout.sessions.expire_async(checkout))
            elif reference is not None:
                await _asked(self._api.payment_intents.cancel_async(reference))
        return (await self.offer(key, checkout=checkout, reference=reference)).payment

    async def refund(self, request: RefundRequest) -> RefundFact:
        params: Any = {
            "payment_intent": request.payment,
            "amount": read.minor(request.amount, request.currency),
            "metadata": {read.REFUND: str(request.key)},
        }
        options: Any = {"idempotency_key": f"refund-{request.key}"}
        made = await _asked(self._api.refunds.create_async(params, options))
        return read.refund(made, at=self._clock())

    async def refund_now(self, reference: str) -> Fact:
        found = await _asked(self._api.refunds.retrieve_async(reference))
        return read.refund(found, at=self._clock())

    async def dispute_now(self, reference: str) -> Fact:
        found = await _asked(self._api.disputes.retrieve_async(reference))
        return read.dispute(found, at=self._clock())

    async def customer(self, *, key: UUID, described: Mapping[str, str]) -> str:
        params: Any = {"metadata": dict(described)}
        options: Any = {"idempotency_key": f"customer-{key}"}
        made = await _asked(self._api.customers.create_async(params, options))
        return str(made["id"])

    async def cards(self, customer: str) -> Sequence[CardFact]:
        params: Any = {"customer": customer, "type": "card", "limit": CARDS_MAX}
        found = await _asked(self._api.payment_methods.list_async(params))
        return [read.card(method) for method in found["data"]]

    async def forget_card(self, card: str) -> None:
        with suppress(ProviderRefused):
            await _asked(self._api.payment_methods.detach_async(card))

    async def forget_customer(self, customer: str) -> None:
        try:
            await _asked(self._api.customers.delete_async(customer))
        except ProviderRefused as error:
            if error.code != GONE:
                raise

    async def listed(
        self, name: str, *, since: datetime, until: datetime, after: str | None
    ) -> FactPage:
        created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        params: dict[str, Any] = {"limit": PAGE, "created": created}
        if after is not None:
            params["starting_after"] = after
        lists: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, datetime], Fact | None]]] = {
            "payments": (
                self._api.payment_intents.list_async,
                lambda one, at: read.payment(one, at=at),
            ),
            "refunds": (self._api.refunds.list_async, _of_payment(read.refund)),
            "disputes": (self._api.disputes.list_async, _of_payment(read.dispute)),
            "fees": (self._api.balance_transactions.list_async, lambda one, _: read.fee(one)),
        }
        if name == "fees":
            params["expand"] = ["data.source"]
        ask, reader = lists[name]
        at = self._clock()
        found = await _asked(ask(params))
        objects = found["data"]
        facts = [fact for one in objects if (fact := reader(one, at)) is not None]
        return FactPage(facts, objects[-1]["id"] if found["has_more"] else None)

    def verified(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent:
        header = headers.get(SIGNATURE_HEADER, "")
        if not any(_is_signed(body, header, secret) for secret in self._secrets):
            raise NotGenuine("the signature is of none of our secrets")
        signed_at = datetime.fromtimestamp(_signed_at_s(header), UTC)
        if not now - EVENT_AGE_MAX <= signed_at <= now + EVENT_AHEAD_MAX:
            raise NotGenuine(f"it was signed {now - signed_at} ago")
        event = json.loads(body)
        return ProviderEvent(
            id=event["id"],
            kind=event["type"],
            occurred_at=datetime.fromtimestamp(event["created"], UTC),
        )

    def facts(self, body: bytes) -> Sequence[Fact]:
        return read.facts_of(json.loads(body))

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def _intent(self, reference: str) -> Mapping[str, Any]:
        return await _asked(self._api.payment_intents.retrieve_async(reference))

    def _offer_of_intent(self, intent: Mapping[str, Any]) -> Offer:
        fact = read.payment(intent, at=self._clock())
        is_open = intent["status"].startswith("requires_")
        action = (intent.get("next_action") or {}).get("redirect_to_url") or {}
        secret = intent.get("client_secret") if is_open else None
        return Offer(payment=fact, url=action.get("url"), client_secret=secret)

    def _offer_of_checkout(self, session: Mapping[str, Any]) -> Offer:
        return Offer(payment=read.checkout(session, at=self._clock()), url=session.get("url"))


def _of_payment(reader: Callable[..., Fact]) -> Callable[[Any, datetime], Fact | None]:
    """Return a reader that leaves out what is about no payment of this kind."""
    return lambda one, at: None if one.get("payment_intent") is None else reader(one, at=at)


class _Declined(Exception):
    """A card was declined; the intent that it was for is there."""

    def __init__(self, intent: Mapping[str, Any]) -> None:
        super().__init__(intent["id"])
        self.intent = intent


async def _asked(call: Awaitable[stripe.StripeObject]) -> Mapping[str, Any]:
    """Return what Stripe answers, as plain values.

    :raises ProviderUnavailable, ProviderRefused, _Declined: see each
    """
    try:
        return (await call).to_dict()
    except stripe.CardError as error:
        body = error.json_body if isinstance(error.json_body, dict) else {}
        intent = body.get("error", {}).get("payment_intent")
        if intent is None:
            raise ProviderRefused(error.code or "card_error") from error
        raise _Declined(intent) from error
    except stripe.InvalidRequestError as error:
        raise ProviderRefused(error.code or "invalid_request") from error
    except stripe.StripeError as error:
        # Also what only we can mend, such as a key that was revoked: nothing says it was not done.
        raise ProviderUnavailable(type(error).__name__) from error


def _checkout(request: PaymentRequest) -> Any:
    metadata = read.metadata_of(request.key)
    intent: dict[str, Any] = {"metadata": metadata, "description": request.description}
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": request.currency.lower(),
                    "unit_amount": read.minor(request.amount, request.currency),
                    "product_data": {"name": request.description},
                },
            }
        ],
        "metadata": metadata,
        "payment_intent_data": intent,
        "expires_at": int(request.lapses_at.timestamp()),
        "success_url": request.return_url,
        "cancel_url": request.return_url,
    }
    if request.customer is not None:
        params["customer"] = request.customer
    if request.save_card:
        intent["setup_future_usage"] = "off_session"
    return params


def _intent(request: PaymentRequest) -> Any:
    params: dict[str, Any] = {
        "amount": read.minor(request.amount, request.currency),
        "currency": request.currency.lower(),
        "description": request.description,
        "metadata": read.metadata_of(request.key),
    }
    if request.customer is not None:
        params["customer"] = request.customer
    if request.save_card:
        params["setup_future_usage"] = "off_session"
    if request.way is PaymentWay.SAVED_CARD:
        params |= {"payment_method": request.card, "confirm": True}
        params |= {"payment_method_types": ["card"], "off_session": not request.is_present}
        if request.is_present and request.return_url is not None:
            params["return_url"] = request.return_url
    return params


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret))
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False


def _signed_at_s(header: str) -> int:
    """Return when a header that is genuine says it was signed: the first time in it is."""
    return next(int(part[2:]) for part in header.split(",") if part.startswith("t="))
