"""Fixtures of what is here."""

import pytest

from db.ids import InvoiceId
from db.settings import Urls
from domain.invoices import monthly
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    STARTS_AT,
    account_of,
    make_partitions,
    make_postpaid,
    measure,
)
from tests.factories import Place, make_register_set


@pytest.fixture
async def place(connected: None, database: Urls) -> Place:
    await make_partitions(database.owner)
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 123_456})
    return place


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place),
        month=FEBRUARY,
        now=ISSUED_AT,
    )
