"""What the twin knows: its clock, its objects by kind, and the events that tell of them."""

import copy
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

Object = dict[str, Any]
PAGE_MAX = 100
PAGE = 10
API_VERSION = "2026-10-28.endive"


class Refusal(Exception):
    """What Stripe answers instead of an object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        **facts: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": message, **facts}}


class Clock:
    """The world's time, moved ahead by what a test says, or standing where it says."""

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self._at_s: float | None = None

    def __call__(self) -> int:
        return int((time.time() if self._at_s is None else self._at_s) + self._ahead_s)

    def stand_at(self, at_s: float) -> None:
        self._at_s, self._ahead_s = at_s, 0.0

    def move(self, by_s: float) -> None:
        self._ahead_s += by_s


class World:
    """Objects by kind and id, as they are now. tell: is given each event as it happens."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.url = ""
        self.events: list[Object] = []
        self.tell: Callable[[Object], None] = lambda _: None
        self._objects: dict[str, dict[str, Object]] = defaultdict(dict)

    def add(self, kind: str, prefix: str, **facts: object) -> Object:
        made: Object = {
            "id": f"{prefix}_{secrets.token_hex(12)}",
            "object": kind,
            "created": self.clock(),
            "livemode": False,
            **facts,
        }
        self._objects[kind][made["id"]] = made
        return made

    def get(self, kind: str, id: str) -> Object:
        found = self._objects[kind].get(id)
        if found is None:
            raise Refusal(404, f"No such {kind}: '{id}'", code="resource_missing", param="id")
        return found

    def remove(self, kind: str, id: str) -> Object:
        return self._objects[kind].pop(id)

    def all(self, kind: str, **equal: object) -> list[Object]:
        """Return the objects of a kind whose fields are such, the newest first."""
        return [
            one
            for one in reversed(self._objects[kind].values())
            if all(one[name] == value for name, value in equal.items() if value is not None)
        ]

    def page(self, objects: list[Object], asked: Mapping[str, Any], url: str) -> Object:
        """Return a page of objects, which come the newest first, as lists of Stripe are."""
        found = [one for one in objects if _is_created_within(one, asked.get("created"))]
        if (after := asked.get("starting_after")) is not None:
            ids = [one["id"] for one in found]
            if after not in ids:
                raise Refusal(404, f"No such object: '{after}'", code="resource_missing")
            found = found[ids.index(after) + 1 :]
        limit = int(asked.get("limit", PAGE))
        if not 1 <= limit <= PAGE_MAX:
            raise Refusal(400, f"limit is {limit}; expected 1 to {PAGE_MAX}", param="limit")
        return {
            "object": "list",
            "url": url,
            "has_more": len(found) > limit,
            "data": copy.deepcopy(found[:limit]),
        }

    def emit(self, type: str, about: Object) -> None:
        """Tell of an object as it is at this moment."""
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": self.clock(),
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": type,
            "data": {"object": copy.deepcopy(about)},
        }
        self.events.append(event)
        self.tell(event)


def _is_created_within(one: Object, bounds: object) -> bool:
    created: int = one["created"]
    if bounds is None:
        return True
    if not isinstance(bounds, dict):
        return created == int(str(bounds))
    return all(
        {
            "gt": created > int(bound),
            "gte": created >= int(bound),
            "lt": created < int(bound),
            "lte": created <= int(bound),
        }[name]
        for name, bound in bounds.items()
    )
