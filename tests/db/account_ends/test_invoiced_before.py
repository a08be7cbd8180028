"""Tenancies that are taken back after both accounts were invoiced for them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from db.ids import AccountId, InvoiceId
from domain.invoices import monthly
from domain.invoices.writing import Issuer
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from tests.db.account_ends.ending import take_over
from tests.db.account_ends.mistaken import take_back
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    MARCH,
    STARTS_AT,
    invoice_of,
    make_postpaid,
    measure,
)
from tests.factories import Place, account_of, make_register_set

CHANGED_AT = ENDS_AT - timedelta(days=8)
TAKEN_BACK_AT = ISSUED_AT + timedelta(days=1)
APRIL = ISSUED_AT + timedelta(days=31)


@pytest.fixture
async def place(room: None) -> Place:
    return await make_postpaid()


async def change_tenancy(place: Place) -> AccountId:
    """Let somebody take over at 50 of the 123.456 kWh that February consumes."""
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 0, CHANGED_AT: 50_000}, closed_at=CHANGED_AT)
    successor = await take_over(
        place,
        place.subscriber_id,
        at=CHANGED_AT,
        index_wh=50_000,
        now=CHANGED_AT + timedelta(hours=1),
    )
    await measure(place, registers, {ENDS_AT: 123_456})
    return successor


async def invoice(place: Place, account_id: AccountId) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id, account_id=account_id, month=FEBRUARY, now=ISSUED_AT
    )


async def opened(place: Place, invoice_id: InvoiceId) -> Decimal:
    return (await invoice_of(place.company_id, invoice_id)).open


async def test_what_was_claimed_at_the_end_is_open_on_its_invoice_again(place: Place) -> None:
    await change_tenancy(place)
    invoice_id = await invoice(place, account_of(place))
    assert await opened(place, invoice_id) == 0

    await take_back(place, account_of(place), now=TAKEN_BACK_AT)

    assert await opened(place, invoice_id) == Decimal("117.28")
    assert await verify() == []


async def test_the_successors_invoice_is_settled_though_nobody_else_is_invoiced(
    place: Place,
) -> None:
    successor = await change_tenancy(place)
    invoice_id = await invoice(place, successor)
    await take_back(place, account_of(place), now=TAKEN_BACK_AT)
    await ledger.close_days(now=APRIL)

    async with access.tenant(place.company_id) as connection:
        issuer = await Issuer.of(connection, place.company_id)
        made = await monthly.issue_all(connection, issuer, [successor], MARCH, now=APRIL)

    assert made == []
    assert await opened(place, invoice_id) == 0
    assert await verify() == []
