"""What a month was charged as a whole is invoiced where the account paid later as it ended."""

from decimal import Decimal

import pytest

from db.enums import BillingMode, InvoiceLineKind
from domain.ledger.queries import verify
from tests.db.billing_modes.changing import POSTPAID, PREPAID, change, issue
from tests.db.invoice_components.priced import DAY
from tests.db.month_charges.world import ENDS_AT, STARTS_AT, USED, make_monthly, read, work

CHANGED_AT = STARTS_AT + 3 * DAY
ENERGY, DEMAND, REACTIVE = (
    InvoiceLineKind.ENERGY,
    InvoiceLineKind.DEMAND,
    InvoiceLineKind.REACTIVE,
)


@pytest.mark.parametrize(
    ("first", "then", "lines"),
    [
        pytest.param(POSTPAID, PREPAID, [(ENERGY, Decimal(100))], id="to prepaid"),
        pytest.param(
            PREPAID,
            POSTPAID,
            [(ENERGY, Decimal(900)), (DEMAND, Decimal(125)), (REACTIVE, Decimal(125))],
            id="to postpaid",
        ),
    ],
)
async def test_a_month_as_a_whole_goes_with_its_end(
    room: None,
    first: BillingMode,
    then: BillingMode,
    lines: list[tuple[InvoiceLineKind, Decimal]],
) -> None:
    place = await make_monthly(billing_mode=first)
    await change(place, then, CHANGED_AT)
    await read(place, USED)
    await work()

    invoice = await issue(place)

    assert [(line.kind, line.amount) for line in invoice.lines] == lines
    assert invoice.totals.tax == sum(amount for _, amount in lines) / 5
    assert await verify() == []


async def test_a_change_at_the_end_of_a_month_is_of_the_next(room: None) -> None:
    place = await make_monthly(billing_mode=POSTPAID)
    await change(place, PREPAID, ENDS_AT)
    await read(place, USED)
    await work()

    invoice = await issue(place)

    assert [line.kind for line in invoice.lines] == [ENERGY, DEMAND, REACTIVE]
