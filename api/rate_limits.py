"""How much callers may ask for: budgets of cost, in buckets that all processes share.

Not here: what one operation may cost at most, which `limits` knows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from api.caller import Caller
from api.errors import RateLimited
from api.throttle import network_of
from db.buckets import Buckets
from db.budgets import Budget, Drawn

# What finds little may still have looked at much.
KEPT_OF_REQUESTED = 0.1
RETRY_AFTER_S_MIN = 1
# What an event has was read once for everybody, and nobody asked for it just now.
EVENT_OBJECTS_PER_COST = 50


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an operation was let have, out of which budget.

    remaining: what the bucket held afterwards.
    """

    bucket: str
    budget: Budget
    requested: int
    remaining: int
    drawn_at: datetime

    @property
    def resets_at(self) -> datetime:
        """When the bucket is full again if nothing else is drawn."""
        missing = self.budget.size - self.remaining
        return self.drawn_at + timedelta(seconds=missing / self.budget.per_s)


class RateLimits:
    """Lets operations have their cost, or refuses them."""

    def __init__(self, buckets: Buckets, budget: Budget) -> None:
        self._buckets = buckets
        self._budget = budget

    @property
    def budget(self) -> Budget:
        """What everybody has who has no budget of their own."""
        return self._budget

    async def draw(
        self, cost: int, caller: Caller | None, *, address: str, now: datetime
    ) -> Allowance:
        """Let an operation have its cost, out of its caller's budget or its address's.

        :raises RateLimited: there is not as much left; nothing was drawn
        """
        drawn = await self._drawn(cost, caller, "The operation", address=address, now=now)
        bucket, budget = _bucket_of(caller, address), self._budget_of(caller)
        return Allowance(bucket, budget, cost, int(drawn.left), now)

    async def draw_event(
        self, objects: int, caller: Caller | None, *, address: str, now: datetime
    ) -> None:
        """Draw what an event with so many objects costs.

        :raises RateLimited: there is not as much left; nothing was drawn
        """
        cost = min(objects / EVENT_OBJECTS_PER_COST, self._budget_of(caller).size)
        await self._drawn(cost, caller, "The event", address=address, now=now)

    async def _drawn(
        self, cost: float, caller: Caller | None, what: str, *, address: str, now: datetime
    ) -> Drawn:
        bucket, budget = _bucket_of(caller, address), self._budget_of(caller)
        drawn = await self._buckets.draw(bucket, cost, budget, now=now)
        if not drawn.allowed:
            raise RateLimited(
                f"{what} costs {cost:g}, but {int(drawn.left)} of your budget is left.",
                retry_after_s=max(RETRY_AFTER_S_MIN, ceil(drawn.retry_after_s)),
            )
        return drawn

    def _budget_of(self, caller: Caller | None) -> Budget:
        if caller is None or caller.key is None:
            return self._budget
        key = caller.key
        return Budget(key.cost_max or self._budget.size, key.cost_per_s or self._budget.per_s)

    def settle(self, allowance: Allowance, used: int) -> dict[str, Any]:
        """Give back what was not used, and return what the answer says of its cost."""
        requested, budget = allowance.requested, allowance.budget
        least = ceil(requested * KEPT_OF_REQUESTED)
        actual = min(max(used, least), requested)
        self._buckets.give_back(allowance.bucket, requested - actual)
        return {
            "requested": requested,
            "actual": actual,
            "throttle": {
                "maximum": budget.size,
                "available": min(allowance.remaining + requested - actual, budget.size),
                "restoreRate": budget.per_s,
            },
        }


def _bucket_of(caller: Caller | None, address: str) -> str:
    if caller is None:
        return f"cost:address:{network_of(address)}"
    if caller.key is not None:
        return f"cost:key:{caller.key.id}"
    return f"cost:user:{caller.user_id}"
