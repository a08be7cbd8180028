"""What changes of months that were invoiced long ago is settled as well."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from db.enums import BillingMode, InvoiceLineKind
from db.ids import InvoiceId
from domain.invoices import monthly
from domain.invoices.monthly import NothingToInvoice
from domain.invoices.rules import Month
from domain.invoices.stored import StoredInvoice
from domain.ledger.queries import balance_of
from domain.month_charges import faults
from tests.db.invoicing import ISSUED_AT, invoice_of
from tests.db.month_charges.world import CHARGED_AT, FEBRUARY, USED, make_monthly, read, work
from tests.factories import Place, account_of

LONG_AFTER = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
async def place(room: None) -> Place:
    return await make_monthly(billing_mode=BillingMode.POSTPAID)


async def invoice(place: Place, month: Month, *, now: datetime) -> StoredInvoice:
    invoice_id = await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=month, now=now
    )
    return await invoice_of(place.company_id, InvoiceId(invoice_id))


async def test_what_is_charged_of_a_month_long_ago_is_settled_with_the_next_invoice(
    place: Place,
) -> None:
    fault: dict[str, Any] = {
        "company_id": place.company_id,
        "point_id": place.supplies[0].point_id,
        "month": FEBRUARY,
        "reason": "A capacitor was dead",
    }
    await read(place, USED)
    await faults.record(**fault, now=CHARGED_AT)
    await work()
    first = await invoice(place, FEBRUARY, now=ISSUED_AT)
    await faults.revoke(**fault, now=LONG_AFTER)
    await work(LONG_AFTER)

    second = await invoice(place, FEBRUARY.moved(7), now=LONG_AFTER)
    with pytest.raises(NothingToInvoice):
        await invoice(place, FEBRUARY.moved(8), now=LONG_AFTER)

    (settlement,) = second.lines
    assert (settlement.kind, settlement.energy_month, settlement.amount) == (
        InvoiceLineKind.SETTLEMENT,
        FEBRUARY,
        Decimal(125),
    )
    assert [(tax.name, tax.amount) for tax in settlement.taxes] == [("VAT", Decimal(25))]
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == -first.totals.total - second.totals.total
