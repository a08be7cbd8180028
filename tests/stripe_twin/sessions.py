"""Checkout sessions: a page of Stripe's own where a customer pays."""

from collections.abc import Mapping
from typing import Any

from tests.stripe_twin import intents
from tests.stripe_twin.world import Object, Refusal, World

LIFE_S = 24 * 3600


def create(world: World, given: Mapping[str, Any]) -> Object:
    """Open a page. Its payment intent comes with the first attempt to pay, as at Stripe."""
    if given.get("mode") != "payment":
        raise Refusal(400, "The twin knows the mode payment only.", param="mode")
    items = given.get("line_items", [])
    prices = [item["price_data"] for item in items]
    if not prices:
        raise Refusal(400, "Missing required param: line_items.", param="line_items")
    session = world.add(
        "checkout.session",
        "cs_test",
        amount_total=sum(
            int(item["price_data"]["unit_amount"]) * int(item.get("quantity", 1)) for item in items
        ),
        cancel_url=given.get("cancel_url"),
        currency=prices[0]["currency"].lower(),
        customer=given.get("customer"),
        expires_at=int(given.get("expires_at", world.clock() + LIFE_S)),
        metadata=dict(given.get("metadata", {})),
        mode="payment",
        payment_intent=None,
        payment_intent_data=dict(given.get("payment_intent_data", {})),
        payment_status="unpaid",
        status="open",
        success_url=given.get("success_url"),
    )
    session["url"] = f"{world.url}/checkout/{session['id']}"
    return session


def shown(session: Object) -> Object:
    """Return a session as it is answered, without what only the page needs."""
    answered = {name: one for name, one in session.items() if name != "payment_intent_data"}
    if session["status"] != "open":
        answered["url"] = None
    return answered


def pay(world: World, id: str, card: str) -> Object:
    """Submit the page with a test card; return the session, which stays open if that fails."""
    session = _open(world, id)
    intent_id = session["payment_intent"]
    if intent_id is None:
        intent = intents.create(
            world,
            {
                "amount": session["amount_total"],
                "currency": session["currency"],
                "customer": session["customer"],
                **session["payment_intent_data"],
            },
        )
        intent_id = session["payment_intent"] = intent["id"]
    intents.confirm(world, intent_id, {"payment_method": card})
    return follow(world, session)


def follow(world: World, session: Object) -> Object:
    """Complete a session whose payment has come about, or is on its way."""
    status = world.get("payment_intent", session["payment_intent"])["status"]
    is_paid, was_open = status == "succeeded", session["status"] == "open"
    if status not in {"succeeded", "processing"}:
        return session
    session |= {"status": "complete", "payment_status": "paid" if is_paid else "unpaid"}
    done = "completed" if was_open else "async_payment_succeeded"
    world.emit(f"checkout.session.{done}", shown(session))
    return session


def of_intent(world: World, intent_id: str) -> Object | None:
    found = world.all("checkout.session", payment_intent=intent_id)
    return found[0] if found else None


def expire(world: World, id: str) -> Object:
    session = _open(world, id)
    intent_id = session["payment_intent"]
    session["status"] = "expired"
    if intent_id is not None:
        intents.cancel(world, intent_id)
    world.emit("checkout.session.expired", shown(session))
    return session


def _open(world: World, id: str) -> Object:
    session = world.get("checkout.session", id)
    if session["status"] == "open" and session["expires_at"] <= world.clock():
        session["status"] = "expired"
        world.emit("checkout.session.expired", shown(session))
    if session["status"] != "open":
        raise Refusal(400, f"The session is {session['status']}.")
    return session
