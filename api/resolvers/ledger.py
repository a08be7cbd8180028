"""Reading the books."""

import strawberry

from api.schema.adjustments import Adjustment
from api.schema.ledger import LedgerEntry
from api.schema.paging import Connection
from api.schema.relations import listed
from db.enums import Scope
from domain.ledger.listings import ADJUSTMENTS, ENTRIES


@strawberry.type
class LedgerQuery:
    ledger_entries: Connection[LedgerEntry] | None = listed(
        ENTRIES, "Entries of the books, the newest first.", scope=Scope.BALANCES_READ
    )
    adjustments: Connection[Adjustment] | None = listed(
        ADJUSTMENTS, "Adjustments of credit, the newest first.", scope=Scope.BALANCES_READ
    )
