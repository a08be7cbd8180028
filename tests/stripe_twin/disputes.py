"""Disputes of charges: opened, funds withdrawn and given back, won or lost."""

from tests.stripe_twin.world import Object, Refusal, World

FEE = 1_500
CLOSED = {"won", "lost", "warning_closed"}


def open_on(world: World, intent_id: str, *, amount: int | None = None) -> Object:
    """Dispute a charge, or a part of it. Nothing is withdrawn yet."""
    intent = world.get("payment_intent", intent_id)
    if intent["status"] != "succeeded":
        raise Refusal(400, "There is no charge to dispute.")
    charge = world.get("charge", intent["latest_charge"])
    charge["disputed"] = True
    dispute = world.add(
        "dispute",
        "du",
        amount=amount or charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        metadata={},
        payment_intent=intent_id,
        reason="fraudulent",
        status="needs_response",
    )
    world.emit("charge.dispute.created", dispute)
    return dispute


def withdraw(world: World, id: str, *, fee: int = FEE) -> Object:
    dispute = world.get("dispute", id)
    _book(world, dispute, -dispute["amount"], fee)
    world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def reinstate(world: World, id: str, *, fee: int = -FEE) -> Object:
    """Give back what was withdrawn, with the fee."""
    dispute = world.get("dispute", id)
    if not dispute["balance_transactions"]:
        raise Refusal(400, "Nothing was withdrawn.")
    _book(world, dispute, dispute["amount"], fee)
    world.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def close(world: World, id: str, status: str) -> Object:
    dispute = world.get("dispute", id)
    if status not in CLOSED or dispute["status"] in CLOSED:
        raise Refusal(400, f"A dispute that is {dispute['status']} does not become {status}.")
    dispute["status"] = status
    world.emit("charge.dispute.closed", dispute)
    return dispute


def _book(world: World, dispute: Object, amount: int, fee: int) -> None:
    entry = world.add(
        "balance_transaction",
        "txn",
        type="adjustment",
        amount=amount,
        fee=fee,
        net=amount - fee,
        currency=dispute["currency"],
        source=dispute["id"],
    )
    dispute["balance_transactions"].append(dict(entry))
