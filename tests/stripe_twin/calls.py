"""Which call does what: the part of Stripe's API that the twin has."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.stripe_twin import cards, disputes, intents, refunds, sessions
from tests.stripe_twin.world import Object, World

Call = Callable[[World, Mapping[str, str], Mapping[str, Any]], Object]
"""Takes the world, the ids in the path, and the form or query."""


def _retrieve(kind: str) -> Call:
    return lambda world, path, _: dict(world.get(kind, path["id"]))


def _list(kind: str, url: str, *equal: str) -> Call:
    def call(world: World, _: Mapping[str, str], asked: Mapping[str, Any]) -> Object:
        found = world.all(kind, **{name: asked.get(name) for name in equal})
        return world.page(found, asked, url)

    return call


def _expire(world: World, path: Mapping[str, str], _: Mapping[str, Any]) -> Object:
    return sessions.shown(sessions.expire(world, path["id"]))


def _attach(world: World, path: Mapping[str, str], given: Mapping[str, Any]) -> Object:
    method = cards.method_of(world, path["id"])
    cards.attach(world, method, given["customer"])
    return method


def _sessions(world: World, _: Mapping[str, str], asked: Mapping[str, Any]) -> Object:
    found = world.all("checkout.session", payment_intent=asked.get("payment_intent"))
    return world.page([sessions.shown(one) for one in found], asked, "/v1/checkout/sessions")


def _events(world: World, _: Mapping[str, str], asked: Mapping[str, Any]) -> Object:
    found = [one for one in reversed(world.events) if asked.get("type") in (None, one["type"])]
    return world.page(found, asked, "/v1/events")


def _entries(world: World, _: Mapping[str, str], asked: Mapping[str, Any]) -> Object:
    found = world.all("balance_transaction")
    page = world.page(found, asked, "/v1/balance_transactions")
    if "data.source" in asked.get("expand", []):
        for entry in page["data"]:
            entry["source"] = dict(world.get(SOURCES[entry["type"]], entry["source"]))
    return page


SOURCES = {"charge": "charge", "refund": "refund", "adjustment": "dispute"}
CALLS: Mapping[tuple[str, str], Call] = {
    ("POST", "/v1/payment_intents"): lambda world, _, given: intents.create(world, given),
    ("GET", "/v1/payment_intents"): _list("payment_intent", "/v1/payment_intents", "customer"),
    ("GET", "/v1/payment_intents/{id}"): _retrieve("payment_intent"),
    ("POST", "/v1/payment_intents/{id}/confirm"): lambda world, path, given: intents.confirm(
        world, path["id"], given
    ),
    ("POST", "/v1/payment_intents/{id}/cancel"): lambda world, path, _: intents.cancel(
        world, path["id"]
    ),
    ("POST", "/v1/checkout/sessions"): lambda world, _, given: sessions.shown(
        sessions.create(world, given)
    ),
    ("GET", "/v1/checkout/sessions"): _sessions,
    ("GET", "/v1/checkout/sessions/{id}"): lambda world, path, _: sessions.shown(
        world.get("checkout.session", path["id"])
    ),
    ("POST", "/v1/checkout/sessions/{id}/expire"): _expire,
    ("POST", "/v1/customers"): lambda world, _, given: cards.create_customer(world, given),
    ("GET", "/v1/customers/{id}"): _retrieve("customer"),
    ("DELETE", "/v1/customers/{id}"): lambda world, path, _: cards.delete_customer(
        world, path["id"]
    ),
    ("GET", "/v1/payment_methods"): _list("payment_method", "/v1/payment_methods", "customer"),
    ("GET", "/v1/payment_methods/{id}"): _retrieve("payment_method"),
    ("POST", "/v1/payment_methods/{id}/attach"): _attach,
    ("POST", "/v1/payment_methods/{id}/detach"): lambda world, path, _: cards.detach(
        world, path["id"]
    ),
    ("POST", "/v1/refunds"): lambda world, _, given: refunds.create(world, given),
    ("GET", "/v1/refunds"): _list("refund", "/v1/refunds", "payment_intent"),
    ("GET", "/v1/refunds/{id}"): _retrieve("refund"),
    ("GET", "/v1/disputes"): _list("dispute", "/v1/disputes", "payment_intent"),
    ("GET", "/v1/disputes/{id}"): _retrieve("dispute"),
    ("GET", "/v1/charges/{id}"): _retrieve("charge"),
    ("GET", "/v1/balance_transactions"): _entries,
    ("GET", "/v1/balance_transactions/{id}"): _retrieve("balance_transaction"),
    ("GET", "/v1/events"): _events,
}


def _opened(world: World, given: Mapping[str, Any]) -> Object:
    return disputes.open_on(world, given["payment_intent"], amount=given.get("amount"))


# What happens by itself at Stripe, and here when somebody says so.
ACTS: Mapping[str, Callable[[World, Mapping[str, Any]], Object | None]] = {
    "checkout.pay": lambda world, given: sessions.pay(world, given["id"], given["card"]),
    "checkout.expire": lambda world, given: sessions.expire(world, given["id"]),
    "intent.authenticate": lambda world, given: _then_follow(
        world, intents.authenticate(world, given["id"], passed=given["passed"])
    ),
    "intent.settle": lambda world, given: _then_follow(
        world, intents.settle(world, given["id"], succeeded=given["succeeded"])
    ),
    "refund.settle": lambda world, given: refunds.settle(world, given["id"]),
    "refund.fail": lambda world, given: refunds.fail(world, given["id"]),
    "dispute.open": _opened,
    "dispute.withdraw": lambda world, given: disputes.withdraw(world, given["id"]),
    "dispute.reinstate": lambda world, given: disputes.reinstate(world, given["id"]),
    "dispute.close": lambda world, given: disputes.close(world, given["id"], given["status"]),
}


def _then_follow(world: World, intent: Object) -> Object:
    session = sessions.of_intent(world, intent["id"])
    if session is not None:
        sessions.follow(world, session)
    return intent
