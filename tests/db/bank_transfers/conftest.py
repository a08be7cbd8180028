"""Fixtures of what is here."""

import pytest

from db.ids import InvoiceId
from db.settings import Urls
from tests.db.invoicing import (
    invoiced,
    make_consumed,
)
from tests.factories import Place


@pytest.fixture
async def place(connected: None, database: Urls) -> Place:
    return await make_consumed(database.owner)


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await invoiced(place)
