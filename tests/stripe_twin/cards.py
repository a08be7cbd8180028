"""Test cards by name, what becomes of a payment with each, and customers."""

from collections.abc import Mapping
from typing import Any

from tests.stripe_twin.world import Object, Refusal, World

SUCCEEDS = "succeeds"
DECLINED = "declined"
ASKS = "asks for 3-D Secure"
SLOW = "is processed for a while"
DISPUTED = "succeeds, and is disputed at once"

# Stripe's own names; `pm_card_slow` stands for the ways of paying that take days.
CARDS: Mapping[str, tuple[str, str, str]] = {
    "pm_card_visa": ("visa", "4242", SUCCEEDS),
    "pm_card_mastercard": ("mastercard", "4444", SUCCEEDS),
    "pm_card_visa_chargeDeclined": ("visa", "0002", DECLINED),
    "pm_card_chargeCustomerFail": ("visa", "0341", DECLINED),
    "pm_card_authenticationRequired": ("visa", "3184", ASKS),
    "pm_card_createDispute": ("visa", "0259", DISPUTED),
    "pm_card_slow": ("visa", "0077", SLOW),
}


def method_of(world: World, name: str) -> Object:
    """Return the payment method of an id, or a new one of a test card."""
    if name not in CARDS:
        return world.get("payment_method", name)
    brand, last4, outcome = CARDS[name]
    return world.add(
        "payment_method",
        "pm",
        type="card",
        customer=None,
        card={"brand": brand, "last4": last4, "exp_month": 12, "exp_year": 2034},
        metadata={"twin": outcome},
    )


def outcome_of(method: Object) -> str:
    return str(method["metadata"]["twin"])


def attach(world: World, method: Object, customer: str) -> None:
    if method["customer"] == customer:
        return
    world.get("customer", customer)
    method["customer"] = customer
    world.emit("payment_method.attached", method)


def detach(world: World, id: str) -> Object:
    method = world.get("payment_method", id)
    if method["customer"] is None:
        raise Refusal(400, "The payment method is not attached to a customer.")
    method["customer"] = None
    world.emit("payment_method.detached", method)
    return method


def create_customer(world: World, given: Mapping[str, Any]) -> Object:
    customer = world.add(
        "customer",
        "cus",
        email=given.get("email"),
        name=given.get("name"),
        metadata=given.get("metadata", {}),
    )
    world.emit("customer.created", customer)
    return customer


def delete_customer(world: World, id: str) -> Object:
    """Forget a customer; their cards are theirs no more."""
    world.get("customer", id)
    for method in world.all("payment_method", customer=id):
        detach(world, method["id"])
    gone = world.remove("customer", id)
    world.emit("customer.deleted", gone)
    return {"id": id, "object": "customer", "deleted": True}
