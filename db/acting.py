"""Who acts: said once by each interface, and kept by the database with every change.

An ambient value, unlike all else: it decides nothing, and every write would have to hand it on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass

import orjson

from db.enums import ActorKind
from db.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, as what, and from where.

    key_id: the API key, where one is used. name: of the job or the command.
    role: what the user or the key is in the company. request_id: ties an entry to the logs.
    """

    kind: ActorKind
    user_id: UserId | None = None
    key_id: int | None = None
    name: str | None = None
    role: str | None = None
    address: str | None = None
    request_id: str | None = None


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Record `actor` with every change that is made inside, also by tasks started there."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def acting_now() -> Actor | None:
    """Return who acts; None when nobody said."""
    return _acting.get()


def actor_setting() -> str:
    """Return who acts as the database's setting `app.actor` says it; empty when nobody said."""
    actor = _acting.get()
    if actor is None:
        return ""
    facts = {name: value for name, value in asdict(actor).items() if value is not None}
    return orjson.dumps(facts).decode()
