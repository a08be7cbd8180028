"""Where a query's snapshot stands in what happens."""

import strawberry

from api.context import Info
from api.permissions.requires import signed_in


@strawberry.type
class CursorQuery:
    @strawberry.field(
        description="For a subscription's `after`: whatever the rest of the query does not see yet"
        " comes after it; some of what it does see may come again.",
        extensions=[signed_in()],
    )
    async def live_cursor(self, info: Info) -> str | None:
        return str(await info.context.cursor())
