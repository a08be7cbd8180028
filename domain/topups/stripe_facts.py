"""What Stripe's objects mean in our words. Pure: JSON in, facts out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from db.enums import DisputeState, PaymentStatus, RefundState
from db.ids import CompanyId
from domain.money import MICRO
from domain.topups.facts import (
    CardFact,
    DisputeFact,
    Fact,
    FeeFact,
    PaymentFact,
    PaymentKey,
    RefundFact,
)
from domain.topups.rules import word

Object = Mapping[str, Any]

COMPANY = "wattledger_company"
PAYMENT = "wattledger_payment"
REFUND = "wattledger_refund"

# Stripe's own list: of some currencies that have no coins any more it still counts hundredths.
WITHOUT_COINS = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
IN_THOUSANDTHS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])

STATUSES = {
    "succeeded": PaymentStatus.SUCCEEDED,
    "canceled": PaymentStatus.CANCELLED,
    "processing": PaymentStatus.PROCESSING,
    "requires_capture": PaymentStatus.PROCESSING,
}
REFUND_STATES = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
DISPUTE_STATES = {
    "won": DisputeState.WON,
    "warning_closed": DisputeState.WON,
    "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}
FEE_SOURCES = frozenset({"charge", "refund"})
ASYNC_FAILED = "checkout.session.async_payment_failed"


def minor(amount: Decimal, currency: str) -> int:
    """Return an amount of whole coins as Stripe counts it."""
    return int(amount.scaleb(_decimals(currency)))


def major(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-_decimals(currency))


def _decimals(currency: str) -> int:
    code = currency.lower()
    return 0 if code in WITHOUT_COINS else 3 if code in IN_THOUSANDTHS else 2


def metadata_of(key: PaymentKey) -> dict[str, str]:
    return {COMPANY: str(key.company_id), PAYMENT: str(key.key)}


def key_in(metadata: Object | None) -> PaymentKey | None:
    """Return whose payment an object is; None when it is not one of ours."""
    found = metadata or {}
    try:
        return PaymentKey(CompanyId(int(found[COMPANY])), UUID(found[PAYMENT]))
    except (KeyError, ValueError):
        return None


def payment(intent: Object, *, at: datetime) -> PaymentFact:
    error = intent.get("last_payment_error") or {}
    return PaymentFact(
        key=key_in(intent.get("metadata")),
        reference=intent["id"],
        status=STATUSES.get(intent["status"], PaymentStatus.OPEN),
        received=major(intent.get("amount_received") or 0, intent["currency"]),
        currency=intent["currency"].upper(),
        at=at,
        failure=word(error.get("decline_code") or error.get("code")),
    )


def checkout(session: Object, *, at: datetime, failed: bool = False) -> PaymentFact:
    """Return what a page says of its payment. failed: what was processed for days did not work."""
    is_paid = session["payment_status"] == "paid"
    status = {
        "complete": PaymentStatus.SUCCEEDED if is_paid else PaymentStatus.PROCESSING,
        "expired": PaymentStatus.CANCELLED,
    }.get(session["status"], PaymentStatus.OPEN)
    currency = session["currency"]
    return PaymentFact(
        key=key_in(session.get("metadata")),
        reference=session.get("payment_intent"),
        checkout=session["id"],
        status=PaymentStatus.OPEN if failed else status,
        received=major(session["amount_total"] if is_paid else 0, currency),
        currency=currency.upper(),
        at=at,
        failure="async_payment_failed" if failed else None,
    )


def refund(one: Object, *, at: datetime) -> RefundFact:
    try:
        key = UUID((one.get("metadata") or {})[REFUND])
    except (KeyError, ValueError):
        key = None
    return RefundFact(
        reference=one["id"],
        payment=one["payment_intent"],
        key=key,
        state=REFUND_STATES.get(one["status"], RefundState.PENDING),
        amount=major(one["amount"], one["currency"]),
        at=at,
        failure=word(one.get("failure_reason")),
    )


def dispute(one: Object, *, at: datetime) -> DisputeFact:
    entries, currency = one.get("balance_transactions") or [], one["currency"]
    amount = major(one["amount"], currency)
    moved = [_of_dispute(entry, amount, currency) for entry in entries]
    taken = [_turned_back(entry, entry["fee"], currency) for entry in entries]
    others = [other for _, other in (*moved, *taken) if other != currency]
    return DisputeFact(
        reference=one["id"],
        payment=one["payment_intent"],
        state=DISPUTE_STATES.get(one["status"], DisputeState.OPEN),
        amount=amount,
        withdrawn=-sum((one for one, _ in moved if one < 0), Decimal(0)),
        reinstated=sum((one for one, _ in moved if one > 0), Decimal(0)),
        fee=sum((fee for fee, _ in taken), Decimal(0)),
        currency=(others or [currency])[0].upper(),
        movements=len(entries),
        at=at,
        reason=word(one.get("reason")),
    )


def _of_dispute(entry: Object, whole: Decimal, currency: str) -> tuple[Decimal, str]:
    """Return what an entry moved of a dispute; all of it where just that rounds to the entry."""
    moved, told = _turned_back(entry, entry["amount"], currency)
    if entry["currency"] != currency and told == currency:
        coin = major(1, entry["currency"]) / Decimal(str(entry["exchange_rate"]))
        if abs(abs(moved) - whole) <= coin:
            moved = whole.copy_sign(moved)
    return moved, told


def _turned_back(entry: Object, amount: int, currency: str) -> tuple[Decimal, str]:
    """Return an amount of an entry of Stripe's own account in a payment's currency.

    Where Stripe pays out in another one, the rate that it used turns it back; without a rate it
    stays in the entry's, which is told with it.
    """
    own, rate = entry["currency"], entry.get("exchange_rate")
    if own == currency or not rate:
        return major(amount, own), own
    turned = major(amount, own) / Decimal(str(rate))
    return turned.quantize(MICRO, ROUND_HALF_EVEN), currency


def fee(entry: Object) -> FeeFact | None:
    """Return what an entry of Stripe's own account took for a payment; None if nothing, or none.

    Its source is there as an object: a charge or a refund; disputes tell of their fees themselves.
    """
    source = entry.get("source")
    if not isinstance(source, Mapping) or source.get("object") not in FEE_SOURCES:
        return None
    if source.get("payment_intent") is None or not entry["fee"]:
        return None
    amount, currency = _turned_back(entry, entry["fee"], source["currency"])
    return FeeFact(
        reference=entry["id"],
        payment=source["payment_intent"],
        amount=amount,
        currency=currency.upper(),
        at=datetime.fromtimestamp(entry["created"], UTC),
    )


def card(method: Object) -> CardFact:
    found = method["card"]
    return CardFact(
        reference=method["id"],
        customer=method.get("customer"),
        brand=word(found["brand"]) or "card",
        last4=found["last4"],
        expires_year=found["exp_year"],
        expires_month=found["exp_month"],
    )


def facts_of(event: Object) -> list[Fact]:
    """Return what an event says; nothing of objects that do not matter, or are of no payment."""
    about = event["data"]["object"]
    at = datetime.fromtimestamp(event["created"], UTC)
    readers: Mapping[str, Callable[[], Fact]] = {
        "payment_intent": lambda: payment(about, at=at),
        "checkout.session": lambda: checkout(about, at=at, failed=event["type"] == ASYNC_FAILED),
        "refund": lambda: refund(about, at=at),
        "dispute": lambda: dispute(about, at=at),
        "payment_method": lambda: card(about),
    }
    kind = about["object"]
    if kind not in readers or not _matters(kind, about):
        return []
    return [readers[kind]()]


def _matters(kind: str, about: Object) -> bool:
    match kind:
        case "refund" | "dispute":
            return about.get("payment_intent") is not None
        case "payment_method":
            return about.get("type") == "card"
        case "checkout.session":
            return about.get("mode") == "payment"
        case _:
            return True
