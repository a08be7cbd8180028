"""Credit of an account's own pays its invoices, though later months are charged already."""

from decimal import Decimal

import pytest

from db.enums import BillingMode
from db.ids import InvoiceId
from domain.invoices import bought, monthly
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from tests.db.invoicing import ISSUED_AT, invoice_of
from tests.db.month_charges.world import (
    FEBRUARY,
    LATER,
    MARCH_ENDS_AT,
    OPENED_AT,
    USED,
    make_monthly,
    read,
    work,
)
from tests.factories import Place, account_of

# 1,000 kWh, 12.5 kW and 250 kvarh of February with VAT.
TOTAL = Decimal(1500)
# A peak of 20 kW in March: 240 with VAT.
IN_MARCH = {MARCH_ENDS_AT: (1_000_000, 250_000, 100_000, 20_000)}


@pytest.fixture
async def place(room: None) -> Place:
    """Lend a company whose account has bought as much credit as February costs."""
    place = await make_monthly(billing_mode=BillingMode.POSTPAID)
    await buy(place, TOTAL)
    await read(place, USED)
    await work()
    return place


async def buy(place: Place, amount: Decimal) -> None:
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=amount,
        idempotency_key=f"bought for {amount}",
        occurred_at=OPENED_AT,
    )


async def issue(place: Place) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=ISSUED_AT
    )


async def open_amount(place: Place, invoice_id: InvoiceId) -> Decimal:
    return (await invoice_of(place.company_id, invoice_id)).open


async def test_it_pays_an_invoice_that_is_made_after_the_next_month_was_charged(
    place: Place,
) -> None:
    await read(place, IN_MARCH)
    await work(LATER)

    invoice_id = await issue(place)

    assert await open_amount(place, invoice_id) == 0
    assert await verify() == []


async def test_an_invoice_that_it_paid_stays_paid_when_the_next_month_is_charged(
    place: Place,
) -> None:
    invoice_id = await issue(place)
    before = await open_amount(place, invoice_id)
    await read(place, IN_MARCH)
    await work(LATER)
    await buy(place, Decimal(10))

    await bought.work(now=LATER)

    assert before == 0
    assert await open_amount(place, invoice_id) == 0
