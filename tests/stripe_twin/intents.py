"""Payment intents and the charges that they make."""

from collections.abc import Mapping
from typing import Any

from tests.stripe_twin import cards, disputes
from tests.stripe_twin.forms import flag
from tests.stripe_twin.world import Object, Refusal, World

CONFIRMABLE = {"requires_payment_method", "requires_confirmation"}
CANCELLABLE = {*CONFIRMABLE, "requires_action"}
FEE_SHARE, FEE_FIXED = 0.029, 30


def create(world: World, given: Mapping[str, Any]) -> Object:
    for name in ("amount", "currency"):
        if name not in given:
            raise Refusal(
                400, f"Missing required param: {name}.", code="parameter_missing", param=name
            )
    amount = int(given["amount"])
    if amount < 1:
        raise Refusal(
            400,
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    method = given.get("payment_method")
    intent = world.add(
        "payment_intent",
        "pi",
        amount=amount,
        amount_received=0,
        currency=given["currency"].lower(),
        customer=given.get("customer"),
        description=given.get("description"),
        metadata=dict(given.get("metadata", {})),
        setup_future_usage=given.get("setup_future_usage"),
        status="requires_confirmation" if method else "requires_payment_method",
        payment_method=None,
        latest_charge=None,
        last_payment_error=None,
        next_action=None,
        canceled_at=None,
        cancellation_reason=None,
    )
    intent["client_secret"] = f"{intent['id']}_secret_{intent['id'][3:11]}"
    if method:
        intent["payment_method"] = cards.method_of(world, method)["id"]
    world.emit("payment_intent.created", intent)
    if flag(given.get("confirm")):
        return confirm(world, intent["id"], {"off_session": given.get("off_session")})
    return intent


def confirm(world: World, id: str, given: Mapping[str, Any]) -> Object:
    """Try to pay. The customer is not there if `off_session`, and cannot be asked for anything."""
    intent = world.get("payment_intent", id)
    if intent["status"] not in CONFIRMABLE:
        raise _wrong_state(intent, "confirm")
    name = given.get("payment_method") or intent["payment_method"]
    if name is None:
        raise _wrong_state(intent, "confirm without a payment method")
    method = cards.method_of(world, name)
    intent["payment_method"] = method["id"]
    intent["last_payment_error"] = None
    outcome = cards.outcome_of(method)
    if outcome == cards.DECLINED:
        raise _failed(world, intent, "card_declined", "Your card was declined.")
    if outcome == cards.ASKS:
        if flag(given.get("off_session")):
            said = "Your card was declined. This transaction requires authentication."
            raise _failed(world, intent, "authentication_required", said)
        return _ask(world, intent)
    if outcome == cards.SLOW:
        intent["status"] = "processing"
        world.emit("payment_intent.processing", intent)
        return intent
    return _pay(world, intent, is_disputed=outcome == cards.DISPUTED)


def authenticate(world: World, id: str, *, passed: bool) -> Object:
    """Let the customer pass 3-D Secure, or fail it."""
    intent = world.get("payment_intent", id)
    if intent["status"] != "requires_action":
        raise _wrong_state(intent, "authenticate")
    intent["next_action"] = None
    if passed:
        return _pay(world, intent)
    said = "We are unable to authenticate your payment method."
    _fail(world, intent, "payment_intent_authentication_failure", said)
    return intent


def settle(world: World, id: str, *, succeeded: bool) -> Object:
    """End what is processed for a while."""
    intent = world.get("payment_intent", id)
    if intent["status"] != "processing":
        raise _wrong_state(intent, "settle")
    if succeeded:
        return _pay(world, intent)
    _fail(world, intent, "payment_intent_payment_attempt_failed", "The payment failed.")
    return intent


def cancel(world: World, id: str) -> Object:
    intent = world.get("payment_intent", id)
    if intent["status"] not in CANCELLABLE:
        raise _wrong_state(intent, "cancel")
    intent |= {"status": "canceled", "canceled_at": world.clock(), "next_action": None}
    world.emit("payment_intent.canceled", intent)
    return intent


def _ask(world: World, intent: Object) -> Object:
    intent["status"] = "requires_action"
    intent["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"url": f"{world.url}/3ds/{intent['id']}", "return_url": None},
    }
    world.emit("payment_intent.requires_action", intent)
    return intent


def _pay(world: World, intent: Object, *, is_disputed: bool = False) -> Object:
    fee = round(intent["amount"] * FEE_SHARE) + FEE_FIXED
    entry = world.add(
        "balance_transaction",
        "txn",
        type="charge",
        amount=intent["amount"],
        fee=fee,
        net=intent["amount"] - fee,
        currency=intent["currency"],
    )
    charge = world.add(
        "charge",
        "ch",
        amount=intent["amount"],
        amount_refunded=0,
        currency=intent["currency"],
        customer=intent["customer"],
        disputed=False,
        metadata=dict(intent["metadata"]),
        paid=True,
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        balance_transaction=entry["id"],
        refunded=False,
        status="succeeded",
    )
    entry["source"] = charge["id"]
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
    }
    world.emit("charge.succeeded", charge)
    world.emit("payment_intent.succeeded", intent)
    if intent["setup_future_usage"] and intent["customer"]:
        method = world.get("payment_method", intent["payment_method"])
        cards.attach(world, method, intent["customer"])
    if is_disputed:
        disputes.open_on(world, intent["id"])
    return intent


def _failed(world: World, intent: Object, code: str, said: str) -> Refusal:
    _fail(world, intent, code, said)
    return Refusal(402, said, kind="card_error", code=code, payment_intent=dict(intent))


def _fail(world: World, intent: Object, code: str, said: str) -> None:
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": {"type": "card_error", "code": code, "message": said},
    }
    world.emit("payment_intent.payment_failed", intent)


def _wrong_state(intent: Object, act: str) -> Refusal:
    return Refusal(
        400,
        f"You cannot {act} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=dict(intent),
    )
