"""Reading the daily entries: the company's, and the platform's for its staff."""

import strawberry

from api.permissions.requires import requires
from api.schema.audit import DailyEntry
from api.schema.paging import Connection, Paged
from api.schema.relations import listed
from db.enums import Scope
from domain.audit import queries
from domain.audit.queries import DAILY_ENTRIES
from domain.listing import Window


async def _of_the_platform(window: Window) -> Connection[DailyEntry]:
    page = await queries.platform_page(window)
    return Connection.of(page, DAILY_ENTRIES, lambda: queries.platform_count(window.where))


@strawberry.type
class AuditQuery:
    daily_entries: Connection[DailyEntry] | None = listed(
        DAILY_ENTRIES, "Daily entries: who did what.", scope=Scope.AUDIT_READ
    )
    platform_daily_entries: Connection[DailyEntry] | None = strawberry.field(
        resolver=_of_the_platform,
        description="Daily entries of what is of no company: users, and what they do with their"
        " own passwords, factors and sessions. `node` does not find them.",
        extensions=[Paged(DAILY_ENTRIES), requires(Scope.PLATFORM_WRITE)],
    )
