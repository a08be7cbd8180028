"""What a caller may still ask for."""

import strawberry

from api.rate_limits import Allowance
from api.schema.scalars import DateTime


@strawberry.type(description="Your budget of what operations cost, when this one began.")
class RateLimit:
    limit: int = strawberry.field(description="What a full budget holds.")
    remaining: int = strawberry.field(
        description="What is left of it; this operation's cost is taken off already."
    )
    restore_rate: float = strawberry.field(description="How much comes back in each second.")
    reset_at: DateTime = strawberry.field(
        description="When it is full again if you ask for nothing more."
    )
    cost: int = strawberry.field(
        description="What this operation may cost; what it does not use comes back."
    )

    @classmethod
    def of(cls, allowance: Allowance) -> "RateLimit":
        return cls(
            limit=allowance.budget.size,
            remaining=allowance.remaining,
            restore_rate=allowance.budget.per_s,
            reset_at=DateTime(allowance.resets_at),
            cost=allowance.requested,
        )
