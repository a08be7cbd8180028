"""What a caller may still ask for."""

import strawberry

from api.context import Info
from api.permissions.requires import signed_in
from api.schema.rate_limit import RateLimit


@strawberry.type
class RateLimitQuery:
    @strawberry.field(description="What you may still ask for.", extensions=[signed_in()])
    def rate_limit(self, info: Info) -> RateLimit | None:
        allowance = info.context.allowance
        return None if allowance is None else RateLimit.of(allowance)
