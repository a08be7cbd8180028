"""An invoice as it is kept, for tests of what is made of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from db.enums import InvoiceKind
from db.ids import AccountId, InvoiceId
from domain.invoices.rules import InvoiceLine, Month, TaxLine
from domain.invoices.stored import StoredInvoice
from domain.invoices.totals import totals

FEBRUARY = Month(date(2026, 2, 1))
STARTS_AT = datetime(2026, 1, 31, 21, tzinfo=UTC)
ENDS_AT = datetime(2026, 2, 28, 21, tzinfo=UTC)


def monthly(lines: Sequence[InvoiceLine], taxes: Sequence[TaxLine]) -> StoredInvoice:
    return StoredInvoice(
        id=InvoiceId(1),
        account_id=AccountId(2),
        kind=InvoiceKind.MONTHLY,
        number="INV2026000000001",
        month=FEBRUARY,
        issued_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        issue_date=date(2026, 3, 2),
        due_date=date(2026, 3, 12),
        currency="TRY",
        totals=totals(lines, taxes, "TRY"),
        refers_to=None,
        journal_id=None,
        reason=None,
        paid=Decimal(0),
        credited=Decimal(0),
        lines=lines,
        taxes=taxes,
    )
