"""Reading the daily entries."""

import strawberry

from api.schema.audit import DailyEntry
from api.schema.paging import Connection
from api.schema.relations import listed
from db.enums import Scope
from domain.audit.queries import DAILY_ENTRIES


@strawberry.type
class AuditQuery:
    daily_entries: Connection[DailyEntry] | None = listed(
        DAILY_ENTRIES, "Daily entries: who did what.", scope=Scope.AUDIT_READ
    )
