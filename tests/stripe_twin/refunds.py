"""Refunds, which may be pending for a while and fail long after they succeeded."""

from collections.abc import Mapping
from typing import Any

from tests.stripe_twin.forms import flag
from tests.stripe_twin.world import Object, Refusal, World


def create(world: World, given: Mapping[str, Any]) -> Object:
    intent = world.get("payment_intent", given["payment_intent"])
    if intent["status"] != "succeeded":
        raise Refusal(400, "This PaymentIntent does not have a successful charge to refund.")
    charge = world.get("charge", intent["latest_charge"])
    left = charge["amount"] - charge["amount_refunded"]
    amount = int(given.get("amount", left))
    if left == 0:
        raise Refusal(400, "Charge has already been refunded.", code="charge_already_refunded")
    if not 1 <= amount <= left:
        raise Refusal(
            400,
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    metadata = dict(given.get("metadata", {}))
    refund = world.add(
        "refund",
        "re",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        failure_reason=None,
        metadata=metadata,
        payment_intent=intent["id"],
        reason=given.get("reason"),
        status="pending" if flag(metadata.get("twin_pending")) else "succeeded",
    )
    # What Stripe took for the payment stays with it.
    world.add(
        "balance_transaction",
        "txn",
        type="refund",
        amount=-amount,
        fee=0,
        net=-amount,
        currency=refund["currency"],
        source=refund["id"],
    )
    _count(charge, amount)
    world.emit("refund.created", refund)
    world.emit("charge.refunded", charge)
    return refund


def settle(world: World, id: str) -> Object:
    """Let a pending refund succeed."""
    refund = world.get("refund", id)
    if refund["status"] != "pending":
        raise Refusal(400, f"The refund is {refund['status']}.")
    refund["status"] = "succeeded"
    world.emit("refund.updated", refund)
    return refund


def fail(world: World, id: str) -> Object:
    """Let a refund fail, which may come weeks after it succeeded."""
    refund = world.get("refund", id)
    if refund["status"] not in {"pending", "succeeded"}:
        raise Refusal(400, f"The refund is {refund['status']}.")
    refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    _count(world.get("charge", refund["charge"]), -refund["amount"])
    world.emit("refund.updated", refund)
    world.emit("refund.failed", refund)
    return refund


def _count(charge: Object, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
